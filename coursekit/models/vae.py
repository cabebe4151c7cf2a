"""Variational autoencoders of lessons 06 and 07: for fruits, for faces, and with labels."""

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


class ConvVAE(nn.Module):
    """Convolutional VAE for faces (lesson 06 B). x (B, channels, side, side) in [0, 1] -> Coded.

    1,533,491 weights for 64x64. side: 16, 32, 64 or 128. The encoder shrinks it to 4; the decoder
    grows it from 8, where dense layers have set the scene.
    """

    def __init__(self, latent: int = 32, side: int = 64, channels: int = 3):
        super().__init__()
        self.latent = latent
        self.encoder = _Encoder(channels, side)
        self.code = nn.Linear(self.encoder.features, 2 * latent)
        self.decoder = _decoder(latent, side, channels)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return _halves(self.code(self.encoder(x)))  # mu, logvar: (B, latent) each

    def decode(self, z: Tensor) -> Tensor:
        return self.decoder(z)  # (B, channels, side, side) in (0, 1)

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


class _Encoder(nn.Sequential):
    """(B, channels, side, side) -> (B, features).

    A patch of 6x6 at stride 4 first: full size is where convolutions are dear.
    """

    def __init__(self, channels: int, side: int):
        widths = (48, 96, 128, 192)[: _doublings(side, 8)]
        steps = [
            *_normal(nn.Conv2d(channels, widths[0], 6, 4, padding=1, bias=False), nn.LeakyReLU(0.2))
        ]
        for inputs, outputs in zip(widths, widths[1:]):
            steps += _normal(
                nn.Conv2d(inputs, outputs, 4, 2, padding=1, bias=False), nn.LeakyReLU(0.2)
            )
        super().__init__(*steps, nn.Flatten())
        self.features = 16 * widths[-1]


def _decoder(codes: int, side: int, channels: int, hidden: int = 256) -> nn.Sequential:
    """(B, codes) -> (B, channels, side, side) in (0, 1).

    A 4x4 kernel at stride 2 covers every pixel equally often: no checkerboard.
    """
    widths = (64, 48, 24, 16)[: _doublings(side, 8)]
    steps = [
        layer
        for inputs, outputs in zip(widths, widths[1:])
        for layer in _normal(
            nn.ConvTranspose2d(inputs, outputs, 4, 2, padding=1, bias=False), nn.ReLU()
        )
    ]
    return nn.Sequential(
        nn.Linear(codes, hidden, bias=False),
        nn.BatchNorm1d(hidden),
        nn.ReLU(),
        nn.Linear(hidden, 64 * widths[0], bias=False),
        nn.Unflatten(1, (widths[0], 8, 8)),
        nn.BatchNorm2d(widths[0]),
        nn.ReLU(),
        *steps,
        nn.ConvTranspose2d(widths[-1], channels, 4, 2, padding=1),
        nn.Sigmoid(),
    )


def _normal(
    convolution: nn.Conv2d | nn.ConvTranspose2d, activation: nn.Module
) -> tuple[nn.Module, ...]:
    return convolution, nn.BatchNorm2d(convolution.out_channels), activation


def _doublings(side: int, smallest: int) -> int:
    """How often `smallest` doubles to side."""
    count = (side // smallest).bit_length() - 1
    if side != smallest * 2**count or not 1 <= count <= 4:
        raise ValueError(
            f"side is {side}: it must be {', '.join(str(smallest * 2**n) for n in range(1, 5))}"
        )
    return count


def _halves(code: Tensor) -> tuple[Tensor, Tensor]:
    mu, logvar = code.float().chunk(2, dim=1)
    return mu, logvar
