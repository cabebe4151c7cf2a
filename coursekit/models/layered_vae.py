"""Variational autoencoders of lesson 06 that start as probabilistic PCA: for photos and drawings.

Both share encoder and decoder; they differ in p(x|z). `GaussianVAE`: a normal distribution around
a picture. `LayeredVAE`: layers of one color each, of which one is seen at every pixel.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from coursekit.models.ppca import PPCA
from coursekit.models.vae import gaussian_kl, reparameterize

SMALLEST = 1e-8  # probability of a pixel: its logarithm stays finite


class Terms(NamedTuple):
    """The two terms of the negative ELBO of each picture, in nats, (B,) both."""

    reconstruction: Tensor
    kl: Tensor


class Layers(NamedTuple):
    """What a code decodes to: scores of masks (B, K, H, W) and of colors (B, K, palette)."""

    masks: Tensor
    colors: Tensor


class Encoder(nn.Module):
    """q(z|x): the posterior of PPCA plus a learned correction. x (B, 3, S, S) -> mu, logvar.

    mu, logvar (B, latent). The last layer starts as zero, so an untrained encoder is PPCA's.
    """

    mean: Tensor
    weights: Tensor
    logvar: Tensor

    def __init__(self, start: PPCA, side: int, widths: tuple[int, ...] = (48, 96, 128)):
        super().__init__()
        weights, logvar = start.posterior()
        self.register_buffer("mean", start.mean)
        self.register_buffer("weights", weights)  # (pixels, latent)
        self.register_buffer("logvar", logvar)
        self.features = _shrinking(widths)
        self.correction = nn.Linear(widths[-1] * (side // 16) ** 2, 2 * len(logvar))
        nn.init.zeros_(self.correction.weight)
        nn.init.zeros_(self.correction.bias)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mu, logvar = self.correction(self.features(x)).float().chunk(2, dim=1)
        return (x.flatten(1) - self.mean) @ self.weights + mu, self.logvar + logvar


class Decoder(nn.Module):
    """z (B, latent) -> hidden (B, hidden) and maps (B, outputs, S, S), linear.

    Dense layers lay out a grid of S/4 x S/4; two 3x3 convolutions refine it; the last gives 16
    values for each of the maps, which are laid out as 4x4 pixels (sub-pixel convolution, Shi et al.
    2016). No kernel overlaps itself, which removes one cause of checkerboards.
    """

    def __init__(self, latent: int, side: int, outputs: int, hidden: int = 384):
        super().__init__()
        grid = side // 4
        self.hidden = nn.Sequential(
            nn.Linear(latent, hidden, bias=False), nn.BatchNorm1d(hidden), nn.ReLU()
        )
        self.maps = nn.Sequential(
            nn.Linear(hidden, 32 * grid * grid, bias=False),
            nn.Unflatten(1, (32, grid, grid)),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3, padding=1, bias=False),
            nn.BatchNorm2d(64),
            nn.ReLU(),
            nn.Conv2d(64, 16 * outputs, 3, padding=1),
            nn.PixelShuffle(4),
        )

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        hidden = self.hidden(z)
        return hidden, self.maps(hidden)


class GaussianVAE(nn.Module):
    """VAE with p(x|z) = N(decode(z), sigma^2) (lesson 06 B). x (B, 3, side, side) -> Terms.

    sigma is learned (Rybkin et al. 2021). Encoder and decoder start as PPCA.
    """

    mean: Tensor
    loadings: Tensor

    def __init__(self, start: PPCA, side: int = 64):
        super().__init__()
        self.latent = start.loadings.shape[1]
        self.encode = Encoder(start, side)
        self.decoder = Decoder(self.latent, side, outputs=3)
        for weight in self.decoder.maps[-2].parameters():  # the last convolution
            nn.init.zeros_(weight)
        self.register_buffer("mean", start.mean)
        self.register_buffer("loadings", start.loadings)
        self.log_sigma = nn.Parameter(0.5 * torch.tensor(start.noise).log())

    def decode(self, z: Tensor) -> Tensor:
        correction = self.decoder(z)[1]  # (B, 3, side, side)
        return (self.mean + z @ self.loadings.T).view_as(correction) + correction

    def forward(self, x: Tensor, generator: torch.Generator | None = None) -> Terms:
        mu, logvar = self.encode(x)
        z = reparameterize(mu, logvar, generator)
        nats = gaussian_nats(x, self.decode(z), self.log_sigma)
        return Terms(nats, gaussian_kl(mu, logvar).sum(1))


class LayeredVAE(nn.Module):
    """VAE that lays pictures out of layers of one color each (lesson 06 B). -> Terms.

    x (B, 3, side, side), labels (B, side, side): the number of the palette's color at each pixel.
    palette (C, 3) in [0, 1]. A mixture for each pixel, as in MONet (Burgess et al. 2019).
    """

    palette: Tensor

    def __init__(
        self, start: PPCA, palette: Tensor, side: int = 64, layers: int = 8, hidden: int = 384
    ):
        super().__init__()
        self.latent = start.loadings.shape[1]
        self.register_buffer("palette", palette)
        self.encode = Encoder(start, side)
        self.decoder = Decoder(self.latent, side, outputs=layers, hidden=hidden)
        self.colors = nn.Linear(hidden, layers * len(palette))

    def layers(self, z: Tensor) -> Layers:
        hidden, masks = self.decoder(z)
        return Layers(masks, self.colors(hidden).unflatten(1, (masks.shape[1], -1)))

    def decode(self, z: Tensor) -> Tensor:
        return render(self.layers(z), self.palette)  # (B, 3, side, side)

    def forward(self, x: Tensor, labels: Tensor, generator: torch.Generator | None = None) -> Terms:
        mu, logvar = self.encode(x)
        z = reparameterize(mu, logvar, generator)
        nats = layered_nats(self.layers(z), labels)
        return Terms(nats, gaussian_kl(mu, logvar).sum(1))


def gaussian_nats(x: Tensor, mean: Tensor, log_sigma: Tensor) -> Tensor:
    """-log p(x|z) of a normal distribution around a picture, in nats. (B, ...) -> (B,)."""
    errors = ((x - mean) * (-log_sigma).exp()).flatten(1)  # in units of sigma
    constant = log_sigma + 0.5 * math.log(2 * math.pi)
    return 0.5 * errors.square().sum(1) + errors.shape[1] * constant


def layered_nats(layers: Layers, labels: Tensor) -> Tensor:
    """-log p(x|z) of pictures of palette colors, in nats. labels (B, H, W) -> (B,).

    p(color) at a pixel is the sum over layers of p(this layer is seen) p(it has this color).
    """
    seen = layers.masks.float().flatten(2).softmax(1)  # (B, K, pixels), adds up to 1 over K
    colors = layers.colors.float().softmax(2)  # (B, K, palette)
    places = labels.long().flatten(1)[:, None].expand(-1, seen.shape[1], -1)
    right = colors.gather(2, places)  # (B, K, pixels): chance that the layer has the true color
    return -(seen * right).sum(1).clamp(min=SMALLEST).log().sum(1)


def render(layers: Layers, palette: Tensor, *, temperature: float = 0.3) -> Tensor:
    """The picture that layers show: each in its most probable color. -> (B, 3, H, W) in [0, 1].

    Masks are sharpened by the temperature; what is left of doubt blends the edges.
    """
    seen = (layers.masks / temperature).softmax(1)  # (B, K, H, W)
    return torch.einsum("bkhw,bkc->bchw", seen, palette[layers.colors.argmax(2)])


def _shrinking(widths: tuple[int, ...]) -> nn.Sequential:
    """(B, 3, S, S) -> (B, widths[-1] * (S/16)^2): patches of 6x6 at stride 4, then strides of 2."""
    steps: list[nn.Module] = []
    for inputs, outputs in zip((3, *widths), widths):
        kernel, stride = (4, 2) if steps else (6, 4)
        steps += [
            nn.Conv2d(inputs, outputs, kernel, stride, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.LeakyReLU(0.2),
        ]
    return nn.Sequential(*steps, nn.Flatten())
