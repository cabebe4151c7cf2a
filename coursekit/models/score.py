"""Denoisers as scores (lesson 02): points in the plane, whose true score is known, and pictures.

Noise of these functions is Gaussian and not clipped, y = x + sigma n: Tweedie's formula needs that.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn


class PointDenoiser(nn.Module):
    """A dense denoiser told how strong the noise is. y (B, 2), sigma (B, 1) -> x (B, 2).

    It predicts the noise, y - sigma n(y, sigma), from inputs that were scaled to a variance near 1.
    """

    def __init__(self, hidden: int = 128):
        super().__init__()
        inner = [layer for _ in range(2) for layer in (nn.Linear(hidden, hidden), nn.SiLU())]
        self.noise = nn.Sequential(nn.Linear(3, hidden), nn.SiLU(), *inner, nn.Linear(hidden, 2))

    def forward(self, y: Tensor, sigma: Tensor) -> Tensor:
        scaled = y / (1 + sigma.square()).sqrt()
        return y - sigma * self.noise(torch.cat([scaled, sigma.log()], 1))


class Ring:
    """Equal Gaussians with their centers on a circle: points whose score has a closed form."""

    def __init__(self, count: int = 5, *, radius: float = 2.0, spread: float = 0.25):
        angles = torch.arange(count) * 2 * math.pi / count + math.pi / 2
        self.centers = radius * torch.stack([angles.cos(), angles.sin()], 1)  # (count, 2)
        self.spread = spread

    def sample(self, number: int, *, generator: torch.Generator) -> Tensor:
        """Points (number, 2)."""
        chosen = torch.randint(len(self.centers), (number,), generator=generator)
        return self.centers[chosen] + self.spread * torch.randn((number, 2), generator=generator)

    def score(self, y: Tensor, sigma: float) -> Tensor:
        """Gradient of log p(y), with p the density of y = x + sigma n. y (N, 2) -> (N, 2)."""
        variance = self.spread**2 + sigma**2
        distance = self.centers - y[:, None]  # (N, count, 2)
        share = torch.softmax(-distance.square().sum(-1) / (2 * variance), 1)  # whose y may be
        return (share[..., None] * distance).sum(1) / variance


def add_noise(
    x: Tensor, *, sigmas: tuple[float, float], generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """x (N, ...) -> x + sigma n, and sigma (N, 1, ...): log-uniform between the two, one each."""
    low, high = map(math.log, sigmas)
    draws = torch.rand((len(x), *[1] * (x.ndim - 1)), generator=generator)
    sigma = torch.exp(low + (high - low) * draws).to(x)
    return x + sigma * torch.randn(x.shape, generator=generator).to(x), sigma


def generate(
    denoise: Callable[[Tensor, Tensor], Tensor], start: Tensor, sigmas: Tensor
) -> list[Tensor]:
    """Start (N, D) is noise of strength sigmas[0]; every step keeps the share sigmas[k + 1] /
    sigmas[k] of it (Song et al. 2021, DDIM). -> the points after each step, the start first."""
    points = [start]
    for now, then in zip(sigmas, sigmas[1:]):
        clean = denoise(points[-1], now.expand(len(start), 1))
        points.append(clean + then / now * (points[-1] - clean))
    return points


class GaussianDenoiser:
    """E[x | y] if x were one Gaussian with the mean and covariance of clean (N, ...): the best
    affine answer to y = x + sigma n. y (B, ...), sigma -> the same shape as y.
    """

    def __init__(self, clean: Tensor):
        flat = clean.flatten(1).double()
        self.mean = flat.mean(0)
        variances, self.basis = torch.linalg.eigh(torch.cov(flat.T))
        self.variances = variances.clamp(min=0)

    def __call__(self, y: Tensor, sigma: float) -> Tensor:
        mean, basis, variances = (v.to(y.device) for v in (self.mean, self.basis, self.variances))
        along = (y.flatten(1).double() - mean) @ basis  # (B, D)
        return (mean + along * (variances / (variances + sigma**2)) @ basis.T).view_as(y).to(y)
