"""Variational autoencoders against sampling, against the source's numbers worked out by hand, and
against their labels.
"""

import math

import pytest
import torch
from torch import nn
from torch.distributions import Normal, kl_divergence

from coursekit.models.ops import count_parameters
from coursekit.models.vae import (
    Coded,
    FruitVAE,
    gaussian_kl,
    negative_elbo,
    reconstruction_nats,
    reparameterize,
)
from coursekit.training import adam
from coursekit.training.vae import ELBOLoss


def draws(seed=0):
    return torch.Generator().manual_seed(seed)


def weights(model, kind=nn.Module):
    return [count_parameters(layer) for layer in model.modules() if isinstance(layer, kind)]


def test_kl_agrees_with_sampling_and_with_torch():
    mu, logvar = torch.tensor([[0.0, 1.5, -0.4]]), torch.tensor([[0.0, -1.0, 0.8]])
    q = Normal(mu, (0.5 * logvar).exp())
    z = mu + (0.5 * logvar).exp() * torch.randn((400_000, 3), generator=draws())
    sampled = (q.log_prob(z) - Normal(0.0, 1.0).log_prob(z)).mean(
        0, keepdim=True
    )  # E_q [log q(z) - log p(z)]
    torch.testing.assert_close(gaussian_kl(mu, logvar), sampled, rtol=0, atol=0.01)
    torch.testing.assert_close(gaussian_kl(mu, logvar), kl_divergence(q, Normal(0.0, 1.0)))


def test_kl_of_numbers_worked_by_hand():
    kl = gaussian_kl(torch.tensor([0.0, 2.0, 0.0]), torch.tensor([0.0, 0.0, math.log(4)]))
    assert kl.tolist() == pytest.approx(
        [0.0, 2.0, 0.5 * (4 - math.log(4) - 1)]
    )  # the prior itself; 2^2 / 2; twice as wide


def test_reparameterized_draws_have_the_mean_and_the_spread_asked_for():
    mu, logvar = (
        torch.tensor([1.0, -2.0]).expand(200_000, 2),
        torch.tensor([0.0, math.log(0.25)]).expand(200_000, 2),
    )
    z = reparameterize(mu, logvar, draws())
    assert z.mean(0).tolist() == pytest.approx([1.0, -2.0], abs=0.01)
    assert z.std(0).tolist() == pytest.approx([1.0, 0.5], abs=0.01)


def test_gradients_through_the_draw_are_those_of_the_expectation():
    """E[z^2] = mu^2 + exp(logvar), so its gradients are 2 mu and exp(logvar)."""
    mu, logvar = torch.tensor([0.7], requires_grad=True), torch.tensor([-0.6], requires_grad=True)
    reparameterize(
        mu.expand(400_000, 1), logvar.expand(400_000, 1), draws()
    ).square().mean().backward()
    assert mu.grad.item() == pytest.approx(2 * 0.7, abs=0.01)
    assert logvar.grad.item() == pytest.approx(math.exp(-0.6), abs=0.01)


def test_the_same_generator_draws_the_same_and_no_generator_torchs_own():
    mu = torch.zeros(2, 3)
    assert torch.equal(reparameterize(mu, mu, draws(1)), reparameterize(mu, mu, draws(1)))
    assert not torch.equal(reparameterize(mu, mu, draws(1)), reparameterize(mu, mu, draws(2)))
    torch.manual_seed(3)
    first = reparameterize(mu, mu)
    assert not torch.equal(first, reparameterize(mu, mu))


def test_reconstruction_is_the_gaussians_log_density_up_to_its_constant():
    x, y = torch.rand((4, 3, 5, 5), generator=draws()), torch.rand((4, 3, 5, 5), generator=draws(1))
    constant = 75 * (math.log(0.3) + 0.5 * math.log(2 * math.pi))
    log_density = Normal(y, 0.3).log_prob(x).flatten(1).sum(1)
    torch.testing.assert_close(reconstruction_nats(x, y, sigma=0.3), -log_density - constant)


