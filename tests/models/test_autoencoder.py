"""Autoencoders against the weights and shapes of the lesson's source, worked out by hand."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from coursekit.models.autoencoder import DenseAutoencoder, StackedAutoencoder, hidden_layers
from coursekit.models.ops import count_parameters
from coursekit.training import adam


def layers(model, kind):
    return [count_parameters(layer) for layer in model.modules() if isinstance(layer, kind)]


def test_hidden_layers_are_a_linear_layer_and_the_activation_for_each_step():
    found = hidden_layers((9, 5, 2), nn.GELU)
    assert [type(layer) for layer in found] == [nn.Linear, nn.GELU, nn.Linear, nn.GELU]
    assert [layer.out_features for layer in found[::2]] == [5, 2]


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


def test_stacked_weights_of_every_layer():
    expected = [1025 * 300, 301 * 150, 151 * 300, 301 * 1024]  # (inputs + bias) * outputs
    assert layers(StackedAutoencoder(), nn.Linear) == expected
    assert count_parameters(StackedAutoencoder()) == sum(expected)


@pytest.mark.parametrize(
    "model, x, latent",
    [
        (DenseAutoencoder(), torch.rand(3, 784), (3, 10)),
        (StackedAutoencoder(), torch.rand(3, 1024), (3, 150)),
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


def blocks(count, generator):
    """(count, 1, 28, 28): patterns of 4x4 black and white squares."""
    small = torch.rand((count, 1, 4, 4), generator=generator).round()
    return small.repeat_interleave(7, 2).repeat_interleave(7, 3)


@pytest.mark.parametrize(
    "build, flatten, steps, share",
    [
        (lambda: DenseAutoencoder(hidden=(256, 128, 64)), True, 120, 0.1),
        (lambda: StackedAutoencoder(pixels=784), True, 60, 0.1),
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
