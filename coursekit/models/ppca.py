"""Probabilistic PCA (lesson 06): the variational autoencoder whose two halves are linear."""

import math
from typing import NamedTuple

import torch
from torch import Tensor


class PPCA(NamedTuple):
    """x = mean + loadings z + noise (Tipping & Bishop 1999). See `fit_ppca`.

    mean (pixels,), loadings (pixels, latent), orthogonal columns; noise: its variance, a pixel.
    """

    mean: Tensor
    loadings: Tensor
    noise: float

    @property
    def variances(self) -> Tensor:
        """Of the pictures along each principal component. -> (latent,)."""
        return self.loadings.square().sum(0) + self.noise

    def posterior(self) -> tuple[Tensor, Tensor]:
        """p(z|x) is normal: mu = (x - mean) weights -> weights (pixels, latent), logvar (latent,).

        logvar is the same for every x.
        """
        return self.loadings / self.variances, (self.noise / self.variances).log()

    def encode(self, x: Tensor) -> Tensor:
        """Mean of p(z|x). (B, ...) -> (B, latent)."""
        return (x.flatten(1) - self.mean) @ self.posterior()[0]

    def decode(self, z: Tensor) -> Tensor:
        """Mean of p(x|z), not clipped. (B, latent) -> (B, pixels)."""
        return self.mean + z @ self.loadings.T

    def project(self, x: Tensor) -> Tensor:
        """The nearest point of the plane of components, plain PCA's answer. (B, ...) -> (B, ...).

        The mean of p(z|x) is shrunk towards 0 a little; this is not.
        """
        scales = self.loadings.square().sum(0)
        z = (x.flatten(1) - self.mean) @ (self.loadings / scales)
        return self.decode(z).view_as(x)

    def log_likelihood(self, x: Tensor) -> Tensor:
        """log p(x) in nats, exactly. (B, ...) -> (B,)."""
        centered, (pixels, latent) = x.flatten(1) - self.mean, self.loadings.shape
        along = centered @ (self.loadings / self.loadings.square().sum(0).sqrt())  # (B, latent)
        rest = centered.square().sum(1) - along.square().sum(1)
        distance = (along.square() / self.variances).sum(1) + rest / self.noise
        size = self.variances.log().sum() + (pixels - latent) * math.log(self.noise)
        return -0.5 * (distance + size + pixels * math.log(2 * math.pi))


def fit_ppca(x: Tensor, latent: int) -> PPCA:
    """The most probable PPCA of pictures (N, ...), N > latent (Tipping & Bishop 1999, section 3.2).

    noise is the mean variance of the directions left out; a component's loading is the root of
    what its variance has beyond that.
    """
    flat = x.flatten(1)
    mean = flat.mean(0)
    flat = flat - mean
    values, vectors = torch.linalg.eigh(flat @ flat.T)  # N x N: pixels may be many more
    values, vectors = values[-latent:].flip(0), vectors[:, -latent:].flip(1)
    axes, variances = flat.T @ (vectors / values.sqrt()), values / len(flat)
    noise = (flat.square().sum() / len(flat) - variances.sum()) / (flat.shape[1] - latent)
    return PPCA(mean, axes * (variances - noise).clamp(min=0).sqrt(), float(noise))
