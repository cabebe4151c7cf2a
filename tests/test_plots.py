"""Figures hold what they were given: picture, line, bar, number at its place, axes named."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import pytest
import torch

from coursekit import plots


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def shown(axis):
    """The pixels of an axis's one picture."""
    (image,) = axis.images
    return torch.as_tensor(image.get_array().data)


def test_rows_put_each_picture_in_its_place():
    top, bottom = torch.rand(3, 5, 5), torch.rand(2, 1, 5, 5)
    fig = plots.image_rows({"original": top, "copy": bottom}, titles=["a", "b", "c"])
    axes = fig.axes
    assert len(axes) == 6
    for i in range(3):
        assert torch.equal(shown(axes[i]), top[i]) and axes[i].get_title() == "abc"[i]
    for i in range(2):
        assert torch.equal(shown(axes[3 + i]), bottom[i, 0])
    assert not axes[5].images
    assert [axes[0].texts[0].get_text(), axes[3].texts[0].get_text()] == ["original", "copy"]


def test_pictures_share_one_gray_scale_and_are_clipped():
    fig = plots.image_grid(torch.tensor([[[0.4, 0.5]], [[-1.0, 2.0]]]), columns=2)
    assert all(
        axis.images[0].get_clim() == (0, 1) and axis.images[0].get_cmap().name == "gray"
        for axis in fig.axes
    )
    assert shown(fig.axes[1]).tolist() == [[0, 1]]


def test_color_pictures_move_channels_last():
    picture = torch.rand(1, 3, 4, 6)
    assert torch.equal(
        shown(plots.image_grid(picture, columns=1).axes[0]), picture[0].movedim(0, -1)
    )


def test_grid_fills_row_by_row_and_leaves_the_rest_empty():
    pictures = torch.rand(5, 4, 4, requires_grad=True)
    axes = plots.image_grid(pictures, columns=3, titles=list("vwxyz")).axes
    assert len(axes) == 6 and not axes[5].images and not axes[5].axison
    assert all(torch.equal(shown(axes[i]), pictures[i].detach()) for i in range(5))
    assert [axis.get_title() for axis in axes[:5]] == list("vwxyz")
    assert axes[3].get_gridspec().get_geometry() == (2, 3)


def test_curves_draw_the_numbers_with_names_and_axes():
    fig = plots.curves(
        {"train": [3.0, 2.0, 1.0], "pca": ([2, 8], [0.5, 0.25])},
        xlabel="epoch",
        ylabel="MSE",
        levels={"source": 0.7},
        log=True,
    )
    (axis,) = fig.axes
    train, pca, source = axis.lines
    assert list(train.get_xdata()) == [1, 2, 3] and list(train.get_ydata()) == [3, 2, 1]
    assert list(pca.get_xdata()) == [2, 8] and list(pca.get_ydata()) == [0.5, 0.25]
    assert set(source.get_ydata()) == {0.7}
    assert (axis.get_xlabel(), axis.get_ylabel(), axis.get_yscale()) == ("epoch", "MSE", "log")
    assert [text.get_text() for text in axis.get_legend().texts] == ["train", "pca", "source"]
    assert (
        len({line.get_color() for line in axis.lines})
        == len({line.get_marker() for line in axis.lines})
        == 3
    )


@pytest.mark.parametrize("lines, levels", [(2, 2), (4, 1), (5, 0)])
def test_a_legend_that_finds_no_free_corner_stands_beside_the_axes(lines, levels):
    fig = plots.curves(
        {f"line {n}": [n, 5 - n, n] for n in range(lines)},
        xlabel="epoch",
        ylabel="y",
        levels={f"level {n}": 4.5 - n for n in range(levels)},
    )
    fig.canvas.draw()
    (axis,) = fig.axes
    legend = axis.get_legend().get_window_extent()
    assert legend.x0 >= axis.get_window_extent().x1 and legend.x1 <= fig.bbox.x1


def test_curves_over_epochs_mark_whole_epochs_only():
    fig = plots.curves({"a": [3.0, 2.0, 1.5, 1.0]}, xlabel="epoch", ylabel="y")
    fig.canvas.draw()
    assert all(tick == round(tick) for tick in fig.axes[0].get_xticks())


def test_no_level_looks_like_a_line_or_another_level():
    lines = {f"line {n}": [1.0, 2.0] for n in range(4)}
    fig = plots.curves(
        lines, xlabel="x", ylabel="y", levels={f"level {n}": float(n) for n in range(4)}
    )
    drawn = fig.axes[0].lines
    assert len({(line.get_color(), line.get_linestyle()) for line in drawn}) == 8
    assert not {line.get_color() for line in drawn[:4]} & {line.get_color() for line in drawn[4:]}


@pytest.mark.parametrize("lines, levels", [(30, 0), (1, 10)])
def test_curves_leave_no_line_out(lines, levels):
    fig = plots.curves(
        {f"line {i}": [1.0, 2.0] for i in range(lines)},
        xlabel="x",
        ylabel="y",
        levels={f"level {i}": float(i) for i in range(levels)},
    )
    assert len(fig.axes[0].lines) == lines + levels


