"""Sheets of pictures: each at its place, pixel for pixel, white where there is none."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import pytest
import torch

from coursekit import sheets


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_tiles_stand_row_by_row_and_the_last_row_is_filled_with_white():
    pictures = torch.arange(5).view(5, 1, 1, 1).expand(5, 3, 2, 4) / 10
    board = sheets.tiled(pictures, 2)
    assert board.shape == (3, 3 * 2, 2 * 4)
    for number in range(5):
        top, left = 2 * (number // 2), 4 * (number % 2)
        assert torch.equal(board[:, top : top + 2, left : left + 4], pictures[number])
    assert (board[:, 4:, 4:] == 1).all()


def test_tiles_are_clipped_and_a_gap_is_white():
    board = sheets.tiled(torch.tensor([-1.0, 2.0]).view(2, 1, 1, 1), 2, gap=1)
    assert board.tolist() == [[[1] * 6, [1, 0, 1, 1, 1, 1], [1] * 6]]


def test_a_sheet_draws_each_pixel_as_a_square_within_a_frame():
    rows = {"photo": torch.zeros(3, 3, 4, 4), "map": torch.full((3, 3, 4, 4), 0.5)}
    fig = sheets.sheet(rows, titles=["a", "b", "c"], zoom=2)
    (axis,) = fig.axes
    drawn = torch.as_tensor(axis.images[0].get_array().data)
    assert drawn.shape == (2 * 6 * 2, 3 * 6 * 2, 3)
    assert (drawn[:2] == 1).all() and (drawn[2:10, 2:10] == 0).all()
    assert (drawn[14:22, 2:10] == 0.5).all()
    assert [text.get_text() for text in axis.texts] == ["photo", "map", "a", "b", "c"]
    wide, high = fig.get_size_inches() * fig.dpi
    assert (wide, high) == (36 + sheets.LEFT, 24 + sheets.TOP)


def test_shades_of_a_sheet_are_few():
    ramp = torch.linspace(0, 1, 256).view(1, 1, 16, 16).expand(1, 3, 16, 16)
    drawn = sheets.sheet({"ramp": ramp}, zoom=1).axes[0].images[0].get_array().data
    assert len(set(drawn.flatten().tolist())) == sheets.SHADES + 1
    drawn = sheets.sheet({"ramp": ramp}, zoom=1, shades=3).axes[0].images[0].get_array().data
    assert len(set(drawn.flatten().tolist())) == 4


def test_rows_by_epoch_end_with_as_many_real_ones():
    grid = torch.zeros(3, 1, 2, 2)
    rows = [{"epoch": 1, "grid": grid}, {"epoch": 2}, {"epoch": 3, "grid": grid + 1}]
    real = torch.rand(9, 1, 2, 2)
    shown = sheets.by_epoch(rows, real)
    assert list(shown) == ["epoch 1", "epoch 3", "real"]
    assert torch.equal(shown["epoch 3"], grid + 1) and torch.equal(shown["real"], real[:3])
    assert list(sheets.by_epoch(rows, real, at=(2, 3))) == ["epoch 3", "real"]
