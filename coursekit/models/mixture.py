"""Gaussians in place of a network: the simple rivals of a GAN (lesson 09).

Data are (N, D): pictures, flat.
"""

import torch
from torch import Tensor


def sample_gaussian(data: Tensor, count: int, rng: torch.Generator, *, components: int) -> Tensor:
    """Samples of the Gaussian along the principal components of data (N, D). -> (count, D)."""
    mean = data.mean(0)
    _, scales, directions = torch.linalg.svd(data - mean, full_matrices=False)
    kept = min(components, len(scales))
    noise = torch.randn(count, kept, generator=rng) * scales[:kept] / max(len(data) - 1, 1) ** 0.5
    return mean + noise @ directions[:kept]


def sample_mixture(
    data: Tensor, groups: Tensor, count: int, rng: torch.Generator, *, components: int
) -> Tensor:
    """A Gaussian for each group, each used as often as it occurs. -> (count, D), by group.

    groups: which one each row of data (N, D) belongs to, int64 (N,).
    """
    shares = torch.bincount(groups).float()
    chosen = torch.multinomial(shares, count, replacement=True, generator=rng)
    parts = [
        sample_gaussian(data[groups == group], number, rng, components=components)
        for group, number in enumerate(torch.bincount(chosen, minlength=len(shares)).tolist())
        if number
    ]
    return torch.cat(parts)


def clusters(data: Tensor, count: int, rng: torch.Generator, *, rounds: int = 20) -> Tensor:
    """k-means (Lloyd 1982) from random rows of data (N, D). -> the cluster of each, int64 (N,)."""
    centers = data[torch.randperm(len(data), generator=rng)[:count]].clone()
    for _ in range(rounds):
        nearest = torch.cdist(data, centers).argmin(1)
        sums = torch.zeros_like(centers).index_add_(0, nearest, data)
        counts = torch.bincount(nearest, minlength=count)[:, None]
        centers = torch.where(counts > 0, sums / counts.clamp(min=1), centers)
    return torch.cdist(data, centers).argmin(1)
