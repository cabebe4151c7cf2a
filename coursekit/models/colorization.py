"""Networks of lesson 04 that name a color for each pixel: plain, U-Net, residual U-Net, and one
that starts at a lookup table.

Pictures in gray x (B, 1, H, W), H and W multiples of 4; a score for each of the colors comes back,
(B, colors, H, W).

Doubling repeats every value four times. That changes no batch mean and no batch variance, so a
block may normalize first and double afterwards. And a convolution of a doubled picture can be
computed before the doubling: see `ops.DoubledConv2d`. Both give the source's numbers for less work;
the tests compare them with the plain way.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from coursekit.models.ops import DoubledConv2d, double


class DownConv(nn.Module):
    """Convolution, max-pooling, norm, ReLU. x (B, inputs, H, W) -> (B, outputs, H/2, W/2)."""

    def __init__(self, inputs: int, outputs: int, kernel: int):
        super().__init__()
        self.layers = nn.Sequential(
            _same(inputs, outputs, kernel), nn.MaxPool2d(2), nn.BatchNorm2d(outputs), nn.ReLU()
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class Bottleneck(nn.Module):
    """Convolution, batch norm, ReLU. x (B, inputs, H, W) -> (B, outputs, H, W)."""

    def __init__(self, inputs: int, outputs: int, kernel: int):
        super().__init__()
        self.layers = nn.Sequential(
            _same(inputs, outputs, kernel), nn.BatchNorm2d(outputs), nn.ReLU()
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class UpConv(Bottleneck):
    """Convolution, doubling, norm, ReLU. x (B, inputs, H, W) -> (B, outputs, 2H, 2W).

    `small(x)` is the same before the doubling, (B, outputs, H, W).
    """

    def small(self, x: Tensor) -> Tensor:
        return self.layers(x)

    def forward(self, x: Tensor) -> Tensor:
        return double(self.small(x))


class Projection(nn.Module):
    """An identity path whose channels change (He et al. 2016, section 3.3): 1x1 convolution, norm.

    x (B, inputs, H, W) -> (B, outputs, H/s, W/s). The stride s is taken before the convolution, as
    a 1x1 window may: oneDNN's own strided kernel wrote past its memory for 4 channels in
    channels-last order (torch 2.13.0, AVX2).
    """

    def __init__(self, inputs: int, outputs: int, *, stride: int = 1):
        super().__init__()
        self.stride = stride
        self.layers = nn.Sequential(nn.Conv2d(inputs, outputs, 1), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x[..., :: self.stride, :: self.stride])


class InLevels(nn.Module):
    """A network that gets gray in another unit: x (B, 1, H, W) in [0, 1] -> levels * (x - 0.5).

    With 255 levels black is -127.5 and white 127.5.
    """

    def __init__(self, network: nn.Module, *, levels: float = 255.0):
        super().__init__()
        self.network, self.levels = network, levels

    def forward(self, x: Tensor) -> Tensor:
        return self.network(self.levels * (x - 0.5))


class BaseModel(nn.Module):
    """Two blocks down, a bottleneck, two blocks up. x (B, 1, H, W) -> scores (B, colors, H, W)."""

    def __init__(self, kernel: int, filters: int, colors: int = 24):
        super().__init__()
        self.down1 = DownConv(1, filters, kernel)
        self.down2 = DownConv(filters, 2 * filters, kernel)
        self.bottleneck = Bottleneck(2 * filters, 2 * filters, kernel)
        self.up1 = UpConv(2 * filters, filters, kernel)
        self.up2 = UpConv(filters, colors, kernel)
        self.final = DoubledConv2d(0, colors, colors, kernel)

    def forward(self, x: Tensor) -> Tensor:
        first = self.down1(x)  # (B, filters, H/2, W/2)
        second = self.down2(first)  # (B, 2 filters, H/4, W/4)
        third = self.bottleneck(second)  # (B, 2 filters, H/4, W/4)
        fourth = self.up1(third)  # (B, filters, H/2, W/2)
        return self.final(self.up2.small(fourth))  # (B, colors, H, W)


class CustomUNet(nn.Module):
    """Each block of the way up sees its mirror image as well (Ronneberger et al. 2015).

    x (B, 1, H, W) -> scores (B, colors, H, W).
    """

    def __init__(self, kernel: int, filters: int, colors: int = 24):
        super().__init__()
        self.down1 = DownConv(1, filters, kernel)
        self.down2 = DownConv(filters, 2 * filters, kernel)
        self.bottleneck = Bottleneck(2 * filters, 2 * filters, kernel)
        self.up1 = UpConv(4 * filters, filters, kernel)
        self.up2 = UpConv(2 * filters, colors, kernel)
        self.final = DoubledConv2d(1, colors, colors, kernel)

    def forward(self, x: Tensor) -> Tensor:
        first = self.down1(x)  # (B, filters, H/2, W/2)
        second = self.down2(first)  # (B, 2 filters, H/4, W/4)
        third = self.bottleneck(second)  # (B, 2 filters, H/4, W/4)
        fourth = self.up1(torch.cat([second, third], 1))  # (B, filters, H/2, W/2)
        fifth = self.up2.small(torch.cat([first, fourth], 1))  # (B, colors, H/2, W/2)
        return self.final(fifth, x)  # (B, colors, H, W)


class ResidualUNet(nn.Module):
    """The U-Net with the input of each block added to its output (He et al. 2016; lesson 04).

    x (B, 1, H, W) -> scores (B, colors, H, W). A 1x1 convolution and batch normalization bring the
    input to the output's channels; on the way down with stride 2, on the way up with a doubling.
    The bottleneck's input is added as it is.
    """

    def __init__(self, kernel: int, filters: int, colors: int = 24):
        super().__init__()
        self.down1, self.skip1 = DownConv(1, filters, kernel), Projection(1, filters, stride=2)
        self.down2, self.skip2 = (
            DownConv(filters, 2 * filters, kernel),
            Projection(filters, 2 * filters, stride=2),
        )
        self.bottleneck = Bottleneck(2 * filters, 2 * filters, kernel)
        self.up1, self.skip4 = (
            UpConv(4 * filters, filters, kernel),
            Projection(4 * filters, filters),
        )
        self.up2, self.skip5 = UpConv(2 * filters, colors, kernel), Projection(2 * filters, colors)
        self.final = DoubledConv2d(1, colors, colors, kernel)

    def forward(self, x: Tensor) -> Tensor:
        first = self.down1(x) + self.skip1(x)  # (B, filters, H/2, W/2)
        second = self.down2(first) + self.skip2(first)  # (B, 2 filters, H/4, W/4)
        third = self.bottleneck(second) + second  # (B, 2 filters, H/4, W/4)
        joined = torch.cat([second, third], 1)
        fourth = double(self.up1.small(joined) + self.skip4(joined))  # (B, filters, H/2, W/2)
        joined = torch.cat([first, fourth], 1)
        fifth = self.up2.small(joined) + self.skip5(joined)  # (B, colors, H/2, W/2)
        return self.final(fifth, x)  # (B, colors, H, W)


class RandomGamma(nn.Module):
    """Each picture x (B, 1, H, W) in [0, 1] to a power of its own, in training only.

    The powers are exp(spread * n) with n normal: darker or lighter pictures, black stays black.
    """

    def __init__(self, spread: float):
        super().__init__()
        self.spread = spread

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.spread == 0:
            return x
        power = torch.exp(self.spread * torch.randn(len(x), 1, 1, 1)).to(x)
        return x**power


class TableUNet(nn.Module):
    """A lookup table plus a U-Net that corrects it (lesson 04). Before training it is the table.

    x (B, 1, H, W), sides in eights -> scores (B, colors, H, W). table (256, colors): log p(color |
    gray), which stays as it is. The first block is not pooled, so that the last layer still sees
    every pixel; the last layer starts at zero.
    """

    table: Tensor

    def __init__(self, table: Tensor, *, width: int = 12, gamma: float = 0.5):
        super().__init__()
        self.register_buffer("table", table)
        self.gamma = RandomGamma(gamma)
        self.first = Bottleneck(1, width, 3)
        self.down1 = Bottleneck(width, 2 * width, 3)
        self.down2 = Bottleneck(2 * width, 4 * width, 3)
        self.down3 = Bottleneck(4 * width, 4 * width, 3)
        self.middle = Bottleneck(4 * width, 4 * width, 3)
        self.up3 = UpConv(8 * width, 4 * width, 3)
        self.up2 = UpConv(8 * width, 2 * width, 3)
        self.up1 = UpConv(4 * width, width, 3)
        self.last = nn.Conv2d(2 * width, table.shape[1], 1)
        for weight in self.last.parameters():
            nn.init.zeros_(weight)

    def forward(self, x: Tensor) -> Tensor:
        prior = self.table[(255 * x[:, 0]).round().long()].movedim(-1, 1)  # (B, colors, H, W)
        first = self.first(4 * self.gamma(x) - 2)  # (B, width, H, W)
        second = self.down1(F.max_pool2d(first, 2))  # (B, 2 width, H/2, W/2)
        third = self.down2(F.max_pool2d(second, 2))  # (B, 4 width, H/4, W/4)
        fourth = self.down3(F.max_pool2d(third, 2))  # (B, 4 width, H/8, W/8)
        up = self.up3(torch.cat([fourth, self.middle(fourth)], 1))  # (B, 4 width, H/4, W/4)
        up = self.up2(torch.cat([third, up], 1))  # (B, 2 width, H/2, W/2)
        up = self.up1(torch.cat([second, up], 1))  # (B, width, H, W)
        return prior + self.last(torch.cat([first, up], 1))


def _same(inputs: int, outputs: int, kernel: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, padding="same")
