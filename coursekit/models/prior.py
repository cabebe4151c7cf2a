"""A learned prior over codes (lesson 08): a small PixelCNN says which code comes next."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class MaskedConv2d(nn.Conv2d):
    """Sees only cells above and to the left (van den Oord et al. 2016a, section 3.4) -> same H, W.

    sees_itself: the middle too (mask B); the first layer must not (mask A), or it would be told the
    answer.
    """

    mask: Tensor

    def __init__(self, inputs: int, outputs: int, size: int, *, sees_itself: bool):
        super().__init__(inputs, outputs, size, padding=size // 2)
        mask = torch.zeros(size, size)
        mask[: size // 2] = 1  # the rows above
        mask[size // 2, : size // 2 + sees_itself] = 1  # this row, to the left
        self.register_buffer("mask", mask)

    def forward(self, x: Tensor) -> Tensor:
        return self._conv_forward(x, self.weight * self.mask, self.bias)


class MaskedResidual(nn.Module):
    """x + 1x1(ReLU(masked 3x3(ReLU(x)))). (B, width, H, W) -> the same shape."""

    def __init__(self, width: int):
        super().__init__()
        self.layers = nn.Sequential(
            nn.ReLU(),
            MaskedConv2d(width, width // 2, 3, sees_itself=True),
            nn.ReLU(),
            nn.Conv2d(width // 2, width, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


class PixelCNN(nn.Module):
    """Autoregressive prior (van den Oord et al. 2016a). codes (B, H, W) -> logits (B, K, H, W).

    The logits of a cell depend on the cells before it in reading order and on its place, which has
    a vector of its own: in pictures that are aligned, as faces are, the place alone says much.
    """

    def __init__(self, codes: int = 256, size: int = 16, *, width: int = 64, blocks: int = 3):
        super().__init__()
        self.codes, self.size = codes, size
        self.reach = 2 + blocks  # cells that a logit sees in each direction: 5x5, then 3x3 each
        self.embedding = nn.Embedding(codes, width)
        self.first = MaskedConv2d(width, width, 5, sees_itself=False)
        self.place = nn.Parameter(torch.zeros(1, width, size, size))
        self.blocks = nn.Sequential(
            *(MaskedResidual(width) for _ in range(blocks)), nn.ReLU(), nn.Conv2d(width, codes, 1)
        )

    def forward(self, codes: Tensor, *, top: int = 0, left: int = 0) -> Tensor:
        """top, left: where the codes lie, when they are a part of a grid."""
        x = self.embedding(codes).movedim(-1, 1)  # (B, width, h, w)
        rows, columns = codes.shape[1:]
        place = self.place[:, :, top : top + rows, left : left + columns]
        return self.blocks(self.first(x) + place)

    def nats(self, codes: Tensor) -> Tensor:
        """-log p(codes) of each grid: what an arithmetic coder with this prior would spend.

        (B, H, W) -> (B,).
        """
        return F.cross_entropy(self(codes).float(), codes, reduction="none").flatten(1).sum(1)

    @torch.no_grad()
    def sample(self, count: int, *, generator: torch.Generator | None = None) -> Tensor:
        """Draw grids cell by cell, each from the part that its logits see. -> (count, H, W)."""
        codes = torch.zeros(
            count, self.size, self.size, dtype=torch.int64, device=self.place.device
        )
        for row in range(self.size):
            for column in range(self.size):
                top, left = (max(0, place - self.reach) for place in (row, column))
                seen = codes[:, top : row + 1, left : column + self.reach + 1]
                logits = self(seen, top=top, left=left)[:, :, -1, column - left]  # (count, K)
                share = logits.float().softmax(1).cpu()
                sampled = torch.multinomial(share, 1, generator=generator)
                codes[:, row, column] = sampled.flatten().to(codes.device)
        return codes