def test_beta_weighs_the_kl_only():
    x, coded = (
        torch.ones(2, 1, 2, 2),
        Coded(torch.zeros(2, 1, 2, 2), torch.tensor([[2.0], [0.0]]), torch.zeros(2, 1)),
    )
    total, reconstruction, kl = negative_elbo(x, coded, sigma=1.0, beta=3.0)
    assert (total.tolist(), reconstruction.tolist(), kl.tolist()) == (
        [2 + 3 * 2, 2.0],
        [2.0, 2.0],
        [2.0, 0.0],
    )


def test_the_fruit_vae_has_the_sources_weights_layer_by_layer():
    with torch.device("meta"):  # 54 million weights, no memory
        model = FruitVAE()
    convolutions = [9 * 3 * 16, 9 * 16 * 32, 9 * 32 * 64, 9 * 64 * 16]
    assert (
        weights(model, nn.Conv2d) == convolutions
        and weights(model, nn.ConvTranspose2d) == convolutions[::-1]
    )
    assert weights(model, nn.Linear) == [
        10_000 * 2048 + 2048,
        *[2048 * 2048 + 2048] * 3,
        2048 * 10_000 + 10_000,
    ]
    assert weights(model, nn.BatchNorm2d) == [32, 64, 128, 32, 128, 64, 32]
    assert weights(model, nn.BatchNorm1d) == [2 * 2048, 2 * 2048, 2 * 10_000]
    assert weights(model)[0] == 53_655_152


def test_the_fruit_vae_narrows_to_16_channels_of_25_and_grows_back():
    with torch.device("meta"):
        model, x = FruitVAE(), torch.rand(2, 3, 100, 100)
        sides = [x.shape[1:]]
        for layer in model.encoder[:13]:
            x = layer(x)
            sides += [x.shape[1:]] if isinstance(layer, nn.Conv2d | nn.Flatten) else []
        assert sides == [
            (3, 100, 100),
            (16, 100, 100),
            (32, 50, 50),
            (64, 50, 50),
            (16, 25, 25),
            (10_000,),
        ]
        assert model.decode(torch.rand(2, 2048)).shape == (2, 3, 100, 100)


def test_shapes_and_forward_is_decode_after_a_draw_after_encode():
    model, x = FruitVAE(side=12, latent=5).eval(), torch.rand(4, 3, 12, 12)
    mu, logvar = model.encode(x)
    assert mu.shape == logvar.shape == (4, model.latent)
    coded = model(x, draws(1))
    assert coded.reconstruction.shape == x.shape
    torch.testing.assert_close(
        coded.reconstruction, model.decode(reparameterize(mu, logvar, draws(1)))
    )


def patterns(count):
    """(count, 3, 16, 16): colored checks, each another."""
    small = torch.rand((count, 3, 4, 4), generator=draws()).round()
    return small.repeat_interleave(4, 2).repeat_interleave(4, 3)


def test_one_batch_is_overfitted():
    """The squared error falls below a tenth of what answering with the mean picture costs."""
    torch.manual_seed(0)
    model, x, loss = FruitVAE(side=16, latent=64), patterns(6), ELBOLoss(sigma=0.05, rng=draws())
    optimizer = adam(model, 4e-3)
    for _ in range(160):
        optimizer.zero_grad()
        loss(model, (x,)).backward()
        optimizer.step()
    error = (model(x, draws(1)).reconstruction - x).square().mean().item()
    assert error < 0.1 * x.var(0, correction=0).mean().item()


def test_the_loss_remembers_the_mean_of_its_parts_over_batches_of_any_size():
    model, x = FruitVAE(side=16, latent=2).eval(), torch.rand((5, 3, 16, 16), generator=draws())
    loss = ELBOLoss(sigma=0.5, beta=2.0, rng=draws(7))
    totals = [loss(model, (part,)) * len(part) for part in (x[:4], x[4:])]
    generator = draws(7)
    expected = [negative_elbo(part, model(part, generator), sigma=0.5) for part in (x[:4], x[4:])]
    reconstruction, kl = (sum(part[i].sum().item() for part in expected) / 5 for i in (1, 2))
    parts = loss.parts()
    assert (parts["reconstruction"], parts["kl"]) == pytest.approx((reconstruction, kl))
    assert sum(totals).item() / 5 == pytest.approx(reconstruction + 2 * kl)
    loss(model, (x[:4],))
    assert loss.parts()["kl"] == pytest.approx(
        gaussian_kl(*model.encode(x[:4])).sum(1).mean().item()
    )  # it began anew
