"""Squares of pictures: how many, whose, and each picture's own stream of draws."""

import torch

from coursekit.datasets import crops
from coursekit.datasets.images import Pictures
from coursekit.datasets.report import Report


def flat(*values):
    """Pictures of different sizes, each of one gray."""
    return Pictures(
        [
            torch.full((40 + 10 * i, 50, 3), value, dtype=torch.uint8)
            for i, value in enumerate(values)
        ],
        tuple(f"{value}.png" for value in values),
        Report(len(values)),
    )


def test_crops_come_picture_after_picture():
    squares = crops.crops(flat(10, 200, 90), size=16, count=2, seed=0)
    assert squares.shape == (6, 16, 16, 3) and squares.dtype == torch.uint8
    assert [square.unique().tolist() for square in squares] == [
        [10],
        [10],
        [200],
        [200],
        [90],
        [90],
    ]


def test_one_more_picture_leaves_the_others_squares_as_they_are():
    noise = torch.randint(
        0, 256, (60, 50, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
    )
    one = Pictures([noise], ("a.png",), Report(1))
    two = Pictures([flat(7).images[0], noise], ("0.png", "a.png"), Report(2))
    expected = crops.crops(one, size=8, count=3, seed=5)
    assert torch.equal(crops.crops(two, size=8, count=3, seed=5)[3:], expected)
    assert not torch.equal(crops.crops(one, size=8, count=3, seed=6), expected)
