"""A GAN in the plane, on a ring of Gaussians, where everything can be computed (lesson 09).

Points are (N, 2). The toy problem of Metz et al. (2017), section 3.1: eight modes on a circle.
"""

import math

import torch
from torch import Tensor, nn

MODES, RADIUS, SIGMA = 8, 2.0, 0.1


class PlaneGenerator(nn.Module):
    """Noise z (B, latent) -> points (B, 2)."""

    def __init__(self, *, latent: int = 2, width: int = 64):
        super().__init__()
        self.latent, self.body = latent, _perceptron(latent, width, 2)

    def forward(self, z: Tensor) -> Tensor:
        return self.body(z)


class PlaneDiscriminator(nn.Module):
    """Points x (B, 2) -> logits (B, 1), positive for "real"."""

    def __init__(self, *, width: int = 64):
        super().__init__()
        self.body = _perceptron(2, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x)


def centers() -> Tensor:
    """The middles of the Gaussians. -> (MODES, 2)."""
    angles = 2 * math.pi * torch.arange(MODES) / MODES
    return RADIUS * torch.stack([angles.cos(), angles.sin()], 1)


def sample(count: int, rng: torch.Generator) -> Tensor:
    """Real points: a mode by chance, a normal deviation from it. -> (count, 2)."""
    modes = torch.randint(0, MODES, (count,), generator=rng)
    return centers()[modes] + SIGMA * torch.randn(count, 2, generator=rng)


def density(x: Tensor, *, noise: float = 0.0) -> Tensor:
    """The density of the real points at x (N, 2), also under noise on them. -> (N,)."""
    return mixture_density(x, centers(), math.hypot(SIGMA, noise))


def mixture_density(x: Tensor, means: Tensor, sigma: float) -> Tensor:
    """Equal round Gaussians around means (M, 2): their density at x (N, 2). -> (N,).

    Around generated points it is an estimate of the generator's density.
    """
    squares = torch.cdist(x, means).square() / (2 * sigma**2)  # (N, M)
    return (-squares).exp().mean(1) / (2 * math.pi * sigma**2)


def optimal_discriminator(real: Tensor, generated: Tensor) -> Tensor:
    """Probability "real" of the best discriminator (Goodfellow et al. 2014, proposition 1).

    Two densities (N,) at the same points -> (N,); one half where both are nothing.
    """
    total = real + generated
    return torch.where(total > 0, real / total.clamp(min=1e-30), torch.full_like(total, 0.5))


def modes_covered(points: Tensor, *, share: float = 0.02) -> int:
    """How many modes have at least that share of the points (N, 2) within 3 SIGMA of them."""
    return int((mode_shares(points) >= share).sum())


def mode_shares(points: Tensor) -> Tensor:
    """Share of the points (N, 2) within 3 SIGMA of each mode. -> (MODES,)."""
    return (torch.cdist(points, centers()) <= 3 * SIGMA).double().mean(0)


def _perceptron(before: int, width: int, after: int) -> nn.Sequential:
    """Two hidden layers: (B, before) -> (B, after)."""
    return nn.Sequential(
        nn.Linear(before, width),
        nn.LeakyReLU(0.2),
        nn.Linear(width, width),
        nn.LeakyReLU(0.2),
        nn.Linear(width, after),
    )
