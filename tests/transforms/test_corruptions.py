"""Corruptions: nothing at strength 0, nothing left of a digit at strength 1, more in between."""

import pytest
import torch

from coursekit import runtime
from coursekit.transforms import corruptions
from coursekit.transforms.corruptions import ALONE, OF_TWO, blurred, erased, joined, scattered

KINDS = ALONE | OF_TWO


def rng(name="corruptions"):
    return runtime.generator(0, name)


def pictures(count=6):
    return torch.rand(count, 1, 28, 28, generator=rng("pictures")) ** 2


@pytest.mark.parametrize("name", KINDS)
def test_strength_0_changes_nothing_and_more_strength_changes_more(name):
    x = pictures()
    at = [(KINDS[name](x, s, rng()) - x).abs().mean() for s in (0.0, 0.3, 1.0)]
    assert at[0] == 0 and at[0] < at[1] < at[2]


@pytest.mark.parametrize("name", KINDS)
def test_the_shape_the_range_and_the_input_stay(name):
    x = pictures()
    before = x.clone()
    found = KINDS[name](x, 0.7, rng())
    assert found.shape == x.shape and found.min() >= 0 and found.max() <= 1
    assert torch.equal(x, before) and torch.equal(found, KINDS[name](before, 0.7, rng()))


@pytest.mark.parametrize("name", KINDS)
def test_no_picture_at_all_is_fine(name):
    assert KINDS[name](torch.zeros(0, 1, 28, 28), 0.5, rng()).shape == (0, 1, 28, 28)


def test_a_blurred_point_is_a_bell_of_its_brightness():
    x = torch.zeros(1, 1, 28, 28)
    x[0, 0, 14, 14] = 1
    bell = blurred(x, 0.5, rng())[0, 0]
    assert bell.sum() == pytest.approx(1, abs=1e-5)
    assert bell[14, 16] / bell[14, 14] == pytest.approx(2.718281828 ** (-4 / (2 * 2**2)), rel=1e-4)


def test_erasing_takes_a_square_of_four_fifths():
    gone = erased(torch.ones(3, 1, 28, 28), 1.0, rng()) == 0
    assert (gone.sum((1, 2, 3)) == 22 * 22).all()
    assert (gone.any(3).sum(2) == 22).all() and (gone.any(2).sum(2) == 22).all()


def test_scattering_keeps_the_pixels_of_each_picture():
    x = pictures()
    found = scattered(x, 1.0, rng())
    assert torch.equal(found.flatten(1).sort(1).values, x.flatten(1).sort(1).values)


def test_joining_at_1_is_half_of_each():
    x = torch.stack([torch.zeros(1, 8, 8), torch.ones(1, 8, 8)])
    assert (joined(x, 1.0, rng()).mean((1, 2, 3)) == 0.5).all()


def test_shifting_moves_each_picture_whole():
    x = torch.zeros(40, 1, 9, 9)
    x[:, 0, 4, 4] = 1
    moved = corruptions.shifted(x, 2, rng())
    rows, columns = moved.flatten(1).argmax(1) // 9, moved.flatten(1).argmax(1) % 9
    assert (moved.sum((1, 2, 3)) == 1).all()
    assert set(rows.tolist()) == set(columns.tolist()) == {2, 3, 4, 5, 6}
