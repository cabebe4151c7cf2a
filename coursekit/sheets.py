"""Many small pictures on one sheet (lessons 08 to 11): tiled into one, or in labeled rows."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure
from torch import Tensor
from torch.nn import functional as F

SHADES = 64  # steps of gray or color in a sheet; 16 turn a gray teal
LEFT, TOP, FRAME = 130, 22, 1  # room in pixels for the labels, the titles, around a picture


def tiled(pictures: Tensor, columns: int = 20, *, gap: int = 0) -> Tensor:
    """Pictures (N, C, H, W) in [0, 1] in rows on white, as one (C, rows * H, columns * W).

    gap: white pixels around each. A last row that is not full is filled with white.
    """
    tiles = F.pad(pictures.clamp(0, 1), (gap, gap, gap, gap), value=1.0)
    tiles = torch.cat([tiles, tiles.new_ones(-len(tiles) % columns, *tiles.shape[1:])])
    lines = tiles.unflatten(0, (-1, columns))  # (rows, columns, C, H, W)
    return lines.permute(2, 0, 3, 1, 4).flatten(3).flatten(1, 2)


def sheet(
    rows: Mapping[str, Tensor],
    *,
    titles: Sequence[str] = (),
    zoom: int | None = None,
    shades: int = SHADES,
) -> Figure:
    """Labeled rows of pictures (N, 3, S, S) in [0, 1], each pixel an exact square of `zoom`.

    shades: steps of each color; fewer keep a notebook smaller, and move hues.
    """
    lines = [
        F.pad((row.clamp(0, 1) * shades).round() / shades, (FRAME,) * 4, value=1.0)
        for row in rows.values()
    ]
    side = lines[0].shape[-1]
    zoom = zoom or max(1, round(128 / side))
    mosaic = torch.cat([torch.cat(list(line), 2) for line in lines], 1)  # (3, rows * S, N * S)
    mosaic = mosaic.repeat_interleave(zoom, 1).repeat_interleave(zoom, 2).movedim(0, -1)
    high, wide = mosaic.shape[0] + TOP, mosaic.shape[1] + LEFT
    fig = plt.figure(figsize=(wide / 100, high / 100))
    axis = fig.add_axes((LEFT / wide, 0, (wide - LEFT) / wide, (high - TOP) / high))
    axis.imshow(mosaic.numpy(), interpolation="nearest", aspect="auto")
    axis.set_axis_off()
    for number, label in enumerate(rows):
        axis.text(-8, (number + 0.5) * side * zoom, label, ha="right", va="center")
    for number, title in enumerate(titles):
        middle = (number + 0.5) * side * zoom
        axis.text(middle, -4, title, ha="center", va="bottom", fontsize=8)
    return fig


def by_epoch(
    rows: Iterable[Mapping], real: Tensor, *, at: Collection[int] | None = None
) -> dict[str, Tensor]:
    """Rows of a history that hold a "grid" (N, C, H, W), by epoch (those in `at`), real ones last.

    real (M, C, H, W): as many of them as the grids have, at most.
    """
    grids = {row["epoch"]: row["grid"] for row in rows if "grid" in row}
    count = max((len(grid) for grid in grids.values()), default=10)
    shown = {f"epoch {epoch}": grid for epoch, grid in grids.items() if not at or epoch in at}
    return {**shown, "real": real[:count]}
