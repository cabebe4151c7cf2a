"""Diagrams: each box and arrow is there, with its words, and lies on the canvas."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import pytest
import torch
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

from coursekit import diagrams
from coursekit.diagrams import Arrow, Box

BOXES = {"x": Box("picture", 0, 0, "value"), "f": Box("encoder", 3, 0), "z": Box("code", 3, -2)}


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def words(fig):
    return [text.get_text() for text in fig.axes[0].texts if text.get_text()]


def patches(fig, kind):
    return [patch for patch in fig.axes[0].patches if isinstance(patch, kind)]


def test_a_graph_shows_every_box_and_arrow_with_its_words():
    fig = diagrams.graph(BOXES, [Arrow("x", "f"), Arrow("f", "z", "squeeze", bend=0.2)])
    assert words(fig) == ["picture", "encoder", "code", "squeeze"]
    assert len(patches(fig, FancyBboxPatch)) == 3
    assert len(patches(fig, FancyArrowPatch)) == 2


def test_every_box_lies_on_the_canvas():
    axis = diagrams.graph(BOXES, []).axes[0]
    for box in patches(axis.figure, FancyBboxPatch):
        x0, y0, x1, y1 = box.get_x(), box.get_y(), *(box.get_x() + box.get_width(),) * 2
        y1 = y0 + box.get_height()
        assert axis.get_xlim()[0] < x0 < x1 < axis.get_xlim()[1]
        assert axis.get_ylim()[0] < y0 < y1 < axis.get_ylim()[1]


def test_an_arrow_to_no_box_is_named():
    with pytest.raises(KeyError, match="nowhere"):
        diagrams.graph(BOXES, [Arrow("x", "nowhere")])


def test_a_dashed_arrow_is_dashed():
    fig = diagrams.graph(BOXES, [Arrow("x", "f", dashed=True), Arrow("f", "z")])
    assert [arrow.get_linestyle() for arrow in patches(fig, FancyArrowPatch)] == ["--", "-"]


def test_a_funnel_is_lowest_at_its_code():
    fig = diagrams.funnel([784, 256, 10, 256, 784], marked={2: "code"}, labels=["ReLU"] * 4)
    heights = [bar.get_height() for bar in patches(fig, Rectangle)]
    assert min(heights) == heights[2] and heights == heights[::-1]
    assert words(fig).count("ReLU") == 4 and "code" in words(fig) and "784" in words(fig)


def test_planes_show_points_and_arrows_in_one_scale_and_titles():
    points = {"true": torch.zeros(5, 2), "learned": torch.ones(4, 2)}
    start = torch.tensor([[0.0, 0.0], [1.0, 1.0]])
    arrows = {name: (start, size * start) for name, size in (("true", 1.0), ("learned", 2.0))}
    fig = diagrams.planes(points, reach=2, arrows=arrows)
    assert [axis.get_title() for axis in fig.axes] == ["true", "learned"]
    quivers = [axis.collections[1] for axis in fig.axes]
    assert quivers[0].scale == quivers[1].scale and quivers[1].U.tolist() == [0, 2]
    assert len(diagrams.planes(points, reach=2).axes[0].collections) == 1


def test_an_hourglass_has_a_bar_for_every_output_and_an_arc_for_every_skip():
    outputs = [(3, 16), (4, 8), (8, 4), (8, 2), (8, 4), (4, 8), (3, 16)]
    fig = diagrams.hourglass(outputs)
    assert len(patches(fig, Rectangle)) == 7 and len(patches(fig, FancyArrowPatch)) == 2
    assert "8\n2x2" in words(fig)
    assert not patches(diagrams.hourglass(outputs, skips=False), FancyArrowPatch)