def test_bars_stand_side_by_side_at_their_heights():
    groups = {
        "gaussian": {"median": 20.0, "network": 25.0},
        "speckle": {"network": 24.0, "median": 18.0},
    }
    axis = plots.bars(groups, ylabel="PSNR (dB)").axes[0]
    median, network = axis.containers
    assert [bar.get_height() for bar in median] == [20, 18] and [
        bar.get_height() for bar in network
    ] == [25, 24]
    edges = sorted((bar.get_x(), bar.get_x() + bar.get_width()) for bar in (*median, *network))
    assert all(left[1] <= right[0] + 1e-9 for left, right in zip(edges, edges[1:]))
    assert [median[1].get_x() < 1 < network[1].get_x() + network[1].get_width()] == [True]
    assert [label.get_text() for label in axis.get_xticklabels()] == ["gaussian", "speckle"]
    assert axis.get_ylabel() == "PSNR (dB)"
    assert [text.get_text() for text in axis.get_legend().texts] == ["median", "network"]


def test_heatmap_writes_each_number_in_its_cell():
    values = torch.tensor([[0.0, 0.01534, 25.678], [0.5, -1.25, 123.4]])
    fig = plots.heatmap(
        values, rows=["a", "b"], columns=["x", "y", "z"], xlabel="tested on", ylabel="trained on"
    )
    axis = fig.axes[0]
    assert {text.get_position(): text.get_text() for text in axis.texts} == {
        (0, 0): "0",
        (1, 0): "0.0153",
        (2, 0): "25.7",
        (0, 1): "0.5",
        (1, 1): "-1.25",
        (2, 1): "123",
    }
    assert torch.equal(shown(axis), values)
    assert [label.get_text() for label in axis.get_xticklabels()] == ["x", "y", "z"]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["a", "b"]
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("tested on", "trained on")


def test_the_bar_of_a_heatmap_says_what_its_colors_are():
    fig = plots.heatmap(
        torch.eye(2), rows="ab", columns="xy", xlabel="", ylabel="", bar="share of attention"
    )
    assert fig.axes[1].get_ylabel() == "share of attention"


def test_heatmaps_numbers_can_be_read():
    """Dark ink on light cells, light ink on dark ones."""
    axis = plots.heatmap(
        torch.tensor([[0.0, 1.0]]), rows=["a"], columns=["x", "y"], xlabel="", ylabel=""
    ).axes[0]
    image = axis.images[0]
    for text in axis.texts:
        red, green, blue, _ = image.cmap(image.norm(float(text.get_text())))
        light = 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.4
        assert text.get_color() == ("black" if light else "white")
    assert (
        not plots.heatmap(
            torch.eye(2), rows="ab", columns="xy", xlabel="", ylabel="", numbers=False
        )
        .axes[0]
        .texts
    )


def test_style_is_not_left_behind():
    before = matplotlib.rcParams.copy()
    plots.curves({"a": [1.0]}, xlabel="x", ylabel="y")
    plots.bars({"g": {"a": 1.0}}, ylabel="y")
    assert matplotlib.rcParams == before


def test_loss_parts_are_the_columns_of_the_history():
    columns = {"loss": [3.0, 2.0], "reconstruction": [2.5, 1.6], "kl": [0.5, 0.4]}
    history = type("History", (), {"column": staticmethod(columns.get)})
    (axis,) = plots.loss_parts(history).axes
    assert axis.get_yscale() == "log" and axis.get_ylabel() == "nats for each picture"
    drawn = {line.get_label(): list(line.get_ydata()) for line in axis.lines}
    assert drawn == {"total": [3, 2], "reconstruction": [2.5, 1.6], "KL": [0.5, 0.4]}


def test_scatter_names_each_class_at_the_median_of_its_points():
    points = torch.tensor([[0.0, 0.0], [1.0, 5.0], [2.0, 1.0], [9.0, 9.0]])
    labels = torch.tensor([0, 0, 0, 2])
    fig = plots.scatter({"left": points, "right": -points}, labels, classes=["a", "b", "c"])
    left, right = fig.axes
    assert [axis.get_title() for axis in fig.axes] == ["left", "right"]
    assert {text.get_text(): text.get_position() for text in left.texts} == {
        "a": (1, 1),
        "c": (9, 9),
    }
    assert {text.get_text(): text.get_position() for text in right.texts}["a"] == (-1, -1)


def test_maps_share_their_colors_and_name_the_bar():
    fig = plots.maps({"a": torch.ones(3, 4), "b": torch.full((3, 4), 5.0)}, label="error")
    first, second, bar = fig.axes
    assert first.images[0].get_clim() == second.images[0].get_clim() == (0, 5)
    assert bar.get_ylabel() == "error"
