"""Linear probes and neighbors on points whose answer is known."""

import torch

from coursekit.metrics.probe import label_precision, linear_probe, nearest


def groups(count, spread, generator):
    """Points around three corners that a line separates, (3 * count, 2) and their labels."""
    corners = torch.tensor([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]]).repeat_interleave(count, 0)
    noise = spread * torch.randn(corners.shape, generator=generator)
    return corners + noise, torch.arange(3).repeat_interleave(count)


def test_a_probe_names_separate_groups_and_guesses_where_there_is_nothing():
    stream = torch.Generator().manual_seed(0)
    (x, labels), (y, right) = (groups(30, 0.3, stream) for _ in range(2))
    assert linear_probe(x, labels, y, right) == 1.0
    noise = torch.randn(90, 5, generator=stream)
    assert 0.15 < linear_probe(noise, labels, noise.flip(0), right) < 0.55


def test_a_probe_does_not_mind_scale_nor_shift():
    stream = torch.Generator().manual_seed(1)
    (x, labels), (y, right) = (groups(30, 1.5, stream) for _ in range(2))
    one = linear_probe(x, labels, y, right)
    assert one == linear_probe(1000 * x - 7, labels, 1000 * y - 7, right) < 1


def test_nearest_are_in_order_of_distance():
    line = torch.tensor([[0.0], [1.0], [3.0], [10.0]])
    assert nearest(torch.tensor([[2.4], [9.0]]), line, count=2).tolist() == [[2, 1], [3, 2]]


def test_label_precision_counts_neighbors_of_the_query_s_label():
    found, labels = torch.tensor([[0, 1], [2, 3]]), torch.tensor([5, 5, 6, 5])
    assert label_precision(found, labels, torch.tensor([5, 6])) == 0.75
