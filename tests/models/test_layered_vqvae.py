"""The VQ-VAE with few codes of lesson 08: shapes, its start, and codes that decode again."""

import torch

from coursekit import runtime
from coursekit.models.layered_vqvae import LayeredVQVAE
from coursekit.models.ppca import fit_ppca
from coursekit.models.quantizers import EMAQuantizer


def model(latent=6, codes=16):
    rng = runtime.generator(0, "layered vq")
    x = torch.rand(30, 3, 16, 16, generator=rng)
    torch.manual_seed(0)
    quantizer = EMAQuantizer(codes, 2, revive_below=0.5, generator=rng)
    return LayeredVQVAE(fit_ppca(x, latent), torch.rand(5, 3), quantizer, side=16, layers=2), x


def test_a_picture_has_half_as_many_codes_as_numbers():
    vqvae, x = model()
    nats, quantized = vqvae(x[:4], torch.zeros(4, 16, 16, dtype=torch.int16))
    assert nats.shape == (4,) and quantized.indices.shape == (4, 3, 1)


def test_the_codes_alone_decode_to_the_same_picture():
    vqvae, x = model()
    vqvae(x, torch.zeros(30, 16, 16, dtype=torch.int16))  # codes that are in use
    vqvae.eval()
    found = vqvae.encode(x[:4])
    again = vqvae.layers(vqvae.quantizer.lookup(found.indices))
    torch.testing.assert_close(vqvae.layers(found.z).masks, again.masks)
    assert vqvae.decode_codes(found.indices[..., 0]).shape == (4, 3, 16, 16)


def test_it_starts_from_quantized_coefficients():
    vqvae, x = model(codes=256)
    vqvae(x, torch.zeros(30, 16, 16, dtype=torch.int16))
    vqvae.eval()
    kept, exact = vqvae.encode(x).z, vqvae.encoder(x)[0]
    pairs = exact.unflatten(1, (-1, 2)).movedim(1, 2)[..., None]
    assert (kept - pairs).abs().mean() < 0.2 * exact.abs().mean()


def test_the_gradient_reaches_the_encoder_through_the_codes():
    vqvae, x = model()
    vqvae(x, torch.ones(30, 16, 16, dtype=torch.int16))[0].sum().backward()
    assert vqvae.encoder.correction.weight.grad.abs().sum() > 0
