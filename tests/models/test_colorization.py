"""The networks of lesson 04: the source's layers written out plainly give the same scores, sizes
and counts.
"""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from coursekit.models import colorization
from coursekit.models.colorization import (
    BaseModel,
    Bottleneck,
    CustomUNet,
    DownConv,
    Projection,
    ResidualUNet,
    TableUNet,
    UpConv,
)
from coursekit.models.ops import DoubledConv2d, count_parameters

NETWORKS = (BaseModel, CustomUNet, ResidualUNet)


def conv(inputs, outputs, kernel):
    """Weights and biases of a convolution, and scale and shift of the normalization behind it, by
    hand.
    """
    return inputs * outputs * kernel**2 + outputs + 2 * outputs


def expected(network, k, nf, colors=24):
    """The spec's blocks summed by hand."""
    wide = 1 if network is BaseModel else 2
    whole = 0 if network is BaseModel else 1
    total = (
        conv(1, nf, k)
        + conv(nf, 2 * nf, k)
        + conv(2 * nf, 2 * nf, k)
        + conv(wide * 2 * nf, nf, k)
        + conv(wide * nf, colors, k)
        + (whole + colors) * colors * k**2
        + colors
    )
    if network is ResidualUNet:
        total += (
            conv(1, nf, 1) + conv(nf, 2 * nf, 1) + conv(4 * nf, nf, 1) + conv(2 * nf, colors, 1)
        )
    return total


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("k, nf", [(3, 4), (3, 8), (3, 16), (3, 32), (5, 8), (7, 8)])
def test_parameter_counts(network, k, nf):
    assert count_parameters(network(k, nf)) == expected(network, k, nf)


def test_parameter_counts_in_plain_numbers():
    assert [count_parameters(BaseModel(3, nf)) for nf in (8, 16, 32)] == [11_832, 27_600, 86_784]
    assert [count_parameters(BaseModel(k, 8)) for k in (5, 7)] == [32_440, 63_352]
    assert [count_parameters(CustomUNet(3, nf)) for nf in (8, 16, 32)] == [14_928, 35_880, 112_344]
    assert count_parameters(ResidualUNet(3, 4)) == 8_772 + (16 + 56 + 76 + 264)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("k", [3, 5, 7])
def test_shapes(network, k):
    assert network(k, 4)(torch.rand(2, 1, 32, 32)).shape == (2, 24, 32, 32)
    assert network(k, 4, colors=5)(torch.rand(3, 1, 8, 12)).shape == (3, 5, 8, 12)


def test_blocks_halve_keep_and_double():
    x = torch.rand(2, 3, 8, 12)
    assert DownConv(3, 5, 3)(x).shape == (2, 5, 4, 6)
    assert Bottleneck(3, 5, 3)(x).shape == (2, 5, 8, 12)
    assert UpConv(3, 5, 3)(x).shape == (2, 5, 16, 24)
    assert Projection(3, 5)(x).shape == (2, 5, 8, 12) and Projection(3, 5, stride=2)(x).shape == (
        2,
        5,
        4,
        6,
    )


# The source's layers, one after the other


def plain_up(block, x):
    """Convolution, doubling, normalization, ReLU, in the source's order."""
    convolution, norm, relu = block.layers
    return relu(norm(nn.Upsample(scale_factor=2)(convolution(x))))


def plain_skip(projection, x, *, up=False):
    """The source's 1x1 convolution, of stride 2 on the way down, behind doubling on the way up."""
    convolution, norm = projection.layers
    stride = projection.stride
    x = nn.Upsample(scale_factor=2)(x) if up else x
    return norm(F.conv2d(x, convolution.weight, convolution.bias, stride=stride))


def plain_final(final, x):
    return F.conv2d(x, final.weight, final.bias, padding="same")


