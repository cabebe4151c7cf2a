"""A conditional VAE of layers (lesson 07): lesson 06's, told which kind of picture it is."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from coursekit.models.layered_vae import Decoder, Encoder, Layers, Terms, layered_nats, render
from coursekit.models.ppca import PPCA, fit_ppca
from coursekit.models.vae import gaussian_kl, reparameterize


class ConditionalLayeredVAE(nn.Module):
    """Both halves are told the kind y (Sohn et al. 2015). x, y (B,), colors -> Terms.

    x (B, 3, side, side), colors (B, side, side): the number of the palette's color at each pixel.
    start, means: what `fit_within` gives. The encoder starts as probabilistic PCA around the mean
    picture of the kind.
    """

    palette: Tensor
    means: Tensor

    def __init__(
        self, start: PPCA, means: Tensor, palette: Tensor, *, side: int = 64, layers: int = 8
    ):
        super().__init__()
        self.kinds, self.latent = len(means), start.loadings.shape[1]
        self.register_buffer("palette", palette)
        self.register_buffer("means", means)  # (kinds, pixels)
        self.encoder = Encoder(start, side)
        self.decoder = Decoder(self.latent + self.kinds, side, outputs=layers, hidden=384)
        self.colors = nn.Linear(384, layers * len(palette))

    def encode(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        centered = x.flatten(1) - self.means[y]  # what the kind does not explain
        return self.encoder(centered.view_as(x))  # mu, logvar (B, latent)

    def told(self, z: Tensor, y: Tensor) -> Tensor:
        """The code and the kind, side by side, of about equal length."""
        kind = self.latent**0.5 * F.one_hot(y, self.kinds)  # |z|² is about `latent`
        return torch.cat([z, kind.to(z)], 1)  # (B, latent + kinds)

    def layers(self, z: Tensor, y: Tensor) -> Layers:
        hidden, masks = self.decoder(self.told(z, y))
        return Layers(masks, self.colors(hidden).unflatten(1, (masks.shape[1], -1)))

    def decode(self, z: Tensor, y: Tensor) -> Tensor:
        return render(self.layers(z, y), self.palette)  # (B, 3, side, side)

    def forward(
        self, x: Tensor, y: Tensor, colors: Tensor, generator: torch.Generator | None = None
    ) -> Terms:
        mu, logvar = self.encode(x, y)
        z = reparameterize(mu, logvar, generator)
        return Terms(layered_nats(self.layers(z, y), colors), gaussian_kl(mu, logvar).sum(1))


def fit_within(x: Tensor, y: Tensor, latent: int) -> tuple[PPCA, Tensor]:
    """PPCA of what the kind does not explain, and the mean picture of each kind (kinds, pixels).

    x (N, ...), y (N,): x = means[y] + loadings z + noise, the loadings the same for all kinds.
    """
    flat = x.flatten(1)
    means = torch.stack([flat[y == kind].mean(0) for kind in range(int(y.max()) + 1)])
    return fit_ppca(flat - means[y], latent), means
