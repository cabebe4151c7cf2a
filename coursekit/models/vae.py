"""The fruit VAE of lesson 06, and the terms of the loss that lessons 06 to 08 share."""

from typing import NamedTuple

import torch
from torch import Tensor, nn


class Coded(NamedTuple):
    """What forward returns: reconstruction, mean and log-variance of q(z|x), (B, latent) both."""

    reconstruction: Tensor
    mu: Tensor
    logvar: Tensor


def gaussian_kl(mu: Tensor, logvar: Tensor) -> Tensor:
    """KL of N(mu, exp(logvar)) from N(0, 1) in nats (Kingma & Welling 2014, appendix B).

    (B, latent), (B, latent) -> (B, latent), one per dimension; the sum over the last axis is the KL
    of the whole code.
    """
    return 0.5 * (mu.square() + logvar.exp() - logvar - 1)


def reconstruction_nats(x: Tensor, reconstruction: Tensor, *, sigma: float) -> Tensor:
    """-log p(x|z) of a Gaussian, without its constant: |x - x'|^2 / (2 sigma^2). -> (B,)."""
    return (x.float() - reconstruction.float()).square().flatten(1).sum(1) / (2 * sigma**2)


def negative_elbo(
    x: Tensor, coded: Coded, *, sigma: float, beta: float = 1.0
) -> tuple[Tensor, Tensor, Tensor]:
    """Loss, reconstruction and KL of pictures in nats, (B,) all.

    loss = reconstruction + beta KL (Higgins et al. 2017).
    """
    reconstruction = reconstruction_nats(x, coded.reconstruction, sigma=sigma)
    kl = gaussian_kl(coded.mu, coded.logvar).sum(1)
    return reconstruction + beta * kl, reconstruction, kl


def reparameterize(mu: Tensor, logvar: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """A sample of N(mu, exp(logvar)) that lets gradients pass: mu + sigma * noise. -> (B, latent).

    generator: a CPU generator.
    """
    noise = torch.randn(mu.shape, generator=generator).to(
        mu.device
    )  # the same noise on every device
    return mu + (0.5 * logvar).exp() * noise


class FruitVAE(nn.Module):
    """The source's VAE for fruit photos (lesson 06 A). x (B, 3, side, side) -> Coded.

    53,655,152 weights, nearly all dense. side 100 -> 50 -> 25, then 16 x 25 x 25 = 10,000 numbers
    into dense layers of `latent`. Convolutions have no bias.
    """

    def __init__(self, side: int = 100, latent: int = 2048):
        super().__init__()
        self.latent, small = latent, side // 4
        flat = 16 * small * small
        self.encoder = nn.Sequential(
            *_conv(3, 16, 1),
            *_conv(16, 32, 2),
            *_conv(32, 64, 1),
            *_conv(64, 16, 2),
            nn.Flatten(),
            nn.Linear(flat, latent),
            nn.BatchNorm1d(latent),
            nn.ReLU(),
        )
        self.mu, self.logvar = nn.Linear(latent, latent), nn.Linear(latent, latent)
        self.decoder = nn.Sequential(
            nn.Linear(latent, latent),
            nn.BatchNorm1d(latent),
            nn.ReLU(),
            nn.Linear(latent, flat),
            nn.BatchNorm1d(flat),
            nn.ReLU(),
            nn.Unflatten(1, (16, small, small)),
            *_transposed(16, 64, 2),
            *_transposed(64, 32, 1),
            *_transposed(32, 16, 2),
            nn.ConvTranspose2d(16, 3, 3, padding=1, bias=False),
        )

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        hidden = self.encoder(x)  # (B, latent)
        return self.mu(hidden).float(), self.logvar(hidden).float()

    def decode(self, z: Tensor) -> Tensor:
        return self.decoder(z)  # (B, 3, side, side), linear

    def forward(self, x: Tensor, generator: torch.Generator | None = None) -> Coded:
        mu, logvar = self.encode(x)
        return Coded(self.decode(reparameterize(mu, logvar, generator)), mu, logvar)


def _conv(inputs: int, outputs: int, stride: int) -> tuple[nn.Module, ...]:
    """A 3x3 convolution without bias, normalized."""
    return (
        nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


def _transposed(inputs: int, outputs: int, stride: int) -> tuple[nn.Module, ...]:
    """Its mirror image: the side grows by the stride."""
    convolution = nn.ConvTranspose2d(
        inputs, outputs, 3, stride, padding=1, output_padding=stride - 1, bias=False
    )
    return convolution, nn.BatchNorm2d(outputs), nn.ReLU()
