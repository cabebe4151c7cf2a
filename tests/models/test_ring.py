"""The ring of Gaussians: a density that sums to one, its best discriminator, modes counted."""

import math

import pytest
import torch

from coursekit import runtime
from coursekit.models import ring
from coursekit.models.ops import count_parameters


def rng():
    return runtime.generator(0, "ring")


def grid(side=401, reach=4.0):
    axis = torch.linspace(-reach, reach, side)
    return torch.cartesian_prod(axis, axis), (2 * reach / (side - 1)) ** 2


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_the_density_sums_to_one_and_fits_the_samples(noise):
    x, area = grid()
    density = ring.density(x, noise=noise)
    assert float(density.sum() * area) == pytest.approx(1, abs=1e-3)
    second = float((density * x.square().sum(1)).sum() * area)
    wanted = ring.RADIUS**2 + 2 * (ring.SIGMA**2 + noise**2)
    assert second == pytest.approx(wanted, rel=1e-3)
    assert float(ring.sample(20_000, rng()).square().sum(1).mean()) == pytest.approx(
        ring.RADIUS**2 + 2 * ring.SIGMA**2, rel=0.01
    )


def test_the_best_discriminator():
    p, q = torch.tensor([0.3, 0.0, 0.0, 0.2]), torch.tensor([0.1, 0.4, 0.0, 0.2])
    assert torch.allclose(ring.optimal_discriminator(p, q), torch.tensor([0.75, 0.0, 0.5, 0.5]))


def test_modes_are_counted():
    few = torch.cat([ring.centers()[:3].repeat(10, 1), torch.zeros(20, 2)])
    assert ring.modes_covered(few) == 3 and ring.modes_covered(torch.zeros(9, 2)) == 0
    assert float(ring.mode_shares(few).sum()) == pytest.approx(0.6)
    shares = ring.mode_shares(ring.sample(8_000, rng()))
    inside = 1 - math.exp(-(3**2) / 2)  # of a round Gaussian within three standard deviations
    assert float(shares.sum()) == pytest.approx(inside, abs=0.01)
    assert shares.min() > 0.1 and ring.modes_covered(ring.sample(8_000, rng())) == ring.MODES


def test_the_networks():
    generator, discriminator = ring.PlaneGenerator(), ring.PlaneDiscriminator()
    points = generator(torch.randn(5, 2))
    assert points.shape == (5, 2) and discriminator(points).shape == (5, 1)
    assert count_parameters(generator) == 2 * 64 + 64 + 64 * 64 + 64 + 64 * 2 + 2
