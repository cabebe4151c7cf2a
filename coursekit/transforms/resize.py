"""Pictures as networks take them, and smaller ones (lessons 06 and 07)."""

import torch
from torch import Tensor
from torch.nn import functional as F

from coursekit.datasets.batches import to_float


def to_input(pictures: Tensor) -> Tensor:
    """As stored, uint8 (N, H, W, 3) -> as networks take them, float (N, 3, H, W) in [0, 1]."""
    return to_float(pictures).movedim(-1, 1)


def shrink(pictures: Tensor, side: int) -> Tensor:
    """Floats (N, 3, H, W) -> (N, 3, side, side), smoothly."""
    return F.interpolate(pictures, size=side, mode="bilinear", antialias=True, align_corners=False)


def shrink_stored(pictures: Tensor, side: int, *, part: int = 500) -> Tensor:
    """The same for uint8 (N, H, W, 3) -> (N, side, side, 3); only `part` are floats at a time."""
    return torch.cat(
        [
            (255 * shrink(to_input(some), side)).round().to(torch.uint8).movedim(1, -1)
            for some in pictures.split(part)
        ]
    )
