"""Pairs of pictures for image translation (lesson 11): jitter that keeps them aligned, edges of
drawings, value ranges."""

import torch
from torch import Tensor
from torch.nn import functional as F

from coursekit.datasets.dataset import Split

ENLARGED = 286 / 256  # pix2pix, appendix 6.2: 256 -> 286, cut back to 256


def to_signed(pictures: Tensor) -> Tensor:
    """[0, 1] -> [-1, 1], the range of tanh."""
    return pictures * 2 - 1


def to_unit(pictures: Tensor) -> Tensor:
    """[-1, 1] -> [0, 1], clipped."""
    return ((pictures + 1) / 2).clamp(0, 1)


def channels_first(pictures: Tensor) -> Tensor:
    """As stored (N, H, W, C) -> as networks take them (N, C, H, W); a view, which is
    channels-last already."""
    return pictures.movedim(-1, 1)


def jitter(
    photos: Tensor, targets: Tensor, *, generator: torch.Generator, enlarge: float = ENLARGED
) -> tuple[Tensor, Tensor]:
    """Enlarge, cut a random window of the old size, mirror half of them: the same for both of a
    pair. (B, C, S, S) twice."""
    count, size = len(photos), photos.shape[-1]
    large = max(size, round(size * enlarge))
    places = torch.randint(0, large - size + 1, (count, 2), generator=generator).tolist()
    turned = (torch.rand(count, generator=generator) < 0.5).tolist()
    photo_windows = _windows(_resize(photos, large), size, places, turned)
    return photo_windows, _windows(_resize(targets, large), size, places, turned)


def edges(pictures: Tensor, *, threshold: float = 0.15) -> Tensor:
    """Dark lines on white where a channel's slope exceeds threshold.

    uint8 (N, H, W, 3) -> uint8 (N, H, W, 3). The slope is Sobel's, in intensity (0 to 1) a pixel;
    of each step only the steepest pixel across it is kept.
    """
    values = channels_first(pictures).float() / 255  # (N, 3, H, W)
    dx, dy = _slopes(values)
    steep, channel = (dx.square() + dy.square()).sqrt().max(1, keepdim=True)
    dx, dy = dx.gather(1, channel), dy.gather(1, channel)
    across = torch.where(dx.abs() > dy.abs(), _crest(steep, 3), _crest(steep, 2))
    line = (steep > threshold) & across
    return torch.where(line, 0, 255).to(torch.uint8).movedim(1, -1).expand(-1, -1, -1, 3)


def from_edges(split: Split, **options: float) -> Split:
    """Drawings of one size -> pairs: images their edges, targets the drawings."""
    if not isinstance(split.images, Tensor):
        raise TypeError(f"edges need pictures of one size, not a {type(split.images).__name__}")
    return Split(edges(split.images, **options), split.labels, split.names, split.images)


def _resize(pictures: Tensor, size: int) -> Tensor:
    return F.interpolate(pictures, size=(size, size), mode="bilinear", align_corners=False)


def _windows(pictures: Tensor, size: int, places: list[list[int]], turned: list[bool]) -> Tensor:
    """One window of each picture at its place (row, column), mirrored left to right where told."""
    cut = [
        picture[:, row : row + size, column : column + size]
        for picture, (row, column) in zip(pictures, places)
    ]
    return torch.stack(
        [picture.flip(-1) if turn else picture for picture, turn in zip(cut, turned)]
    )


def _slopes(values: Tensor) -> tuple[Tensor, Tensor]:
    """Sobel's derivatives along x and y, in units a pixel. (N, C, H, W) -> the same shape twice."""
    padded = F.pad(values, (1, 1, 1, 1), mode="replicate")
    smooth_y = (padded[:, :, :-2] + 2 * padded[:, :, 1:-1] + padded[:, :, 2:]) / 4
    smooth_x = (padded[..., :-2] + 2 * padded[..., 1:-1] + padded[..., 2:]) / 4
    dx = (smooth_y[..., 2:] - smooth_y[..., :-2]) / 2
    dy = (smooth_x[:, :, 2:] - smooth_x[:, :, :-2]) / 2
    return dx, dy


def _crest(steep: Tensor, axis: int) -> Tensor:
    """True where a value is not below its two neighbors along the axis (and above one side, so
    plateaus are one wide)."""
    before, after = steep.roll(1, axis), steep.roll(-1, axis)
    return (steep >= before) & (steep > after)
