"""Hypercolumns, the table and the heads against hand counts, closed forms and known filters."""

import pytest
import torch
from torch.nn import functional as F

from coursekit.models.features import Lite0Features
from coursekit.models.hypercolumns import (
    ClassColorizer,
    ColorHead,
    HypercolumnColorizer,
    Hypercolumns,
    LightnessTable,
    follow_edges,
    mean_around,
    ridge,
)
from coursekit.models.ops import count_parameters


@pytest.fixture(scope="module")
def columns():
    torch.set_num_threads(1)
    torch.manual_seed(0)
    found = Hypercolumns(Lite0Features(), kept=64)
    raw = found.raw(torch.rand(4, 1, 64, 96)).movedim(1, -1).flatten(0, 2)
    return found.calibrate(raw), raw


def test_widths_are_those_of_the_maps(columns):
    found, raw = columns
    assert Hypercolumns(found.network).width == 24 + 40 + 112 + 256
    assert found.width == 24 + 40 + 64 + 64 and raw.shape[1] == 24 + 40 + 112 + 1280
    assert found(torch.rand(2, 1, 32, 40)).shape == (2, found.width, 8, 10)


def test_calibrated_columns_are_centered_and_each_map_counts_alike(columns):
    found, raw = columns
    x = found.reduce(raw)
    assert x.mean(0).abs().max() < 1e-3
    start = 0
    for kept in found.kept:
        part = x[:, start : start + kept]
        assert float(part.var(0).mean()) == pytest.approx(1, abs=0.01)
        assert (part.var(0).diff() < 1e-3).all()  # the first component varies most
        start += kept


def test_components_keep_most_of_what_varies(columns):
    """Against an SVD of the deepest map."""
    found, raw = columns
    deep = (raw - raw.mean(0))[:, -1280:]
    singular = torch.linalg.svdvals(deep)[:12].square() / len(deep)
    ratio = found.reduce(raw)[:, -64:-52].var(0, correction=0) / singular
    assert float(ratio.max() / ratio.min()) == pytest.approx(1, abs=1e-2)


def test_the_table_by_hand():
    light, ab = torch.tensor([0.0, 0.02, 1.0]), torch.tensor([[0.1, 0.2], [0.3, 0.4], [-0.5, 0.0]])
    table = LightnessTable(light, ab)
    found = table(torch.tensor([0.01, 0.99, 0.5]).view(1, 1, 1, 3))[0, :, 0].T
    expected = torch.tensor([[0.2, 0.3], [-0.5, 0.0], [-0.1 / 3, 0.2]])
    torch.testing.assert_close(found, expected)


def test_ridge_is_where_the_gradient_vanishes():
    torch.manual_seed(0)
    x, y = torch.randn(60, 5).double(), torch.randn(60, 2).double()
    weights = ridge(x.T @ x / 60, x.T @ y / 60, strength=0.3).double()
    slope = x.T @ (x @ weights - y) / 60 + 0.3 * weights
    assert slope.abs().max() < 1e-6


def test_zero_weights_leave_the_table(columns):
    table = LightnessTable(torch.rand(50), torch.rand(50, 2))
    light = torch.rand(1, 1, 32, 32)
    model = HypercolumnColorizer(columns[0], table, torch.zeros(columns[0].width, 2))
    torch.testing.assert_close(model(light), table(light))


def test_cold_classes_give_the_best_and_hot_ones_the_mean(columns):
    found, _ = columns
    palette = torch.tensor([[0.3, 0.0], [-0.3, 0.2], [0.0, -0.4]])
    head = ColorHead(found.width, 3).eval()
    assert count_parameters(head) == found.width * 128 + 128 + 128 * 3 + 3
    torch.nn.init.zeros_(head.layers[-1].weight)
    head.layers[-1].bias.data = torch.tensor([0.0, 2.0, 0.0])
    light = torch.rand(1, 1, 32, 32)
    cold = ClassColorizer(found, head, palette, 0.01)(light)
    hot = ClassColorizer(found, head, palette, 1000.0)(light)
    for color, ab in ((palette[1], cold), (palette.mean(0), hot)):
        torch.testing.assert_close(ab, color.view(1, 2, 1, 1).expand_as(ab), atol=2e-3, rtol=0)


def test_follow_edges_keeps_what_is_linear_in_lightness_and_smooths_the_rest():
    torch.manual_seed(0)
    light = F.interpolate(torch.rand(1, 1, 6, 6), size=(48, 48))
    linear = torch.cat([0.4 * light - 0.1, 0.2 - light], 1)
    torch.testing.assert_close(follow_edges(linear, light, epsilon=1e-9), linear, atol=1e-3, rtol=0)
    noise = torch.randn(1, 2, 48, 48)
    assert follow_edges(noise, light).var() < 0.1 * noise.var()
    flat = torch.full((1, 2, 48, 48), 0.3)
    torch.testing.assert_close(follow_edges(flat, light), flat)


@pytest.mark.parametrize("side", [1, 3, 17])
def test_mean_around_is_the_mean_of_the_square(side):
    values = torch.rand(2, 3, 12, 15)
    whole = F.avg_pool2d(values, side, stride=1, padding=side // 2, count_include_pad=False)
    torch.testing.assert_close(mean_around(values, side), whole)
