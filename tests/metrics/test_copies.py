"""Outlines find a copy in other colors."""

import torch

from coursekit import runtime
from coursekit.metrics.copies import nearest_outline, outlines


def drawings(name):
    return torch.randint(4, (6, 8, 8), generator=runtime.generator(0, name))


def test_an_edge_has_an_outline():
    labels = torch.zeros(1, 3, 3, dtype=torch.long)
    labels[:, 2:] = 1  # the lowest row has another color
    below, right = outlines(labels).view(2, 2, 2)
    assert below.tolist() == [[False, False], [True, True]]
    assert not right.any()


def test_other_colors_are_a_copy():
    labels = drawings("a")
    number, distance = nearest_outline(3 - labels, labels)
    assert number.tolist() == list(range(6))
    assert distance.abs().max() < 1e-6


def test_others_are_farther_away():
    flat = torch.zeros(1, 8, 8, dtype=torch.long)
    assert (nearest_outline(drawings("b"), drawings("a"))[1] > 0.1).all()
    assert nearest_outline(flat, flat)[1].item() == 1
