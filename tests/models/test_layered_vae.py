"""The VAEs of faces against PPCA, against torch's distributions, and on pictures to be learned."""

import pytest
import torch
from torch.distributions import Normal

from coursekit.models.layered_vae import (
    Decoder,
    GaussianVAE,
    LayeredVAE,
    Layers,
    gaussian_nats,
    layered_nats,
    render,
)
from coursekit.models.ppca import fit_ppca
from coursekit.training import NegativeELBO, adam

SIDE = 16
PALETTE = torch.tensor([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def labels():
    """(12, SIDE, SIDE): a square of one color on another."""
    whole = torch.zeros(12, SIDE, SIDE, dtype=torch.int16)
    for number, picture in enumerate(whole):
        corner = 2 * (number % 4)
        picture[:] = number % 3
        picture[corner : corner + 8, corner : corner + 8] = (number + 1) % 3
    return whole


@pytest.fixture
def x(labels):
    return PALETTE[labels.long()].movedim(-1, 1)


def test_untrained_the_gaussian_vae_is_ppca(x):
    start = fit_ppca(x, 4)
    model = GaussianVAE(start, SIDE).eval()
    mu, logvar = model.encode(x)
    torch.testing.assert_close(mu, start.encode(x), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(logvar, start.posterior()[1].expand_as(logvar))
    torch.testing.assert_close(model.decode(mu).flatten(1), start.decode(mu))
    assert model.log_sigma.exp().item() == pytest.approx(start.noise**0.5)


def test_untrained_its_bound_is_ppcas_likelihood(x):
    """The posterior is exact, so the ELBO is the evidence, up to the noise of sampling."""
    start = fit_ppca(x, 4)
    model, generator = GaussianVAE(start, SIDE).eval(), rng()
    terms = [model(x, generator) for _ in range(400)]
    bound = -torch.stack([rec + kl for rec, kl in terms]).mean().item()
    assert bound == pytest.approx(start.log_likelihood(x).mean().item(), abs=1.0)


def test_gaussian_nats_are_torchs():
    x, mean = torch.rand(2, 3, 4, 4), torch.rand(2, 3, 4, 4)
    expected = -Normal(mean, 0.3).log_prob(x).flatten(1).sum(1)
    found = gaussian_nats(x, mean, torch.tensor(0.3).log())
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_layered_nats_are_those_of_the_mixture_written_out():
    layers = Layers(torch.randn(2, 3, 4, 4), torch.randn(2, 3, 5))
    labels = torch.randint(5, (2, 4, 4))
    mixture = torch.einsum("bkhw,bkc->bhwc", layers.masks.softmax(1), layers.colors.softmax(2))
    expected = -mixture.gather(3, labels[..., None]).log().sum((1, 2, 3))
    torch.testing.assert_close(layered_nats(layers, labels), expected)


def test_render_shows_the_surest_color_of_the_layer_that_is_seen():
    masks = torch.full((1, 2, 1, 2), -30.0)
    masks[0, 0, 0, 0] = masks[0, 1, 0, 1] = 30.0  # layer 0 at the left, layer 1 at the right
    colors = torch.tensor([[[0.0, 2.0, 1.0], [0.0, 0.0, 5.0]]])
    picture = render(Layers(masks, colors), PALETTE)
    assert picture[0, :, 0, 0].tolist() == PALETTE[1].tolist()
    assert picture[0, :, 0, 1].tolist() == PALETTE[2].tolist()


@pytest.mark.parametrize("side", [32, 64])
def test_the_decoder_gives_maps_of_the_pictures_size(side):
    hidden, maps = Decoder(4, side, outputs=5, hidden=16)(torch.randn(2, 4))
    assert hidden.shape == (2, 16) and maps.shape == (2, 5, side, side)


@pytest.mark.parametrize("kind", ["gaussian", "layered"])
def test_training_lowers_the_error_below_that_of_the_start(kind, x, labels):
    torch.manual_seed(0)
    start = fit_ppca(x, 2)
    layered = kind == "layered"
    model = LayeredVAE(start, PALETTE, SIDE, 3) if layered else GaussianVAE(start, SIDE)
    batch = (x, labels) if layered else (x,)
    optimizer, loss = adam(model, 5e-3), NegativeELBO(rng=rng())
    for _ in range(150):
        optimizer.zero_grad()
        loss(model, batch).backward()
        optimizer.step()
    error = (model.decode(model.encode(x)[0]) - x).square().mean()
    assert error < 0.5 * (start.project(x) - x).square().mean()


def test_the_loss_weighs_the_kl_and_remembers_both_terms(x, labels):
    model = LayeredVAE(fit_ppca(x, 2), PALETTE, SIDE, 3).eval()
    loss = NegativeELBO(beta=3.0, rng=rng(5))
    total = loss(model, (x, labels)).item()
    reconstruction, kl = (term.mean().item() for term in model(x, labels, rng(5)))
    assert total == pytest.approx(reconstruction + 3 * kl)
    parts = loss.parts()
    assert (parts["reconstruction"], parts["kl"]) == pytest.approx((reconstruction, kl))
