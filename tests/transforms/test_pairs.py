"""Jitter keeps pairs aligned; edges lie where colors change; colors of a palette are counted
right."""

import pytest
import torch

from coursekit.datasets.dataset import Split
from coursekit.metrics.palette import class_accuracy, l1, nearest_color
from coursekit.transforms import pairs


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_jitter_keeps_pairs_aligned():
    photos = torch.rand(8, 3, 32, 32, generator=generator())
    one, other = pairs.jitter(photos, 1 - photos, generator=generator(1))
    assert torch.allclose(one, 1 - other, atol=1e-6)  # still each other's negative, pixel by pixel
    assert one.shape == photos.shape and not torch.allclose(one, photos, atol=0.05)


def test_jitter_cuts_and_mirrors_what_it_says():
    """Columns numbered 0 to 63: enlarging is a factor, mirroring turns the slope, the window
    moves the start."""
    ramp = torch.arange(64.0).expand(40, 1, 64, 64)
    got, _ = pairs.jitter(ramp, ramp, generator=generator(2))
    slopes = (got[:, 0, 0, 40] - got[:, 0, 0, 20]) / 20
    assert torch.allclose(slopes.abs(), torch.full((40,), 64 / 72), atol=1e-4)
    assert 5 < int((slopes < 0).sum()) < 35
    assert len(set(got[slopes > 0][:, 0, 0, 20].round(decimals=2).tolist())) > 4


def test_jitter_without_enlarging_only_mirrors():
    photos = torch.rand(6, 3, 8, 8, generator=generator())
    got, _ = pairs.jitter(photos, photos, enlarge=1.0, generator=generator(3))
    assert all(torch.equal(a, b) or torch.equal(a, b.flip(-1)) for a, b in zip(got, photos))


def test_jitter_of_one_seed_is_one_jitter():
    photos = torch.rand(4, 3, 16, 16, generator=generator())
    first, again, other = (
        pairs.jitter(photos, photos, generator=generator(seed))[0] for seed in (5, 5, 6)
    )
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_ranges_there_and_back():
    values = torch.rand(2, 3, 4, 4)
    assert torch.allclose(pairs.to_unit(pairs.to_signed(values)), values, atol=1e-6)
    assert pairs.to_unit(torch.tensor([-3.0, 3.0])).tolist() == [0, 1]


def test_edges_of_a_square_are_its_outline():
    picture = torch.full((1, 20, 20, 3), 255, dtype=torch.uint8)
    picture[:, 5:15, 5:15] = torch.tensor([200, 0, 0], dtype=torch.uint8)
    dark = pairs.edges(picture)[0, ..., 0] == 0
    rows, columns = dark.nonzero().T
    assert {int(rows.min()), int(columns.min())} <= {4, 5} and {
        int(rows.max()),
        int(columns.max()),
    } <= {14, 15}
    assert (
        not dark[7:13, 7:13].any() and int(dark[10].sum()) == int(dark[:, 10].sum()) == 2
    )  # lines one pixel wide


def test_edges_see_colors_of_equal_gray():
    picture = torch.zeros(1, 12, 12, 3, dtype=torch.uint8)
    picture[:, :, :6, 0], picture[:, :, 6:, 1] = 120, 120
    assert (pairs.edges(picture)[0, 6, :, 0] == 0).sum() == 1
    assert (
        pairs.edges(torch.full_like(picture, 77)) == 255
    ).all()  # nothing to see on a plain sheet


def test_pairs_from_edges_keep_their_drawings():
    images = torch.randint(0, 256, (3, 16, 16, 3), generator=generator()).to(torch.uint8)
    split = pairs.from_edges(Split(images, torch.zeros(3, dtype=torch.int64), ("a", "b", "c")))
    assert (
        torch.equal(split.targets, images)
        and split.images.shape == images.shape
        and split.images.dtype == torch.uint8
    )


def test_nearest_color_and_its_accuracy_by_hand():
    palette = torch.tensor([[0.0, 0, 0], [1, 0, 0], [1, 1, 1]])
    truth = torch.tensor([[0.1, 0.9, 1.0, 1.0]] + [[0.0, 0.1, 1.0, 0.9]] * 2).view(1, 3, 2, 2)
    assert nearest_color(truth, palette).flatten().tolist() == [0, 1, 2, 2]
    guess = truth.clone()
    guess[0, :, 1, 1] = 0  # one of the two white pixels turns black
    assert class_accuracy(guess, truth, palette).tolist() == [1, 1, 0.5]
    assert class_accuracy(truth[..., :1, :], truth[..., :1, :], palette)[2].isnan()


def test_l1_by_hand():
    assert l1(torch.tensor([[0.0, 1.0], [0.5, 0.5]]), torch.zeros(2, 2)).tolist() == pytest.approx(
        [0.5, 0.5]
    )
