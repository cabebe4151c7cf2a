"""The small convolutional pair of lesson 10: 4x4 windows, a few layers, a batch seen as a whole.

Pictures are (B, 1, 28, 28) in [-1, 1], noise is (B, latent), predictions are logits (B, 1),
positive for "real". The source's pair is in `coursekit.models.gan`.
"""

import torch
from torch import Tensor, nn

from coursekit.models.ops import glorot

SLOPES = (0.3, 0.2)  # of LeakyReLU below zero: generator (Keras's default), discriminator (DCGAN's)


class SmallGenerator(nn.Module):
    """Two transposed convolutions double 7 to 14 to 28. z (B, latent) -> (B, 1, 28, 28).

    channels: at 7x7; width: at 14x14; refine: convolutions of stride 1 at 7x7; kernel: of the
    transposed convolutions, 4 or 5 (lesson 10, section 2).
    """

    def __init__(
        self,
        *,
        latent: int = 100,
        channels: int = 64,
        width: int = 32,
        refine: int = 0,
        kernel: int = 4,
    ):
        super().__init__()
        self.latent = latent
        self.start = nn.Sequential(
            nn.Linear(latent, 49 * channels, bias=False),
            *_normed(nn.BatchNorm1d(49 * channels)),
            nn.Unflatten(1, (channels, 7, 7)),
        )
        self.mix = nn.Sequential(
            *(
                nn.Sequential(
                    nn.Conv2d(channels, channels, 3, padding=1, bias=False),
                    *_normed(nn.BatchNorm2d(channels)),
                )
                for _ in range(refine)
            )
        )
        self.up = nn.Sequential(doubling(channels, width, kernel), *_normed(nn.BatchNorm2d(width)))
        self.end = doubling(width, 1, kernel)
        glorot(self)

    def forward(self, z: Tensor) -> Tensor:
        x = self.mix(self.start(z))  # (B, channels, 7, 7)
        return torch.tanh(self.end(self.up(x)))  # (B, width, 14, 14), then (B, 1, 28, 28)


class LocalDiscriminator(nn.Module):
    """Convolutions, then one logit from what they found. x (B, 1, 28, 28) -> logits (B, 1).

    Each of the 49 places adds its own part to the logit: nothing asks how places go together.
    """

    def __init__(self, *, width: int = 32):
        super().__init__()
        self.body = windows(width)
        self.head = nn.Linear(2 * width * 49, 1)
        glorot(self)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x))


class WholeDiscriminator(nn.Module):
    """A hidden dense layer puts the places together. x (B, 1, 28, 28) -> logits (B, 1)."""

    def __init__(self, *, width: int = 32, hidden: int = 128):
        super().__init__()
        self.body = nn.Sequential(windows(width), *_hidden(width, hidden))
        self.head = nn.Linear(hidden, 1)
        glorot(self)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x))  # (B, hidden), then (B, 1)


class BatchComparison(nn.Module):
    """How far each picture is from the others of its batch. Features (B, D) -> (B, 2 D).

    The idea of minibatch discrimination (Salimans et al. 2016, section 3.2) without its weights and
    its exponential: for each feature, the mean absolute difference from the batch is appended.
    Karras et al. (2018, section 3) append one standard deviation instead.
    """

    def forward(self, features: Tensor) -> Tensor:
        apart = (features[:, None] - features[None]).abs().mean(1)  # (B, B, D) -> (B, D)
        return torch.cat([features, apart], 1)


class BatchDiscriminator(nn.Module):
    """It also compares the pictures of its batch. x (B, 1, 28, 28) -> logits (B, 1).

    Real and generated pictures must come in batches of their own.
    """

    def __init__(self, *, width: int = 32, hidden: int = 128):
        super().__init__()
        self.body = nn.Sequential(windows(width), *_hidden(width, hidden))
        self.compare = BatchComparison()
        self.head = nn.Linear(2 * hidden, 1)
        glorot(self)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.compare(self.body(x)))  # (B, hidden), (B, 2 hidden), (B, 1)


def windows(width: int) -> nn.Sequential:
    """Two 4x4 convolutions of stride 2: (B, 1, 28, 28) -> (B, 2 width 49)."""
    return nn.Sequential(
        nn.Conv2d(1, width, 4, stride=2, padding=1),
        nn.LeakyReLU(SLOPES[1]),
        nn.Conv2d(width, 2 * width, 4, stride=2, padding=1),
        nn.LeakyReLU(SLOPES[1]),
        nn.Flatten(),
    )


def _hidden(width: int, hidden: int) -> tuple[nn.Module, nn.Module]:
    return nn.Linear(2 * width * 49, hidden), nn.LeakyReLU(SLOPES[1])


def _normed(norm: nn.Module) -> tuple[nn.Module, nn.Module]:
    return norm, nn.LeakyReLU(SLOPES[0])


def doubling(before: int, after: int, kernel: int) -> nn.ConvTranspose2d:
    """A transposed convolution of stride 2: (B, before, S, S) -> (B, after, 2 S, 2 S)."""
    odd = kernel % 2
    return nn.ConvTranspose2d(
        before, after, kernel, stride=2, padding=(kernel - 1) // 2, output_padding=odd, bias=False
    )
