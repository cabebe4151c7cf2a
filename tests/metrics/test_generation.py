"""Generated pictures: a set against itself, worse sets further off, copies found."""

import torch
from torch.nn import functional as F

from coursekit.metrics.generation import FrechetTo, nearest, nearest_moved


def test_a_set_is_at_no_distance_from_itself_and_noise_is_far():
    rng = torch.Generator().manual_seed(0)
    real = torch.rand((12, 3, 4, 4), generator=rng).repeat_interleave(8, 2).repeat_interleave(8, 3)
    distance = FrechetTo(real)
    noise = torch.rand(real.shape, generator=rng)
    blurred = (real + real.mean(0)) / 2
    assert distance(real) < 1e-2
    assert distance(real) < distance(blurred) < distance(noise)


def test_the_nearest_picture_is_found_with_its_mean_squared_error():
    others = torch.rand((9, 3, 4, 4), generator=torch.Generator().manual_seed(0))
    number, error = nearest(torch.stack([others[4], others[7] + 0.01]), others)
    assert number.tolist() == [4, 7]
    torch.testing.assert_close(error, torch.tensor([0.0, 1e-4]), rtol=1e-2, atol=1e-6)


def test_a_moved_copy_is_no_new_picture():
    rng = torch.Generator().manual_seed(0)
    known = F.pad(torch.rand(6, 1, 6, 6, generator=rng), (3,) * 4)  # black at the edge
    moved = torch.roll(known[[4, 1]], (2, -1), dims=(2, 3))
    assert nearest_moved(moved, known).max() < 1e-3 < nearest_moved(moved, known, moves=1).min()
    farther = torch.roll(known[[4]], 3, dims=2)
    plain = torch.cdist(farther.flatten(1), known.flatten(1)).min()
    assert 0 < nearest_moved(farther, known) < plain
    assert torch.allclose(nearest_moved(farther, known, moves=0), plain)
