"""Autoencoders of lesson 01: dense and stacked."""

from torch import Tensor, nn

from coursekit.models.ops import glorot


def hidden_layers(sizes: tuple[int, ...], activation: type[nn.Module]) -> list[nn.Module]:
    """A linear layer and the activation for each step between neighboring sizes."""
    return [layer for pair in zip(sizes, sizes[1:]) for layer in (nn.Linear(*pair), activation())]


class DenseAutoencoder(nn.Module):
    """Mirrored dense autoencoder (Hinton & Salakhutdinov 2006). x (B, 784) -> (B, 784).

    The default sizes and the sigmoid at the latent are those of lesson 01 A; 9,154,194 weights.
    """

    def __init__(
        self, pixels: int = 784, hidden: tuple[int, ...] = (2000, 1200, 500), latent: int = 10
    ):
        super().__init__()
        sizes = (pixels, *hidden)
        self.encoder = nn.Sequential(
            *hidden_layers(sizes, nn.ReLU), nn.Linear(sizes[-1], latent), nn.Sigmoid()
        )
        self.decoder = nn.Sequential(
            *hidden_layers((latent, *reversed(hidden)), nn.ReLU), nn.Linear(hidden[0], pixels)
        )

    def encode(self, x: Tensor) -> Tensor:
        return self.encoder(x)  # (B, latent), each in (0, 1)

    def decode(self, z: Tensor) -> Tensor:
        return self.decoder(z)  # (B, pixels), linear

    def forward(self, x: Tensor) -> Tensor:
        return self.decode(self.encode(x))


class StackedAutoencoder(nn.Module):
    """Four dense layers with ELU (Glorot & Bengio 2010; lesson 01 B). x (B, 1024) -> (B, 1024).

    Xavier weights; no activation on the last layer. `latent` is the width of the narrowest layer.
    """

    def __init__(self, pixels: int = 1024, hidden: int = 300, latent: int = 150):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(pixels, hidden), nn.ELU(), nn.Linear(hidden, latent), nn.ELU()
        )
        self.decoder = nn.Sequential(nn.Linear(latent, hidden), nn.ELU(), nn.Linear(hidden, pixels))
        glorot(self)

    def encode(self, x: Tensor) -> Tensor:
        return self.encoder(x)  # (B, latent)

    def decode(self, z: Tensor) -> Tensor:
        return self.decoder(z)  # (B, pixels)

    def forward(self, x: Tensor) -> Tensor:
        return self.decode(self.encode(x))
