"""A U-Net that enlarges and then convolves, and adds its answer to its input (lesson 11).

Beside the published blocks of `pix2pix`: skips at every size, the full one included, and no
transposed convolution (Odena et al. 2016). Pictures are in [-1, 1].
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Norm = Callable[[int], nn.Module]


class Halve(nn.Module):
    """A 4x4 convolution of stride 2, norm, leak. x (B, inputs, H, W) -> (B, outputs, H/2, W/2)."""

    def __init__(self, inputs: int, outputs: int, *, norm: Norm = nn.Identity):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(inputs, outputs, 4, stride=2, padding=1), norm(outputs), nn.LeakyReLU(0.2)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class ResizeUp(nn.Module):
    """Nearest pixels, then a 3x3 convolution. x (B, inputs, H, W) -> (B, outputs, 2H, 2W)."""

    def __init__(self, inputs: int, outputs: int, *, norm: Norm = nn.Identity):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, padding=1), norm(outputs), nn.ReLU()
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(F.interpolate(x, scale_factor=2, mode="nearest"))


class ResizeUNet(nn.Module):
    """A correction of its input (lesson 11). x (B, 3, S, S) in [-1, 1] -> (B, 3, S, S).

    widths: channels at the sides S, S/2, S/4, ... The last layer starts at zero, so that the
    untrained network gives its input back.
    """

    def __init__(
        self,
        widths: Sequence[int] = (12, 24, 48, 96, 96),
        *,
        norm: Norm = nn.Identity,
        skips: bool = True,
    ):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, widths[0], 3, padding=1), nn.LeakyReLU(0.2))
        self.down = nn.ModuleList(
            Halve(*pair, norm=norm if number < len(widths) - 2 else nn.Identity)
            for number, pair in enumerate(zip(widths, widths[1:]))
        )
        self.kept = 1 + skips  # what comes from below, and beside it what the encoder had there
        wide = [widths[-1], *(self.kept * channels for channels in widths[-2::-1])]
        self.up = nn.ModuleList(ResizeUp(*pair, norm=norm) for pair in zip(wide, widths[-2::-1]))
        self.last = nn.Conv2d(wide[-1], 3, 3, padding=1)
        for weights in self.last.parameters():
            nn.init.zeros_(weights)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.correction(x)

    def correction(self, x: Tensor) -> Tensor:
        """What is added to the input, (B, 3, S, S)."""
        maps = [self.stem(x)]  # (B, widths[0], S, S)
        for block in self.down:
            maps.append(block(maps[-1]))  # (B, widths[i], S / 2**i, ...)
        h = maps.pop()
        for block in self.up:
            h = torch.cat([block(h), maps.pop()][: self.kept], 1)
        return self.last(h)
