"""A dense layer by convolution gives the same answer and the same gradients."""

import copy

import pytest
import torch
from torch import nn

from coursekit.models import ops


@pytest.mark.parametrize("shape", [(256, 12), (512, 12), (16, 32, 12), (250, 12), (7, 12), (12,)])
def test_the_same_answer_and_gradients(shape):
    torch.manual_seed(0)
    plain = nn.Sequential(nn.Linear(12, 7), nn.ReLU(), nn.Linear(7, 5, bias=False))
    other = ops.products_by_convolution(copy.deepcopy(plain))
    assert [type(layer) for layer in other] == [ops.Linear, nn.ReLU, ops.Linear]
    x = torch.randn(shape)
    for network in (plain, other):
        network(x).square().sum().backward()
    torch.testing.assert_close(other(x), plain(x))
    assert other(x).shape == plain(x).shape
    for a, b in zip(plain.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(b.grad, a.grad, rtol=1e-4, atol=1e-4)


def test_weights_names_and_copies_stay():
    plain = nn.Sequential(nn.Linear(4, 3))
    before = copy.deepcopy(plain.state_dict())
    other = copy.deepcopy(ops.products_by_convolution(plain))
    assert {name: value.tolist() for name, value in other.state_dict().items()} == {
        name: value.tolist() for name, value in before.items()
    }
    assert repr(other) == repr(nn.Sequential(nn.Linear(4, 3)))
    with torch.no_grad():
        other[0].weight.zero_()
    assert plain[0].weight.abs().sum() > 0


def test_in_bfloat16_it_is_the_plain_layer():
    layer = ops.products_by_convolution(nn.Sequential(nn.Linear(8, 8)))
    with torch.autocast("cpu", torch.bfloat16):
        assert layer(torch.rand(256, 8)).dtype == torch.bfloat16
    assert layer.double()(torch.rand(256, 8).double()).dtype == torch.float64
