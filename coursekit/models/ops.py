"""What models share that no paper names: counts, starts, memory orders, kernels."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

BIG = 1 << 23  # weights of transposed convolutions, see `to_device`


def count_parameters(module: nn.Module) -> int:
    """How many weights a network or a layer has, frozen ones included."""
    return sum(weight.numel() for weight in module.parameters())


def to_device(model: nn.Module, device: torch.device) -> nn.Module:
    """Move the model to the device, convolutions in channels-last order (2.6 times faster on CPUs).

    Big transposed convolutions stay as they are on a CPU: oneDNN gives their gradients in another
    order, and to copy those of Pix2Pix's 54 million weights at every step cost a fifth of it.
    """
    layers = [layer for layer in model.modules() if isinstance(layer, nn.ConvTranspose2d)]
    if device.type == "cpu" and sum(layer.weight.numel() for layer in layers) >= BIG:
        return model.to(device)
    return model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]


class Linear(nn.Linear):
    """A dense layer whose big products are 1x1 convolutions. (..., inputs) -> (..., outputs).

    The same sums in another order, for processors where `runtime.convolution_pays`. The batch
    stands as SPLITS pictures of one row each: with fewer, torch does not call oneDNN. Measured on
    an AMD EPYC with AVX-512, forward and backward: 1.2 to 1.8 times as fast from 256 rows on, and
    slower below.
    """

    SPLITS, ROWS = 16, 256

    def forward(self, input: Tensor) -> Tensor:
        rows = input.numel() // self.in_features
        odd = rows < self.ROWS or rows % self.SPLITS or input.dtype != torch.float32
        if odd or input.device.type != "cpu" or torch.is_autocast_enabled("cpu"):
            return super().forward(input)
        stacked = input.reshape(self.SPLITS, 1, -1, self.in_features).permute(0, 3, 1, 2)
        output = F.conv2d(stacked, self.weight[:, :, None, None], self.bias)
        return output.permute(0, 2, 3, 1).reshape(*input.shape[:-1], self.out_features)


def products_by_convolution(model: nn.Module) -> nn.Module:
    """Make every dense layer of the model a `Linear` of this module; in place, weights kept."""
    for layer in model.modules():
        if type(layer) is nn.Linear:
            layer.__class__ = Linear
    return model


def glorot(model: nn.Module) -> None:
    """Uniform weights that keep variances (Glorot & Bengio 2010), biases zero; in place.

    Keras's default, so that of most sources.
    """
    for layer in model.modules():
        if isinstance(layer, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.xavier_uniform_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def double(x: Tensor) -> Tensor:
    """Nearest neighbor: every pixel becomes a block of four. (B, C, H, W) -> (B, C, 2H, 2W)."""
    return F.interpolate(x, scale_factor=2)


class DoubledConv2d(nn.Conv2d):
    """A "same" convolution of [whole, double(small)], computed at half size.

    whole (B, C, 2H, 2W) or none, small (B, D, H, W) -> (B, outputs, 2H, 2W). The weights are those
    of the plain convolution, (outputs, C + D, kernel, kernel). An odd window over a doubled picture
    meets each small pixel up to twice in a row; where it stands (even or odd) decides which of its
    columns meet the same one. Their weights are added first: (kernel + 1) / 2 columns are left, and
    four small convolutions, one for each parity of row and column, give the four pixels of every
    block.
    """

    merge: Tensor

    def __init__(self, whole: int, small: int, outputs: int, kernel: int):
        super().__init__(whole + small, outputs, kernel, padding="same")
        self.whole = whole
        self.register_buffer("merge", _merge(kernel), persistent=False)  # (2, (k + 1) / 2, k)

    def forward(self, small: Tensor, whole: Tensor | None = None) -> Tensor:
        weight, margin = self.weight[:, self.whole :], self._margin()
        padded = F.pad(small, (margin, margin, margin, margin))
        rows = [
            torch.stack([self._parity(padded, weight, p, q) for q in (0, 1)], 3) for p in (0, 1)
        ]
        blocks = torch.stack(rows, 2)  # (B, H, 2, W, 2, outputs)
        out = blocks.flatten(3, 4).flatten(1, 2).movedim(-1, 1)
        if whole is None:
            return out
        return out + F.conv2d(whole, self.weight[:, : self.whole], padding="same")

    def _margin(self) -> int:
        """Small pixels that a window may reach beyond the picture's edge."""
        return (self.kernel_size[0] // 2 + 1) // 2

    def _parity(self, padded: Tensor, weight: Tensor, p: int, q: int) -> Tensor:
        """The pixels in rows of parity p and columns of parity q -> (B, H, W, outputs)."""
        merged = torch.einsum("at,bs,oits->oiab", self.merge[p], self.merge[q], weight)
        size, margin = merged.shape[-1], self._margin()
        top, left = (margin + _first(self.kernel_size[0], parity) for parity in (p, q))
        height, width = (padded.shape[axis] - 2 * margin + size - 1 for axis in (2, 3))
        window = padded[:, :, top : top + height, left : left + width]
        return F.conv2d(window, merged, self.bias).movedim(1, -1)


def _first(kernel: int, parity: int) -> int:
    """The first small column that a window at an even (0) or odd (1) column meets, from its own."""
    return (parity - kernel // 2) // 2


def _merge(kernel: int) -> Tensor:
    """Which of a window's columns meet one small column: ones at [parity, small column, column]."""
    if kernel % 2 == 0:
        raise ValueError(f"kernel is {kernel}: it must be odd, or no window has a middle")
    merge = torch.zeros(2, kernel // 2 + 1, kernel)
    for parity in (0, 1):
        for column in range(kernel):
            merge[parity, (parity + column - kernel // 2) // 2 - _first(kernel, parity), column] = 1
    return merge


def layer_rows(network: nn.Module, example: Tensor) -> list[dict[str, object]]:
    """A row for each layer that has weights: its kind, the size of its output, its weights.

    example: a batch that the network takes; sizes leave the batch out, as in 64x7x7.
    """
    rows: list[dict[str, object]] = []

    def note(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        size = "x".join(map(str, output.shape[1:]))
        kind = type(layer).__name__
        rows.append({"layer": kind, "output": size, "weights": count_parameters(layer)})

    layers = [m for m in network.modules() if not list(m.children()) and count_parameters(m)]
    hooks = [layer.register_forward_hook(note) for layer in layers]
    try:
        network(example)
    finally:
        for hook in hooks:
            hook.remove()
    return rows
