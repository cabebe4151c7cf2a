"""The denoisers against the source's weights, shapes worked out by hand, and their own formulas."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from coursekit.models.denoiser import BlindDenoiser, Denoiser, clip, denoising_loss
from coursekit.models.ops import count_parameters
from coursekit.training import adam
from coursekit.transforms.filters import switching_median


def layers(model, kind):
    return [count_parameters(layer) for layer in model.modules() if isinstance(layer, kind)]


def test_denoiser_weights_of_every_layer():
    assert layers(Denoiser(), nn.Conv2d) == [640, 18_464, 4_624, 2_320, 4_640, 18_496, 577]
    assert count_parameters(Denoiser()) == 49_761


def test_denoiser_sizes_are_the_sources():
    model, x = Denoiser(), torch.rand(2, 1, 28, 28)
    sizes = [28]
    for layer in (*model.encoder, *model.decoder):
        x = layer(x)
        sizes += [x.shape[-1]] * (x.shape[-1] != sizes[-1])
    assert sizes == [28, 14, 7, 4, 8, 16, 14, 28]
    assert model.encode(torch.rand(2, 1, 28, 28)).shape == (2, 16, 4, 4)


def test_denoiser_is_linear_at_the_end_and_its_up_sampling_repeats_pixels():
    model = Denoiser()
    with torch.no_grad():
        for weight in model.parameters():
            weight.zero_()
        model.decoder[-1].bias.fill_(-3.0)
    assert model(torch.rand(1, 1, 28, 28)).eq(-3).all()
    up = next(layer for layer in model.modules() if isinstance(layer, nn.Upsample))
    assert up(torch.tensor([[[[1.0, 2.0]]]])).tolist() == [[[[1, 1, 2, 2], [1, 1, 2, 2]]]]


def test_denoiser_starts_with_glorot_weights_and_zero_biases():
    torch.manual_seed(0)
    convolutions = [layer for layer in Denoiser().modules() if isinstance(layer, nn.Conv2d)]
    bound = (6 / (9 * 64 + 9 * 32)) ** 0.5  # 9 inputs and outputs for each channel
    assert 0.98 * bound < convolutions[1].weight.abs().max() <= bound
    assert all(one.bias.eq(0).all() for one in convolutions)


def test_blind_denoiser_weights_of_every_layer():
    expected = [
        9 * 12 * 48 + 48,  # four pixels of a block, each of three inputs
        9 * 48 * 48 + 48,
        4 * 48 * 64 + 64,  # 2x2, stride 2
        9 * 64 * 64 + 64,
        9 * 64 * 64 + 64,
        64 * 4 * 48 + 4 * 48,  # 1x1, then every pixel becomes four
        9 * 48 * 48 + 48,
        9 * 48 * 48 + 48,
        9 * 48 * 8 + 8,  # correction and gate of four pixels
    ]
    assert layers(BlindDenoiser(switching_median), nn.Conv2d) == expected
    assert sum(expected) == 169_736


@pytest.mark.parametrize("bias, share", [(-40.0, 0.0), (0.0, 0.5), (40.0, 1.0)])
def test_blind_denoiser_mixes_the_filter_in_by_its_gate_and_adds_its_correction(bias, share):
    model, y = BlindDenoiser(switching_median, width=4, deep=4), torch.rand(2, 1, 8, 12)
    y[0, 0, 3, 3:5] = torch.tensor([0.0, 1.0])
    with torch.no_grad():
        for weight in model.head.parameters():
            weight.zero_()
        model.head[0].bias[:4], model.head[0].bias[4:] = 0.25, bias
    expected = y + share * (switching_median(y) - y) + 0.25
    torch.testing.assert_close(model(y), expected)


def test_blind_denoiser_sees_where_pixels_are_extreme_and_what_the_filter_says():
    torch.manual_seed(0)
    model, y = BlindDenoiser(torch.zeros_like, width=4, deep=4), torch.full((1, 1, 8, 8), 0.5)
    nearly, fully = y.clone(), y.clone()
    nearly[0, 0, 4, 4], fully[0, 0, 4, 4] = 1 - 1e-6, 1
    assert (model(nearly) - model(fully)).abs().max() > 1e-4
    other = BlindDenoiser(torch.ones_like, width=4, deep=4)
    other.load_state_dict(model.state_dict())
    assert not torch.allclose(other.parts(y)[2], model.parts(y)[2])


def test_clip_keeps_the_gradient():
    x = torch.tensor([-0.5, 0.25, 1.5], requires_grad=True)
    clipped = clip(x)
    assert clipped.tolist() == [0, 0.25, 1]
    (clipped * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert x.grad.tolist() == [1, 2, 3]


def test_denoising_loss_leaves_black_below_zero_in_peace():
    answers = torch.tensor([-0.5, -0.5, 0.5]).view(3, 1, 1, 1).requires_grad_()
    clean = torch.tensor([0.0, 0.25, 0.25]).view(3, 1, 1, 1)
    loss = denoising_loss(lambda _: answers, (clean, clean))
    assert loss.item() == pytest.approx(2 * 0.25**2 / 3)
    loss.backward()
    assert answers.grad.flatten().tolist() == pytest.approx([0, -0.5 / 3, 0.5 / 3])


@pytest.mark.parametrize(
    "build, steps, share",
    [(Denoiser, 100, 0.25), (lambda: BlindDenoiser(switching_median, 8, 8), 60, 0.15)],
)
def test_one_batch_is_overfitted(build, steps, share):
    """The loss falls below a share of what answering with the mean picture costs."""
    torch.manual_seed(0)
    model, small = build(), torch.rand(4, 1, 4, 4).round()
    clean = small.repeat_interleave(7, 2).repeat_interleave(7, 3)
    noisy = (clean + 0.1 * torch.randn_like(clean)).clamp(0, 1)
    optimizer = adam(model, 2e-3)
    for _ in range(steps):
        loss = F.mse_loss(model(noisy), clean)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < share * clean.var(0, correction=0).mean().item()
