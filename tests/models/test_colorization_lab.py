"""Lesson 05's networks: weights counted by hand, sizes, the ReLU's reach, gray stems, and that they
learn.
"""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from coursekit.models import colorization_lab as models
from coursekit.models.colorization_lab import (
    ColorizationNet,
    DeepColorizationNet,
    EncoderColorizer,
    Lite0Encoder,
    Rectified,
    ResNet18Encoder,
    one_channel,
    pretrained_encoder,
)
from coursekit.models.ops import count_parameters


def draws(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def convolutions(kernel, *widths):
    """Weights and biases of the convolutions and of the batch normalization after each but the
    last.
    """
    pairs = list(zip(widths, widths[1:]))
    return sum(kernel**2 * a * b + b for a, b in pairs) + 2 * sum(widths[1:-1])


@pytest.fixture(scope="module")
def lite0():
    return Lite0Encoder()


@pytest.fixture(scope="module")
def resnet():
    torch.manual_seed(0)
    return ResNet18Encoder()


def test_weights_are_those_of_the_lesson(lite0, resnet):
    assert (
        count_parameters(ColorizationNet()) == convolutions(3, 1, 12, 32, 64, 32, 12, 2) == 44_558
    )
    assert (
        count_parameters(DeepColorizationNet())
        == convolutions(5, 1, 12, 32, 32, 64, 32, 32, 12, 2)
        == 174_350
    )
    assert (
        count_parameters(resnet) == 683_072 - 2 * 49 * 64
    )  # torchvision's layers up to layer2, less two of three colors
    assert count_parameters(EncoderColorizer(resnet).head) == convolutions(
        3, 128, 128, 64, 64, 32, 2
    )
    assert count_parameters(EncoderColorizer(lite0).head) == convolutions(3, 40, 128, 64, 64, 32, 2)


@pytest.mark.parametrize("size", [(64, 64), (24, 40)])
def test_sizes(lite0, resnet, size):
    light = draws(2, 1, *size)
    for network in (
        ColorizationNet(),
        DeepColorizationNet(),
        EncoderColorizer(lite0),
        EncoderColorizer(resnet),
    ):
        assert network(light).shape == (2, 2, *size)
    eighth = (size[0] // 8, size[1] // 8)
    assert lite0(light).shape == (2, 40, *eighth) and resnet(light).shape == (2, 128, *eighth)
    assert ColorizationNet().encoder(light).shape == (2, 64, size[0] + 6, size[1] + 6)


def test_upsampling_gives_one_color_to_each_square_of_two(resnet):
    ab = EncoderColorizer(resnet).eval()(draws(1, 1, 32, 32))
    assert torch.equal(ab, F.interpolate(ab[..., ::2, ::2], scale_factor=2)) and ab.std() > 0


def test_rectified_cannot_say_green_or_blue():
    torch.manual_seed(0)
    network = ColorizationNet().eval()
    light = draws(1, 1, 16, 16)
    plain, cut = network(light), Rectified(network)(light)
    assert plain.min() < 0 and torch.equal(cut, plain.clamp(min=0))


def test_a_dead_output_does_not_learn():
    network = ColorizationNet()
    nn.init.constant_(network.decoder[-1].bias, -100.0)
    light, target = draws(2, 1, 16, 16), draws(2, 2, 16, 16)
    F.mse_loss(Rectified(network)(light), target).backward()
    assert all(float(weight.grad.abs().max()) == 0 for weight in network.parameters())
    network.zero_grad()
    F.mse_loss(network(light), target).backward()
    assert network.decoder[-1].bias.grad.abs().min() > 0


def test_a_gray_stem_says_of_gray_what_the_color_stem_says():
    torch.manual_seed(0)
    color = nn.Conv2d(3, 5, 3, stride=2, padding=1, bias=False)
    gray = draws(2, 1, 9, 9)
    expected = color(gray.expand(-1, 3, -1, -1)).detach()
    torch.testing.assert_close(one_channel(color)(gray), expected, rtol=1e-5, atol=1e-6)


def test_lite0_is_the_packaged_network_fed_with_gray(lite0):
    from coursekit.models.features import Lite0Features

    gray = draws(2, 1, 64, 64)
    with torch.no_grad():
        expected = Lite0Features().stages(gray.expand(-1, 3, -1, -1))[2]
        torch.testing.assert_close(lite0.eval()(gray), expected, rtol=1e-4, atol=1e-4)


def test_frozen_encoder_keeps_weights_and_statistics():
    torch.manual_seed(0)
    network = EncoderColorizer(ResNet18Encoder()).freeze().train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    step(
        network,
        torch.optim.SGD(
            [weight for weight in network.parameters() if weight.requires_grad], lr=0.1
        ),
        draws(2, 1, 16, 16),
        draws(2, 2, 16, 16),
    )
    changed = {
        name.split(".")[0]
        for name, value in network.state_dict().items()
        if not torch.equal(value, before[name])
    }
    assert changed == {"head"}
    open_network = EncoderColorizer(ResNet18Encoder()).train()
    assert open_network.encoder.training and all(
        weight.requires_grad for weight in open_network.parameters()
    )


def step(network, optimizer, light, target):
    loss = F.mse_loss(network(light), target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return float(loss.detach())


@pytest.mark.parametrize(
    "build",
    [ColorizationNet, DeepColorizationNet, lambda: EncoderColorizer(Lite0Encoder()).freeze()],
)
def test_one_batch_can_be_overfitted(build):
    """Two colors by lightness, negative ones among them: the mean color would leave all of their
    variance.
    """
    torch.manual_seed(0)
    network = build().train()
    light = (
        (draws(2, 1, 4, 4) > 0.5)
        .float()
        .repeat_interleave(8, 2)
        .repeat_interleave(8, 3)[..., :16, :16]
    )
    target = torch.cat([0.4 * light - 0.2, 0.3 - 0.5 * light], 1)
    optimizer = torch.optim.Adam(
        [weight for weight in network.parameters() if weight.requires_grad], lr=0.01
    )
    losses = [step(network, optimizer, light, target) for _ in range(40)]
    assert losses[-1] < 0.2 * float(target.var((0, 2, 3)).mean())


def test_the_resnet_is_taken_where_its_weights_are(monkeypatch):
    from torchvision.models import resnet18

    torch.manual_seed(1)
    state = resnet18().state_dict()
    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", lambda *_, **__: state)
    encoder = pretrained_encoder(look_for_resnet=True)
    assert encoder.name == "ResNet-18" and torch.equal(
        encoder.layers[4][0].conv1.weight, state["layer1.0.conv1.weight"]
    )
    assert pretrained_encoder(look_for_resnet=False).name == "EfficientNet-Lite0"


@pytest.mark.parametrize("error", [OSError("no route to host"), RuntimeError("invalid hash value")])
def test_without_weights_the_packaged_network_stands_in(monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", fail)
    before = models.socket.getdefaulttimeout()
    assert pretrained_encoder(look_for_resnet=True).name == "EfficientNet-Lite0"
    assert models.socket.getdefaulttimeout() == before


@pytest.mark.parametrize("build, sees", [(ColorizationNet, 13), (DeepColorizationNet, 33)])
def test_how_much_of_the_picture_one_answer_sees(build, sees):
    """With weights above zero and no sign lost in a ReLU, every pixel in reach has a gradient."""
    network = build().eval()
    with torch.no_grad():
        for weight in network.parameters():
            weight.abs_().clamp_(min=0.01)
    light = draws(1, 1, 41, 41).requires_grad_()
    network(light)[0, 0, 20, 20].backward()
    rows, columns = light.grad[0, 0].abs().gt(0).nonzero().T
    assert (
        (int(rows.min()), int(rows.max()))
        == (int(columns.min()), int(columns.max()))
        == (20 - sees // 2, 20 + sees // 2)
    )


def test_shifted_and_scaled_the_relu_cuts_nothing_of_the_plane():
    """The floor is a = b = -128, and an answer of 1 is 127, as in (ab + 128) / 255."""
    shifted = Rectified(nn.Identity(), floor=-1.28, scale=2.55)
    given = torch.tensor([-5.0, 0.0, 128 / 255, 1.0])
    torch.testing.assert_close(shifted(given), torch.tensor([-1.28, -1.28, 0.0, 1.27]))
