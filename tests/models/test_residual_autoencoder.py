"""PCA beside a network: untrained it is PCA, and what is added is what was written down."""

import pytest
import torch
from torch import nn

from coursekit.metrics import mse, pca
from coursekit.models.ops import count_parameters
from coursekit.models.residual_autoencoder import (
    NarrowAutoencoder,
    ResidualAutoencoder,
    pca_layers,
)
from coursekit.training import adam


def images(count=60, pixels=12):
    stream = torch.Generator().manual_seed(0)
    return torch.rand((count, pixels), generator=stream) * torch.linspace(0.2, 1, pixels)


def test_pca_layers_are_pca_with_a_white_code_largest_first():
    x = images()
    encoder, decoder = pca_layers(x, 3)
    torch.testing.assert_close(decoder(encoder(x)), pca(x, x, components=3).float())
    z = encoder(x)
    torch.testing.assert_close(z.mean(0), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(torch.cov(z.T), torch.eye(3), atol=1e-4, rtol=0)
    size = decoder.weight.norm(dim=0)
    assert (size[:-1] >= size[1:]).all()


@pytest.mark.parametrize("latent", [1, 4])
def test_untrained_it_is_pca(latent):
    x, new = images(), images(70)[60:]
    model = ResidualAutoencoder(x, hidden=(8,), latent=latent)
    torch.testing.assert_close(model(new), pca(x, new, components=latent).float())
    assert model.encode(new).shape == (10, latent)


def test_the_two_paths_are_added_at_the_code_and_at_the_output():
    x = images()
    model = ResidualAutoencoder(x, hidden=(8,), latent=2)
    for layer in (model.encoder[-1], model.decoder[-1]):
        nn.init.normal_(layer.weight)
    z = model.linear_encoder(x) + model.encoder(x)
    torch.testing.assert_close(model.encode(x), z)
    torch.testing.assert_close(model(x), model.linear_decoder(z) + model.decoder(z))


def test_weights_of_the_lesson_s_network():
    narrow = 785 * 512 + 513 * 256 + 257 * 10 + 11 * 256 + 257 * 512 + 513 * 784
    assert count_parameters(NarrowAutoencoder()) == narrow
    model = ResidualAutoencoder(images(40, 784))
    assert count_parameters(model) == narrow + 785 * 10 + 11 * 784


def test_the_narrow_network_has_no_bound_at_code_and_output():
    torch.manual_seed(0)
    model = NarrowAutoencoder(pixels=12, hidden=(8,), latent=3)
    x = 100 * torch.randn(50, 12)
    assert model.encode(x).abs().max() > 1 and model(x).min() < 0 < model(x).max()
    assert isinstance(model.encoder[-1], nn.Linear) and isinstance(model.decoder[-1], nn.Linear)


def test_training_gets_below_pca_on_curved_data():
    """Points on a circle need one number, and no line holds them."""
    torch.manual_seed(0)
    angle = torch.linspace(0, 3, 200)
    x = torch.stack([angle.cos(), angle.sin(), angle.cos() * 0.5], 1)
    model = ResidualAutoencoder(x, hidden=(32,), latent=1)
    optimizer = adam(model, 1e-2)
    for _ in range(200):
        loss = (model(x) - x).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1 * mse(pca(x, x, components=1), x).mean().item()
