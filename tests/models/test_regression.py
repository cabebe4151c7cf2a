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
