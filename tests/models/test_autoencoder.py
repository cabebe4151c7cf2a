"""Autoencoders against the weights and shapes of the lesson's source, worked out by hand."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from coursekit.models.autoencoder import (
    Denoiser,
    DenseAutoencoder,
    ResidualDenoiser,
    StackedAutoencoder,
)
from coursekit.models.ops import count_parameters
from coursekit.training import adam


def layers(model, kind):
    return [count_parameters(layer) for layer in model.modules() if isinstance(layer, kind)]


def shapes(model, x):
    """Height of the picture as it enters and after every layer that changes it."""
    seen = [x.shape[-1]]
    for layer in (*model.encoder, *model.decoder):
        x = layer(x)
        if x.shape[-1] != seen[-1]:
            seen.append(x.shape[-1])
    return seen


def test_dense_weights_of_every_layer():
    model = DenseAutoencoder()
    assert layers(model, nn.Linear) == [
        1_570_000,
        2_401_200,
        600_500,
        5_010,
        5_500,
        601_200,
        2_402_000,
        1_568_784,
    ]
    assert count_parameters(model) == 9_154_194


def test_denoiser_weights_of_every_layer():
    assert layers(Denoiser(), nn.Conv2d) == [640, 18_464, 4_624, 2_320, 4_640, 18_496, 577]
    assert count_parameters(Denoiser()) == 49_761


def test_stacked_weights_of_every_layer():
    expected = [1025 * 300, 301 * 150, 151 * 300, 301 * 1024]  # (inputs + bias) * outputs
    assert layers(StackedAutoencoder(), nn.Linear) == expected
    assert count_parameters(StackedAutoencoder()) == sum(expected)


def test_denoiser_sizes_are_the_sources():
    assert shapes(Denoiser(), torch.rand(2, 1, 28, 28)) == [28, 14, 7, 4, 8, 16, 14, 28]
    assert Denoiser().encode(torch.rand(2, 1, 28, 28)).shape == (2, 16, 4, 4)


@pytest.mark.parametrize(
    "model, x, latent",
    [
        (DenseAutoencoder(), torch.rand(3, 784), (3, 10)),
        (StackedAutoencoder(), torch.rand(3, 1024), (3, 150)),
        (Denoiser(), torch.rand(3, 1, 28, 28), (3, 16, 4, 4)),
        (DenseAutoencoder(latent=2), torch.rand(3, 784), (3, 2)),
    ],
)
def test_forward_is_decode_after_encode(model, x, latent):
    z = model.encode(x)
    assert z.shape == latent
    assert torch.equal(model(x), model.decode(z)) and model(x).shape == x.shape


def test_dense_activations_are_relu_inside_sigmoid_at_the_latent_and_none_at_the_end():
    model = DenseAutoencoder()
    x, w = torch.randn(4, 784), [layer for layer in model.modules() if isinstance(layer, nn.Linear)]
    hidden = x
    for layer in w[:3]:
        hidden = layer(hidden).clamp(min=0)
    latent = 1 / (1 + (-w[3](hidden)).exp())
    out = latent
    for layer in w[4:7]:
        out = layer(out).clamp(min=0)
    out = w[7](out)
    torch.testing.assert_close(model.encode(x), latent)
    torch.testing.assert_close(model(x), out)
    assert (out < 0).any()


def test_stacked_activations_are_elu_and_none_at_the_end():
    model, x = StackedAutoencoder(), torch.randn(4, 1024)
    w = [layer for layer in model.modules() if isinstance(layer, nn.Linear)]
    elu = lambda h: torch.where(h > 0, h, h.exp() - 1)  # noqa: E731
    torch.testing.assert_close(model(x), w[3](elu(w[2](elu(w[1](elu(w[0](x))))))))


def test_stacked_starts_with_xavier_weights_and_zero_biases():
    torch.manual_seed(0)
    first = next(layer for layer in StackedAutoencoder().modules() if isinstance(layer, nn.Linear))
    bound = (6 / (1024 + 300)) ** 0.5  # Glorot & Bengio 2010, equation 16
    assert 0.98 * bound < first.weight.abs().max() <= bound
    assert first.weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.02)
    assert first.bias.eq(0).all()


def test_denoiser_is_linear_at_the_end_and_its_up_sampling_repeats_pixels():
    model = Denoiser()
    with torch.no_grad():
        for weight in model.parameters():
            weight.zero_()
        model.decoder[-1].bias.fill_(-3.0)
    assert model(torch.rand(1, 1, 28, 28)).eq(-3).all()
    up = next(layer for layer in model.modules() if isinstance(layer, nn.Upsample))
    assert up(torch.tensor([[[[1.0, 2.0]]]])).tolist() == [[[[1, 1, 2, 2], [1, 1, 2, 2]]]]


def blocks(count, generator):
    """(count, 1, 28, 28): patterns of 4x4 black and white squares."""
    small = torch.rand((count, 1, 4, 4), generator=generator).round()
    return small.repeat_interleave(7, 2).repeat_interleave(7, 3)


@pytest.mark.parametrize(
    "build, flatten, steps, share",
    [
        (lambda: DenseAutoencoder(hidden=(256, 128, 64)), True, 120, 0.1),
        (lambda: StackedAutoencoder(pixels=784), True, 60, 0.1),
        (Denoiser, False, 100, 0.25),
    ],
)
def test_one_batch_is_overfitted(build, flatten, steps, share):
    """The loss falls below a share of what answering with the mean picture costs."""
    torch.manual_seed(0)
    model, x = build(), blocks(4, torch.Generator().manual_seed(0))
    x = x.flatten(1) if flatten else x
    optimizer = adam(model, 2e-3)
    for _ in range(steps):
        loss = F.mse_loss(model(x), x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < share * x.var(0, correction=0).mean().item()


def test_residual_denoiser_has_fewer_weights_than_the_denoiser_and_sees_15_pixels():
    model = ResidualDenoiser()
    inner = 9 * 32 * 32 + 32
    assert layers(model, nn.Conv2d) == [9 * 32 + 32, *[inner] * 5, 9 * 32 + 1]
    assert count_parameters(model) == 46_849 < count_parameters(Denoiser())
    x = torch.rand(1, 1, 31, 29, requires_grad=True)  # any size
    model(x)[0, 0, 15, 14].backward()
    rows, columns = (x.grad[0, 0] != 0).nonzero().T
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (8, 22, 7, 21)


def test_residual_denoiser_subtracts_what_it_predicts():
    model, x = ResidualDenoiser(width=4, depth=3), torch.rand(2, 1, 9, 9)
    with torch.no_grad():
        for weight in model.noise[-1].parameters():
            weight.zero_()
        assert torch.equal(model(x), x)
        model.noise[-1].bias.fill_(0.25)
        torch.testing.assert_close(model(x), x - 0.25)


def test_denoiser_starts_with_glorot_weights_and_zero_biases():
    torch.manual_seed(0)
    convolutions = [layer for layer in Denoiser().modules() if isinstance(layer, nn.Conv2d)]
    bound = (6 / (9 * 64 + 9 * 32)) ** 0.5  # 9 inputs and outputs for each channel
    assert 0.98 * bound < convolutions[1].weight.abs().max() <= bound
    assert all(one.bias.eq(0).all() for one in convolutions)
