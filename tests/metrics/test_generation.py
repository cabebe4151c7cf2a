"""Generated pictures: a set against itself, worse sets further off, copies found."""

import torch

from coursekit.metrics.generation import FrechetTo, nearest


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
