"""Autoencoders of lessons 01 and 02: dense, stacked, convolutional, and without a bottleneck."""

from torch import Tensor, nn

from coursekit.models.ops import glorot


class DenseAutoencoder(nn.Module):
    """Mirrored dense autoencoder (Hinton & Salakhutdinov 2006). x (B, 784) -> (B, 784).

    The default sizes and the sigmoid at the latent are those of lesson 01 A; 9,154,194 weights.
    """

    def __init__(
        self, pixels: int = 784, hidden: tuple[int, ...] = (2000, 1200, 500), latent: int = 10
    ):
        super().__init__()
        sizes = (pixels, *hidden)
        self.encoder = nn.Sequential(*_dense(sizes), nn.Linear(sizes[-1], latent), nn.Sigmoid())
        self.decoder = nn.Sequential(
            *_dense((latent, *reversed(hidden))), nn.Linear(hidden[0], pixels)
        )

    def encode(self, x: Tensor) -> Tensor:
        return self.encoder(x)  # (B, latent), each in (0, 1)

    def decode(self, z: Tensor) -> Tensor:
        return self.decoder(z)  # (B, pixels), linear

    def forward(self, x: Tensor) -> Tensor:
        return self.decode(self.encode(x))


def _dense(sizes: tuple[int, ...]) -> list[nn.Module]:
    """Linear and ReLU for each step between neighboring sizes."""
    return [layer for pair in zip(sizes, sizes[1:]) for layer in (nn.Linear(*pair), nn.ReLU())]


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


class Denoiser(nn.Module):
    """Denoising autoencoder (Vincent et al. 2008; lesson 02). x (B, 1, 28, 28) -> the same shape.

    28 -> 14 -> 7 -> 4 by max-pooling that rounds up, then 4 -> 8 -> 16 and an unpadded convolution
    16 -> 14 -> 28. 49,761 weights, which start as the source's library starts them: Glorot's
    uniform ones, biases zero.
    """

    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            *_conv_relu(1, 64),
            nn.MaxPool2d(2, ceil_mode=True),  # (B, 64, 14, 14)
            *_conv_relu(64, 32),
            nn.MaxPool2d(2, ceil_mode=True),  # (B, 32, 7, 7)
            *_conv_relu(32, 16),
            nn.MaxPool2d(2, ceil_mode=True),  # (B, 16, 4, 4)
        )
        self.decoder = nn.Sequential(
            *_conv_relu(16, 16),
            nn.Upsample(scale_factor=2),  # (B, 16, 8, 8)
            *_conv_relu(16, 32),
            nn.Upsample(scale_factor=2),  # (B, 32, 16, 16)
            *_conv_relu(32, 64, padding=0),
            nn.Upsample(scale_factor=2),  # (B, 64, 28, 28)
            nn.Conv2d(64, 1, 3, padding=1),
        )
        glorot(self)

    def encode(self, x: Tensor) -> Tensor:
        return self.encoder(x)  # (B, 16, 4, 4)

    def decode(self, z: Tensor) -> Tensor:
        return self.decoder(z)  # (B, 1, 28, 28), linear

    def forward(self, x: Tensor) -> Tensor:
        return self.decode(self.encode(x))


class ResidualDenoiser(nn.Module):
    """Predicts the noise and subtracts it (DnCNN, Zhang et al. 2017). x (B, 1, H, W) -> the same.

    All at full resolution, without batch normalization. The default sizes give 46,849 weights,
    fewer than `Denoiser`, and no bottleneck.
    """

    def __init__(self, width: int = 32, depth: int = 7):
        super().__init__()
        inner = [layer for _ in range(depth - 2) for layer in _conv_relu(width, width)]
        self.noise = nn.Sequential(*_conv_relu(1, width), *inner, nn.Conv2d(width, 1, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        return x - self.noise(x)


def _conv_relu(inputs: int, outputs: int, *, padding: int = 1) -> tuple[nn.Module, nn.Module]:
    """A 3x3 convolution and its ReLU."""
    return nn.Conv2d(inputs, outputs, 3, padding=padding), nn.ReLU()
