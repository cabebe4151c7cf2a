"""The narrow autoencoder of lesson 01, and the same beside a linear path that starts as PCA."""

import torch
from torch import Tensor, nn

from coursekit.models.autoencoder import hidden_layers


class NarrowAutoencoder(nn.Module):
    """Mirrored dense autoencoder with GELU (lesson 01 A). x (B, pixels) -> (B, pixels).

    No activation at the code and none at the output, so both can have any value.
    """

    def __init__(self, pixels: int = 784, hidden: tuple[int, ...] = (512, 256), latent: int = 10):
        super().__init__()
        sizes = (pixels, *hidden)
        self.encoder = nn.Sequential(*hidden_layers(sizes, nn.GELU), nn.Linear(hidden[-1], latent))
        self.decoder = nn.Sequential(
            *hidden_layers((latent, *reversed(hidden)), nn.GELU), nn.Linear(hidden[0], pixels)
        )

    def encode(self, x: Tensor) -> Tensor:
        return self.encoder(x)  # (B, latent)

    def decode(self, z: Tensor) -> Tensor:
        return self.decoder(z)  # (B, pixels)

    def forward(self, x: Tensor) -> Tensor:
        return self.decode(self.encode(x))


class ResidualAutoencoder(NarrowAutoencoder):
    """PCA plus a learned correction (lesson 01 A). x (B, pixels) -> (B, pixels).

    images (N, pixels) in [0, 1]: those whose principal components the linear path starts as. The
    last layers of encoder and decoder start as zero, so the untrained network is PCA.
    """

    def __init__(self, images: Tensor, hidden: tuple[int, ...] = (512, 256), latent: int = 10):
        super().__init__(images.shape[1], hidden, latent)
        self.linear_encoder, self.linear_decoder = pca_layers(images, latent)
        for last in (self.encoder[-1], self.decoder[-1]):
            for weights in last.parameters():
                nn.init.zeros_(weights)

    def encode(self, x: Tensor) -> Tensor:
        return self.linear_encoder(x) + self.encoder(x)  # (B, latent)

    def decode(self, z: Tensor) -> Tensor:
        return self.linear_decoder(z) + self.decoder(z)  # (B, pixels)


@torch.no_grad()
def pca_layers(images: Tensor, latent: int) -> tuple[nn.Linear, nn.Linear]:
    """Images (N, D) -> layers D to latent and latent to D that together are PCA.

    The code between them is whitened: mean 0 and variance 1 in each number over the images.
    """
    center = images.double().mean(0)
    variances, basis = torch.linalg.eigh(torch.cov(images.double().T))  # in rising order
    basis, scale = basis[:, -latent:].flip(1), variances[-latent:].flip(0).sqrt()
    encoder, decoder = nn.Linear(len(center), latent), nn.Linear(latent, len(center))
    encoder.weight.copy_((basis / scale).T)
    encoder.bias.copy_(-(center @ basis) / scale)
    decoder.weight.copy_(basis * scale)
    decoder.bias.copy_(center)
    return encoder, decoder
