"""A regression on patches finds the filter or the formula that made the pictures."""

import pytest
import torch
from torch.nn import functional as F

from coursekit.models.regression import PatchRegression


def pictures(count=6, size=12):
    return torch.rand(count, 3, size, size, generator=torch.Generator().manual_seed(0))


def test_a_filter_is_found():
    x = pictures()
    kernel = torch.rand(3, 3, 5, 5, generator=torch.Generator().manual_seed(1)) / 75
    y = F.conv2d(F.pad(x, (2,) * 4, mode="replicate"), kernel) + 0.1
    model = PatchRegression(5, ridge=0.0).fit(x, y, batch=4)
    assert torch.allclose(model(x), y, atol=1e-4)
    assert torch.allclose(model.weight[1:].T.reshape(3, 3, 5, 5), kernel, atol=1e-3)


def test_a_product_of_colors_needs_the_quadratic():
    x = pictures()
    y = (x[:, :1] * x[:, 1:2]).expand(-1, 3, -1, -1)
    assert torch.allclose(PatchRegression(1, quadratic=True, ridge=0.0).fit(x, y)(x), y, atol=1e-4)
    assert float((PatchRegression(1).fit(x, y)(x) - y).abs().mean()) > 0.02


@pytest.mark.parametrize("size, quadratic, count", [(1, False, 4), (1, True, 10), (5, False, 76)])
def test_numbers_for_each_channel(size, quadratic, count):
    model = PatchRegression(size, quadratic=quadratic)
    assert model.columns(pictures(2)).shape == (2 * 144, count)


def test_the_formula_does_not_hang_on_how_the_pictures_are_summed():
    """Mostly white pictures: in single precision alone the sums over many pixels are too rough."""
    rng = torch.Generator().manual_seed(2)
    x = torch.rand(64, 3, 64, 64, generator=rng)
    x = torch.where(torch.rand(64, 1, 64, 64, generator=rng) < 0.9, torch.ones(()), x)
    y = 0.9 * x.square() + 0.05
    formulas = (PatchRegression(1, quadratic=True, ridge=0.0) for _ in range(2))
    one, many = (formula.fit(x, y, batch=n)(x) for formula, n in zip(formulas, (1, 64)))
    assert torch.allclose(one, many, atol=1e-4)
    assert torch.allclose(many, y, atol=5e-4)  # all pixels in one single-precision sum: 8e-3