def plain(model, x):
    if isinstance(model, BaseModel):
        x = model.bottleneck(model.down2(model.down1(x)))
        return plain_final(model.final, plain_up(model.up2, plain_up(model.up1, x)))
    residual = isinstance(model, ResidualUNet)
    first = model.down1(x) + (plain_skip(model.skip1, x) if residual else 0)
    second = model.down2(first) + (plain_skip(model.skip2, first) if residual else 0)
    third = model.bottleneck(second) + (second if residual else 0)
    joined = torch.cat([second, third], 1)
    fourth = plain_up(model.up1, joined) + (
        plain_skip(model.skip4, joined, up=True) if residual else 0
    )
    joined = torch.cat([first, fourth], 1)
    fifth = plain_up(model.up2, joined) + (
        plain_skip(model.skip5, joined, up=True) if residual else 0
    )
    return plain_final(model.final, torch.cat([x, fifth], 1))


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("k", [3, 5, 7])
def test_scores_and_gradients_are_those_of_the_plain_layers(network, k):
    torch.manual_seed(0)
    model, x, way = (
        network(k, 4).double(),
        torch.rand(3, 1, 16, 24).double(),
        torch.rand(3, 24, 16, 24).double(),
    )
    scores, wanted = model(x), plain(model, x)
    torch.testing.assert_close(scores, wanted, rtol=1e-10, atol=1e-12)
    assert scores.std() > 0.01
    ours = torch.autograd.grad((scores * way).sum(), list(model.parameters()))
    theirs = torch.autograd.grad((wanted * way).sum(), list(model.parameters()))
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("kernel", [1, 3, 5, 7, 9])
@pytest.mark.parametrize("whole", [0, 2])
def test_a_convolution_of_a_doubled_picture_computed_at_half_size(kernel, whole):
    torch.manual_seed(0)
    layer = DoubledConv2d(whole, 3, 4, kernel).double()
    small, big = torch.rand(2, 3, 5, 6).double(), torch.rand(2, whole, 10, 12).double()
    joined = torch.cat([big, small.repeat_interleave(2, 2).repeat_interleave(2, 3)], 1)
    wanted = F.conv2d(joined, layer.weight, layer.bias, padding=kernel // 2)
    torch.testing.assert_close(layer(small, big if whole else None), wanted, rtol=1e-10, atol=1e-12)


def test_a_3x3_window_by_hand():
    """At an even column it meets the columns -1, 0, 0 and at an odd one 0, 0, 1: two of the weights
    add up.
    """
    layer = DoubledConv2d(0, 1, 1, 3)
    with torch.no_grad():
        layer.weight.zero_()
        layer.weight[0, 0, 1] = torch.tensor([1.0, 10.0, 100.0])
        layer.bias.fill_(1000)
    row = layer(torch.tensor([[[[1.0, 2.0]]]]))[0, 0, 0]
    assert row.tolist() == [1110.0, 1211.0, 1000 + 1 + 20 + 200, 1000 + 2 + 20]


def test_an_even_window_is_refused():
    with pytest.raises(ValueError, match="kernel is 4: it must be odd"):
        DoubledConv2d(0, 1, 1, 4)


def test_the_bottleneck_of_the_residual_network_is_an_identity_where_its_block_gives_nothing():
    model = ResidualUNet(3, 4)
    norm = model.bottleneck.layers[1]
    nn.init.zeros_(norm.weight), nn.init.zeros_(norm.bias)
    x = torch.rand(2, 8, 4, 4)
    assert torch.equal(model.bottleneck(x) + x, x)


@pytest.mark.parametrize("network", NETWORKS)
def test_one_batch_of_any_network_can_be_learned_by_heart(network):
    torch.manual_seed(0)
    model = network(3, 8, colors=6).to(memory_format=torch.channels_last)
    x = torch.rand(4, 1, 8, 8)
    labels = (x[:, 0] * 6).long()
    optimizer = torch.optim.Adam(model.parameters(), 0.02)
    for _ in range(80):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), labels)
        loss.backward()
        optimizer.step()
    assert loss < 0.6 and (model(x).argmax(1) == labels).float().mean() > 0.9


def test_four_channels_in_channels_last_order_do_not_harm_memory():
    """With oneDNN's strided 1x1 convolution this network ended the process."""
    model = ResidualUNet(3, 4).to(memory_format=torch.channels_last)
    for _ in range(20):
        model(torch.rand(16, 1, 32, 32)).square().mean().backward()
    assert torch.isfinite(colorization.double(torch.ones(1, 1, 2, 2))).all()


# The network that starts at a table


def table(colors=24):
    torch.manual_seed(0)
    return torch.randn(256, colors).log_softmax(1)


def test_before_training_it_is_the_table():
    gray = torch.randint(0, 256, (3, 1, 16, 16))
    model = TableUNet(table(5), width=4)
    for training in (True, False):
        scores = model.train(training)(gray / 255)
        assert torch.equal(scores, model.table[gray[:, 0]].movedim(-1, 1))


def test_the_table_stays_and_all_else_learns():
    model, x = TableUNet(table(5), width=4), torch.rand(4, 1, 16, 16)
    nn.init.normal_(model.last.weight)
    loss = F.cross_entropy(model(x), torch.randint(0, 5, (4, 16, 16)))
    loss.backward()
    assert "table" not in dict(model.named_parameters())
    assert all(weight.grad is not None for weight in model.parameters())


def test_its_last_layer_gets_a_gradient_at_the_start():
    model, x = TableUNet(table(5), width=4), torch.rand(4, 1, 16, 16)
    F.cross_entropy(model(x), torch.randint(0, 5, (4, 16, 16))).backward()
    assert model.last.weight.grad.abs().sum() > 0


def test_one_batch_can_be_learned_by_heart():
    torch.manual_seed(0)
    model, x = TableUNet(table(3), width=6, gamma=0.0), torch.rand(2, 1, 16, 16)
    right = (F.avg_pool2d(x, 3, 1, 1) * 3).long()[:, 0].clamp(0, 2)
    optimizer = torch.optim.Adam(model.parameters(), 0.02)
    for _ in range(150):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), right)
        loss.backward()
        optimizer.step()
    assert loss < 0.3


def test_the_gamma_changes_what_the_network_sees_and_not_what_the_table_reads():
    torch.manual_seed(0)
    model, x = TableUNet(table(5), width=4, gamma=1.0), torch.rand(2, 1, 16, 16)
    assert torch.equal(model.train()(x), model.eval()(x))  # the last layer is zero
    nn.init.normal_(model.last.weight)
    assert not torch.allclose(model.train()(x), model(x))
    assert torch.equal(model.eval()(x), model(x))


def test_gamma_keeps_black_and_white_and_the_order():
    torch.manual_seed(0)
    x = torch.linspace(0, 1, 9).view(1, 1, 1, 9).expand(50, -1, -1, -1)
    seen = colorization.RandomGamma(0.5)(x)
    assert (seen[..., 0] == 0).all() and (seen[..., -1] == 1).all()
    assert (seen.diff(dim=-1) >= 0).all() and seen[..., 4].std() > 0.05
    log_power = (seen[..., 4].log() / x[..., 4].log()).log()
    assert abs(log_power.std() - 0.5) < 0.15


def test_levels_are_the_same_gray_in_another_unit():
    gray = torch.tensor([0, 51, 255]).view(1, 1, 1, 3) / 255
    levels = colorization.InLevels(nn.Identity())(gray)
    torch.testing.assert_close(levels.flatten(), torch.tensor([-127.5, -76.5, 127.5]))
