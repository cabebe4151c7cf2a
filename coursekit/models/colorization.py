"""Networks of lesson 04 that name a color for each pixel: a plain one, a U-Net, and a U-Net with residual blocks.

Pictures in gray x (B, 1, H, W), H and W multiples of 4; a score for each of the colors comes back, (B, colors, H, W).

Doubling repeats every value four times. That changes no batch mean and no batch variance, so a block may normalize
first and double afterwards. And a convolution of a doubled picture can be computed before the doubling: see
`DoubledConv2d`. Both give the source's numbers for less work; the tests compare them with the plain way.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class DownConv(nn.Module):
    """Convolution, max-pooling, batch normalization, ReLU (lesson 04). x (B, inputs, H, W) -> (B, outputs, H/2, W/2)."""

    def __init__(self, inputs: int, outputs: int, kernel: int):
        super().__init__()
        self.layers = nn.Sequential(
            _same(inputs, outputs, kernel), nn.MaxPool2d(2), nn.BatchNorm2d(outputs), nn.ReLU()
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class Bottleneck(nn.Module):
    """Convolution, batch normalization, ReLU (lesson 04). x (B, inputs, H, W) -> (B, outputs, H, W)."""

    def __init__(self, inputs: int, outputs: int, kernel: int):
        super().__init__()
        self.layers = nn.Sequential(
            _same(inputs, outputs, kernel), nn.BatchNorm2d(outputs), nn.ReLU()
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class UpConv(Bottleneck):
    """Convolution, doubling, batch normalization, ReLU (lesson 04). x (B, inputs, H, W) -> (B, outputs, 2H, 2W).

    `small(x)` is the same before the doubling, (B, outputs, H, W).
    """

    def small(self, x: Tensor) -> Tensor:
        return self.layers(x)

    def forward(self, x: Tensor) -> Tensor:
        return double(self.small(x))


class DoubledConv2d(nn.Conv2d):
    """A "same" convolution of [whole, double(small)], computed at half size. whole (B, C, 2H, 2W) or none, small (B, D, H, W).

    The weights are those of the plain convolution, (outputs, C + D, kernel, kernel). An odd window over a doubled picture
    meets each small pixel up to twice in a row; where it stands (even or odd) decides which of its columns meet the same
    one. Their weights are added first: (kernel + 1) / 2 columns are left, and four small convolutions, one for each
    parity of row and column, give the four pixels of every block. -> (B, outputs, 2H, 2W).
    """

    def __init__(self, whole: int, small: int, outputs: int, kernel: int):
        super().__init__(whole + small, outputs, kernel, padding="same")
        self.whole = whole
        self.register_buffer(
            "merge", _merge(kernel), persistent=False
        )  # (2, (kernel + 1) / 2, kernel)

    def forward(self, small: Tensor, whole: Tensor | None = None) -> Tensor:
        weight, kernel = self.weight[:, self.whole :], self.kernel_size[0]
        before, after = (kernel // 2 + 1) // 2, (kernel // 2 + 1) // 2
        padded = F.pad(small, (before, after, before, after))
        rows = [
            torch.stack([self._parity(padded, weight, p, q) for q in (0, 1)], 3) for p in (0, 1)
        ]
        out = (
            torch.stack(rows, 2).flatten(3, 4).flatten(1, 2).movedim(-1, 1)
        )  # (B, H, 2, W, 2, outputs) -> (B, outputs, 2H, 2W)
        if whole is None:
            return out
        return out + F.conv2d(whole, self.weight[:, : self.whole], padding="same")

    def _parity(self, padded: Tensor, weight: Tensor, p: int, q: int) -> Tensor:
        """The pixels in rows of parity p and columns of parity q -> (B, H, W, outputs)."""
        merged = torch.einsum("at,bs,oits->oiab", self.merge[p], self.merge[q], weight)
        size, first = merged.shape[-1], [_first(self.kernel_size[0], parity) for parity in (p, q)]
        margin = (self.kernel_size[0] // 2 + 1) // 2
        top, left = (margin + each for each in first)
        height, width = (padded.shape[axis] - 2 * margin + size - 1 for axis in (2, 3))
        window = padded[:, :, top : top + height, left : left + width]
        return F.conv2d(window, merged, self.bias).movedim(1, -1)


class Projection(nn.Module):
    """1x1 convolution and batch normalization, for an identity path whose channels change (He et al. 2016, section 3.3).

    x (B, inputs, H, W) -> (B, outputs, H/s, W/s). The stride s is taken before the convolution, as a 1x1 window may: oneDNN's own strided kernel wrote past its memory
    for 4 channels in channels-last order (torch 2.13.0, AVX2).
    """

    def __init__(self, inputs: int, outputs: int, *, stride: int = 1):
        super().__init__()
        self.stride = stride
        self.layers = nn.Sequential(nn.Conv2d(inputs, outputs, 1), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x[..., :: self.stride, :: self.stride])


class BaseModel(nn.Module):
    """Two blocks down, a bottleneck, two blocks up, a convolution (lesson 04). x (B, 1, H, W) -> scores (B, colors, H, W)."""

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
    """The base model with each block of the way up fed by its mirror image as well (Ronneberger et al. 2015; lesson 04).

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

    x (B, 1, H, W) -> scores (B, colors, H, W). A 1x1 convolution and batch normalization bring the input to the output's
    channels; on the way down with stride 2, on the way up with a doubling. The bottleneck's input is added as it is.
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


def double(x: Tensor) -> Tensor:
    """Nearest neighbor: every pixel becomes a block of four. (B, C, H, W) -> (B, C, 2H, 2W)."""
    return F.interpolate(x, scale_factor=2)


def _same(inputs: int, outputs: int, kernel: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, padding="same")


def _first(kernel: int, parity: int) -> int:
    """The first small column that a window at an even (0) or odd (1) column meets, relative to its own."""
    return (parity - kernel // 2) // 2


def _merge(kernel: int) -> Tensor:
    """Which of a window's columns meet the same small column: ones at [parity, small column, column]."""
    if kernel % 2 == 0:
        raise ValueError(f"kernel is {kernel}: it must be odd, or no window has a middle")
    merge = torch.zeros(2, kernel // 2 + 1, kernel)
    for parity in (0, 1):
        for column in range(kernel):
            merge[parity, (parity + column - kernel // 2) // 2 - _first(kernel, parity), column] = 1
    return merge
