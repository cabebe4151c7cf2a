"""Networks of lesson 02: the source's denoising autoencoder and a gated residual U-Net."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from coursekit.models.ops import glorot


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


class BlindDenoiser(nn.Module):
    """Gated residual U-Net (lesson 02). y (B, 1, H, W) -> the same shape; H, W multiples of 4.

    Not told which noise it gets. `repair` is a classical filter, (B, 1, H, W) -> the same shape:
    its answer m is an input, and a gate g mixes it in at each pixel. The answer is
    y + g (m - y) + r, with r the learned correction. All layers work at half size or below.
    """

    def __init__(self, repair: Callable[[Tensor], Tensor], width: int = 48, deep: int = 64):
        super().__init__()
        self.repair = repair
        self.encode = nn.Sequential(*_conv_relu(12, width), *_conv_relu(width, width))
        self.down = nn.Sequential(nn.Conv2d(width, deep, 2, stride=2), nn.ReLU())
        self.middle = nn.Sequential(*_conv_relu(deep, deep), *_conv_relu(deep, deep))
        self.up = nn.Sequential(nn.Conv2d(deep, 4 * width, 1), nn.PixelShuffle(2))
        self.decode = nn.Sequential(*_conv_relu(width, width), *_conv_relu(width, width))
        self.head = nn.Sequential(nn.Conv2d(width, 8, 3, padding=1), nn.PixelShuffle(2))

    def forward(self, y: Tensor) -> Tensor:
        m, gate, correction = self.parts(y)
        return y + gate * (m - y) + correction

    def parts(self, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The filter's answer, the gate in (0, 1) and the correction, each (B, 1, H, W)."""
        m = self.repair(y)
        extreme = ((y == 0) | (y == 1)).to(y)  # where salt or pepper may be
        x = F.pixel_unshuffle(torch.cat([y, m, extreme], 1), 2)  # (B, 12, H/2, W/2)
        skip = self.encode(x)  # (B, width, H/2, W/2)
        middle = self.middle(self.down(skip))  # (B, deep, H/4, W/4)
        correction, gate = self.head(self.decode(skip + self.up(middle))).split(1, dim=1)
        return m, gate.sigmoid(), correction


def clip(x: Tensor) -> Tensor:
    """Clip to [0, 1]; the gradient passes as if nothing had been clipped. x, any shape -> same.

    The straight-through estimator (Bengio et al. 2013): a pixel below 0 whose truth is above 0
    still learns to rise, and one whose truth is 0 is left in peace.
    """
    return x + (x.clamp(0, 1) - x).detach()


def denoising_loss(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
    """Mean squared error of the clipped answer. batch: noisy, clean (B, 1, H, W) -> scalar."""
    noisy, clean = batch
    return F.mse_loss(clip(model(noisy)), clean)


def _conv_relu(inputs: int, outputs: int, *, padding: int = 1) -> tuple[nn.Module, nn.Module]:
    """A 3x3 convolution and its ReLU."""
    return nn.Conv2d(inputs, outputs, 3, padding=padding), nn.ReLU()
