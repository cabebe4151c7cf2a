"""Figures of the lessons: pictures, curves, bars, heat maps. Functions return the figure."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import matplotlib.pyplot as plt
import torch
from cycler import cycler
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from torch import Tensor

# Okabe & Ito (2008): eight colors that color-blind readers can tell apart.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")
STYLE: dict[Any, Any] = {
    "axes.prop_cycle": cycler(color=COLORS),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "font.size": 10,
    "legend.frameon": False,
}
MARKERS = "os^Dv<>P"


def image_rows(
    rows: Mapping[str, Tensor], *, titles: Sequence[str] = (), cell: float = 0.9
) -> Figure:
    """One labeled row of pictures for each entry. Values (N, [1 or 3,] H, W) in [0, 1].

    cell: the side of a picture, in inches.
    """
    count = max(len(pictures) for pictures in rows.values())
    fig, axes = plt.subplots(
        len(rows),
        count,
        figsize=(cell * count + 1.2, cell * len(rows) + 0.3 * bool(titles)),
        squeeze=False,
        layout="constrained",
    )
    for axis in axes.flat:
        axis.set_axis_off()
    for line, (label, pictures) in zip(axes, rows.items()):
        for axis, picture in zip(line, pictures):
            _picture(axis, picture)
        line[0].text(-0.15, 0.5, label, transform=line[0].transAxes, ha="right", va="center")
    for axis, title in zip(axes[0], titles):
        axis.set_title(title, fontsize=9)
    return fig


def image_grid(
    pictures: Tensor, *, columns: int = 8, titles: Sequence[str] = (), cell: float = 0.9
) -> Figure:
    """Pictures (N, [1 or 3,] H, W) in [0, 1] side by side, in rows of `columns`; cell in inches."""
    lines = -(-len(pictures) // columns)
    fig, axes = plt.subplots(
        lines,
        columns,
        figsize=(cell * columns, (cell + 0.2 * bool(titles)) * lines),
        squeeze=False,
        layout="constrained",
    )
    for axis in axes.flat:
        axis.set_axis_off()
    for axis, picture in zip(axes.flat, pictures):
        _picture(axis, picture)
    for axis, title in zip(axes.flat, titles):
        axis.set_title(title, fontsize=9)
    return fig


def curves(
    lines: Mapping[str, Sequence[float] | tuple[Sequence[float], Sequence[float]]],
    *,
    xlabel: str,
    ylabel: str,
    log: bool = False,
    levels: Mapping[str, float] | None = None,
    size: tuple[float, float] | None = None,
) -> Figure:
    """Labeled lines over 1, 2, 3 … or over the first of a pair; `levels` are dashed references.

    With two levels, or five lines in all, no corner is free: then the legend stands beside.
    """
    crowded = len(levels or {}) > 1 or len(lines) + len(levels or {}) > 4
    with plt.rc_context(STYLE):
        fig, axis = plt.subplots(
            figsize=size or (9.0 if crowded else 6.5, 3.6), layout="constrained"
        )
        for (label, values), marker in zip(lines.items(), cycle(MARKERS)):
            x, y = values if isinstance(values, tuple) else (range(1, len(values) + 1), values)
            axis.plot(x, y, label=label, marker=marker, markersize=4)
        free = COLORS[len(lines) : -1][::-1] or COLORS[-2::-1]  # yellow is too pale for a line
        looks = [(color, style) for style in ("--", ":", "-.") for color in free]
        for (label, value), (color, style) in zip((levels or {}).items(), cycle(looks)):
            axis.axhline(value, linestyle=style, linewidth=1.2, color=color, label=label)
        axis.set(xlabel=xlabel, ylabel=ylabel)
        if not any(isinstance(values, tuple) for values in lines.values()):
            axis.xaxis.set_major_locator(MaxNLocator(integer=True))  # there is no epoch 1.5
        if log:
            axis.set_yscale("log")
        axis.legend(**{"loc": "upper left", "bbox_to_anchor": (1, 1)} if crowded else {})
    return fig


def loss_parts(history) -> Figure:
    """The loss of a VAE over the epochs of a training history, with its two parts."""
    columns = {"total": "loss", "reconstruction": "reconstruction", "KL": "kl"}
    lines = {label: history.column(name) for label, name in columns.items()}
    return curves(lines, xlabel="epoch", ylabel="nats for each picture", log=True)


def bars(
    groups: Mapping[str, Mapping[str, float]],
    *,
    ylabel: str,
    size: tuple[float, float] = (6.5, 3.6),
) -> Figure:
    """Grouped bars: a group for each outer key, a color for each inner key (the same in all)."""
    kinds = list(next(iter(groups.values())))
    width = 0.8 / len(kinds)
    with plt.rc_context(STYLE):
        fig, axis = plt.subplots(figsize=size, layout="constrained")
        for place, kind in enumerate(kinds):
            x = [i + (place - (len(kinds) - 1) / 2) * width for i in range(len(groups))]
            axis.bar(x, [group[kind] for group in groups.values()], width, label=kind)
        axis.set_xticks(
            range(len(groups)),
            list(groups),
            rotation=30 if len(groups) > 6 else 0,
            ha="right" if len(groups) > 6 else "center",
        )
        axis.set_ylabel(ylabel)
        axis.grid(axis="x", visible=False)
        if len(kinds) > 1:
            axis.legend()
    return fig


def heatmap(
    values: Tensor,
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    xlabel: str,
    ylabel: str,
    numbers: bool = True,
    bar: str = "",
    size: tuple[float, float] = (4.2, 3.6),
) -> Figure:
    """A matrix (R, C) as colors with a bar, and its numbers in the cells if `numbers`.

    bar: the words beside the bar of colors.
    """
    values = torch.as_tensor(values).float()
    fig, axis = plt.subplots(figsize=size, layout="constrained")
    image = axis.imshow(values.numpy(), cmap="cividis", aspect="auto")
    fig.colorbar(image, ax=axis, label=bar)
    axis.set_xticks(range(len(columns)), columns)
    axis.set_yticks(range(len(rows)), rows)
    axis.set(xlabel=xlabel, ylabel=ylabel)
    middle = float(values.min() + values.max()) / 2
    for (r, c), value in ((index, float(values[index])) for index in _cells(values) if numbers):
        number = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
        axis.text(
            c,
            r,
            number,
            ha="center",
            va="center",
            fontsize=8,
            color="black" if value > middle else "white",
        )
    return fig


def scatter(
    panels: Mapping[str, Tensor],
    labels: Tensor,
    *,
    classes: Sequence[str],
    axis_labels: tuple[str, str] = ("first number", "second number"),
) -> Figure:
    """Points (N, 2) side by side, a color and a marker for each class of labels (N,), its name
    at the median of its points."""
    with plt.rc_context(STYLE):
        fig, axes = plt.subplots(
            1, len(panels), figsize=(5.2 * len(panels), 4.8), squeeze=False, layout="constrained"
        )
    for axis, (title, points) in zip(axes.flat, panels.items()):
        for number, name in enumerate(classes):
            color = COLORS[number % len(COLORS)]
            marker = MARKERS[(number + number // len(COLORS)) % len(MARKERS)]
            x, y = points[labels == number].float().cpu().T
            axis.scatter(x, y, s=5, color=color, marker=marker, alpha=0.45, linewidths=0)
            if len(x):
                frame = {"fc": "white", "ec": color, "alpha": 0.85, "boxstyle": "round,pad=0.15"}
                place = float(x.median()), float(y.median())
                side = ("center", "top", "bottom")[number % 3]  # so that fewer names overlap
                axis.text(*place, name, fontsize=8, ha="center", va=side, bbox=frame)
        axis.set(title=title, xlabel=axis_labels[0], ylabel=axis_labels[1])
    return fig


def maps(panels: Mapping[str, Tensor], *, label: str, cell: float = 2.4) -> Figure:
    """Maps (H, W) of one quantity side by side in the same colors; label: its name and unit."""
    fig, axes = plt.subplots(
        1,
        len(panels),
        figsize=(cell * len(panels) + 0.8, cell + 0.3),
        squeeze=False,
        layout="constrained",
    )
    high = max(float(values.max()) for values in panels.values())
    for axis, (title, values) in zip(axes.flat, panels.items()):
        image = axis.imshow(values.float().cpu().numpy(), cmap="cividis", vmin=0, vmax=high)
        axis.set_title(title, fontsize=9)
        axis.set_axis_off()
    fig.colorbar(image, ax=axes, label=label)
    return fig


def _cells(values: Tensor) -> list[tuple[int, int]]:
    return [(r, c) for r in range(values.shape[0]) for c in range(values.shape[1])]


def _picture(axis, picture: Tensor) -> None:
    """Draw (H, W), (1, H, W) or (3, H, W) in [0, 1]; values outside are clipped."""
    picture = picture.detach().float().cpu().clamp(0, 1)
    if picture.ndim == 3:
        picture = picture.movedim(0, -1).squeeze(-1)
    axis.imshow(picture.numpy(), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
