"""The conditional VAE of lesson 07: what it is told reaches both halves, and only there."""

import torch

from coursekit import runtime
from coursekit.models.conditional_vae import ConditionalLayeredVAE, fit_within


def data(count=24, side=16):
    rng = runtime.generator(0, "conditional")
    x, y = torch.rand(count, 3, side, side, generator=rng), torch.arange(count) % 3
    return x + 0.5 * y[:, None, None, None], y


def model(side=16):
    x, y = data(side=side)
    torch.manual_seed(0)
    start, means = fit_within(x, y, 4)
    palette = torch.rand(5, 3, generator=runtime.generator(0, "palette"))
    return ConditionalLayeredVAE(start, means, palette, side=side, layers=2).eval()


def test_fit_within_leaves_no_difference_between_the_kinds():
    x, y = data()
    start, means = fit_within(x, y, 4)
    assert means.shape == (3, 768) and start.loadings.shape == (768, 4)
    torch.testing.assert_close(means[1], x[y == 1].flatten(1).mean(0))
    assert start.mean.abs().max() < 1e-5
    codes = start.encode(x.flatten(1) - means[y])
    assert all(codes[y == kind].mean(0).abs().max() < 1e-4 for kind in range(3))


def test_an_untrained_encoder_is_ppca_around_the_mean_of_the_kind():
    x, y = data()
    start, means = fit_within(x, y, 4)
    mu, logvar = model().encode(x, y)
    torch.testing.assert_close(mu, start.encode(x.flatten(1) - means[y]), atol=1e-4, rtol=1e-4)
    assert torch.equal(logvar, start.posterior()[1].expand(24, -1))


def test_the_label_is_about_as_long_as_the_code():
    z, y = torch.randn(2, 4), torch.tensor([0, 2])
    told = model().told(z, y)
    assert torch.equal(told[:, :4], z)
    assert told[:, 4:].tolist() == [[2.0, 0, 0], [0, 0, 2.0]]  # the root of four numbers


def test_the_decoder_minds_the_label():
    vae, z = model(), torch.randn(1, 4)
    first, second = (vae.layers(z, torch.tensor([kind])) for kind in (0, 1))
    assert not torch.allclose(first.colors, second.colors)


def test_its_terms_are_those_of_lesson_06():
    x, y = data()
    vae = model()
    terms = vae(x, y, torch.zeros(24, 16, 16, dtype=torch.int16), runtime.generator(0, "noise"))
    assert terms.reconstruction.shape == terms.kl.shape == (24,)
    assert (terms.kl > 0).all() and vae.decode(torch.randn(2, 4), y[:2]).shape == (2, 3, 16, 16)
