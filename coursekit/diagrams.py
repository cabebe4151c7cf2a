"""Diagrams of networks and of loops: boxes, arrows between them, in the colors of the plots.

boxes = {"x": Box("picture x\\n784", 0, 0), "z": Box("code z\\n10", 2, 0, kind="value")}
diagrams.graph(boxes, [Arrow("x", "z", "encoder")])
diagrams.funnel([784, 512, 256, 10, 256, 512, 784], marked={3: "code"})
diagrams.hourglass([(3, 64), (12, 32), (24, 16), (12, 32), (3, 64)])
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle
from torch import Tensor

from coursekit.plots import COLORS, STYLE

# What is learned, what flows, what is compared, what is random.
FILLS = {"layer": "#DCEBF7", "value": "#FFFFFF", "loss": "#FBE3D6", "random": "#E4F3EC"}
EDGES = {"layer": COLORS[0], "value": "#555555", "loss": COLORS[1], "random": COLORS[2]}
INCHES = 0.62  # of a unit of the layout


@dataclass(frozen=True)
class Box:
    """A labeled box around (x, y), in units of the layout; kind: a key of FILLS."""

    label: str
    x: float
    y: float
    kind: str = "layer"
    width: float = 1.7
    height: float = 0.9


@dataclass(frozen=True)
class Arrow:
    """An arrow between two boxes, by name. bend: 0 is straight; dashed: no gradient flows."""

    start: str
    end: str
    label: str = ""
    bend: float = 0.0
    dashed: bool = False


def graph(boxes: Mapping[str, Box], arrows: Sequence[Arrow], *, scale: float = 1.0) -> Figure:
    """Boxes at their places with the arrows between them. KeyError on an arrow to no box."""
    left = min(box.x - box.width / 2 for box in boxes.values()) - 0.3
    right = max(box.x + box.width / 2 for box in boxes.values()) + 0.3
    low = min(box.y - box.height / 2 for box in boxes.values()) - 0.5
    high = max(box.y + box.height / 2 for box in boxes.values()) + 0.5
    fig, axis = _canvas((left, right), (low, high), scale)
    patches = {name: _draw(axis, box) for name, box in boxes.items()}
    for arrow in arrows:
        _connect(axis, boxes, patches, arrow)
    return fig


def funnel(
    widths: Sequence[int], *, marked: Mapping[int, str] | None = None, labels: Sequence[str] = ()
) -> Figure:
    """Layers of a dense network as bars, as high as the logarithm of their widths.

    marked: words above a layer, by its place; labels: words between two layers, in order.
    """
    heights = [0.5 + 2.6 * math.log(width) / math.log(max(widths)) for width in widths]
    fig, axis = _canvas((-0.6, 1.5 * len(widths) - 0.9), (-2.3, 2.4), 1.0)
    for place, (width, height) in enumerate(zip(widths, heights, strict=True)):
        kind = "loss" if place in (marked or {}) else "layer"
        x = 1.5 * place
        box = Rectangle((x - 0.22, -height / 2), 0.44, height, fc=FILLS[kind], ec=EDGES[kind])
        axis.add_patch(box)
        axis.text(x, -height / 2 - 0.12, f"{width:,}", ha="center", va="top", fontsize=9)
        axis.text(x, height / 2 + 0.12, (marked or {}).get(place, ""), ha="center", fontsize=9)
        if place:
            tips = (x - 1.5 + 0.26, 0), (x - 0.26, 0)
            axis.add_patch(FancyArrowPatch(*tips, arrowstyle="-|>", mutation_scale=10))
    for place, label in enumerate(labels):
        axis.text(1.5 * place + 0.75, 0.14, label, ha="center", va="bottom", fontsize=7.5)
    return fig


def hourglass(outputs: Sequence[tuple[int, int]], *, skips: bool = True) -> Figure:
    """A U-Net: the input and every block's output as bars, (channels, side) in order.

    As many blocks halve as double. A bar is as high as the logarithm of its side; arcs are skips.
    """
    half, last = len(outputs) // 2, len(outputs) - 1
    heights = [math.log2(side) + 0.6 for _, side in outputs]
    top = max(heights) / 2 + 0.14 * half + 1.2
    fig, axis = _canvas((-0.8, last + 0.8), (-max(heights) / 2 - 1.2, top), 1.0)
    for place, ((channels, side), height) in enumerate(zip(outputs, heights, strict=True)):
        kind = "value" if place in (0, last) else "layer" if place <= half else "random"
        box = Rectangle((place - 0.26, -height / 2), 0.52, height, fc=FILLS[kind], ec=EDGES[kind])
        axis.add_patch(box)
        label = f"{channels}\n{side}x{side}"
        axis.text(place, -height / 2 - 0.12, label, ha="center", va="top", fontsize=8)
    for place in range(1, half) if skips else ():
        tips = (place, heights[place] / 2 + 0.08), (last - place, heights[place] / 2 + 0.08)
        bend = f"arc3,rad={-0.16 - 0.02 * place}"
        arrow = FancyArrowPatch(*tips, arrowstyle="-|>", mutation_scale=10, connectionstyle=bend)
        arrow.set_color(COLORS[2])
        axis.add_patch(arrow)
    axis.text(half / 2, top - 0.5, "encoder", color=COLORS[0], ha="center")
    axis.text(1.5 * half, top - 0.5, "decoder", color=COLORS[2], ha="center")
    return fig


def planes(
    points: Mapping[str, Tensor],
    *,
    reach: float,
    arrows: Mapping[str, tuple[Tensor, Tensor]] | None = None,
    cell: float = 3.2,
) -> Figure:
    """Points (N, 2) in planes side by side, one for each name, from -reach to reach both ways.

    arrows: by the same names, where they start and where they go, both (M, 2); one scale for all.
    """
    longest = max((float(go.norm(dim=1).max()) for _, go in (arrows or {}).values()), default=1.0)
    with plt.rc_context(STYLE):
        fig, axes = plt.subplots(
            1,
            len(points),
            figsize=(cell * len(points), cell + 0.4),
            squeeze=False,
            layout="constrained",
        )
    for axis, (title, cloud) in zip(axes.flat, points.items()):
        axis.scatter(*cloud.cpu().T, s=4, color=COLORS[5], alpha=0.5, linewidths=0)
        if arrows and title in arrows:
            start, go = (values.cpu() for values in arrows[title])
            scale = 9 * longest  # the longest arrow is a ninth of the plane's width
            axis.quiver(*start.T, *go.T, color=COLORS[1], angles="xy", scale=scale, width=0.005)
        axis.set(title=title, xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
        axis.set(xlabel="$x_1$", ylabel="$x_2$")
    return fig


def _canvas(x: tuple[float, float], y: tuple[float, float], scale: float) -> tuple[Figure, Axes]:
    """An empty axis where a unit is as long both ways."""
    size = ((x[1] - x[0]) * INCHES * scale, (y[1] - y[0]) * INCHES * scale)
    fig = plt.figure(figsize=size)
    axis = fig.add_axes((0, 0, 1, 1))
    axis.set(xlim=x, ylim=y)
    axis.set_axis_off()
    return fig, axis


def _draw(axis: Axes, box: Box) -> FancyBboxPatch:
    corner = (box.x - box.width / 2, box.y - box.height / 2)
    patch = FancyBboxPatch(
        corner,
        box.width,
        box.height,
        boxstyle="round,pad=0,rounding_size=0.12",
        fc=FILLS[box.kind],
        ec=EDGES[box.kind],
    )
    axis.add_patch(patch)
    axis.text(box.x, box.y, box.label, ha="center", va="center", fontsize=9)
    return patch


def _connect(
    axis: Axes, boxes: Mapping[str, Box], patches: Mapping[str, FancyBboxPatch], arrow: Arrow
) -> None:
    start, end = boxes[arrow.start], boxes[arrow.end]
    axis.add_patch(
        FancyArrowPatch(
            (start.x, start.y),
            (end.x, end.y),
            patchA=patches[arrow.start],
            patchB=patches[arrow.end],
            arrowstyle="-|>",
            mutation_scale=12,
            shrinkA=2,
            shrinkB=2,
            linestyle="--" if arrow.dashed else "-",
            connectionstyle=f"arc3,rad={arrow.bend}",
            color="#333333",
        )
    )
    # beside the middle of the arrow, on the side to which it bends
    dx, dy = end.x - start.x, end.y - start.y
    middle = (start.x + dx / 2 + arrow.bend * dy / 2, start.y + dy / 2 - arrow.bend * dx / 2)
    level = abs(dy) < 0.3 * abs(dx)
    axis.text(
        middle[0] + (0 if level else 0.12),
        middle[1] + (0.12 if level else 0),
        arrow.label,
        ha="center" if level else "left",
        va="bottom" if level else "center",
        fontsize=8,
    )
