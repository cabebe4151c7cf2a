"""Quantizers against brute force, hand-worked means and gradients; the networks' weights, shapes
and ability to learn.
"""

import pytest
import torch
from torch.nn import functional as F

from coursekit.models.ops import count_parameters
from coursekit.models.quantizers import EMAQuantizer, VectorQuantizer, nearest, straight_through
from coursekit.models.vqvae import VQVAE, VQVAE2
from coursekit.training import adam

BOTH = pytest.mark.parametrize("kind", [VectorQuantizer, EMAQuantizer])


def with_codebook(kind, rows, **options):
    """A quantizer with these codes, each counted once."""
    quantizer = kind(len(rows), len(rows[0]), **options)
    with torch.no_grad():
        quantizer.codebook.copy_(torch.tensor(rows))
        quantizer.counts.fill_(1)
        if kind is EMAQuantizer:
            quantizer.sums.copy_(quantizer.codebook)
    return quantizer


def as_grid(rows):
    """Vectors (N, D) -> z (1, D, 1, N)."""
    return torch.tensor(rows).T[None, :, None]


# straight-through


def test_straight_through_has_the_value_of_one_and_the_gradient_of_the_other():
    z, quantized = torch.randn(4, 3, requires_grad=True), torch.randn(4, 3, requires_grad=True)
    out, slope = straight_through(z, quantized), torch.randn(4, 3)
    torch.testing.assert_close(out, quantized)
    (out * slope).sum().backward()
    assert torch.equal(z.grad, slope) and quantized.grad is None


@BOTH
def test_gradient_of_the_decoder_passes_the_quantiser_unchanged(kind):
    quantizer, z = kind(8, 3, commitment=0.0), torch.randn(2, 3, 4, 4, requires_grad=True)
    slope = torch.randn(2, 3, 4, 4)
    (quantizer(z).z * slope).sum().backward()
    assert torch.equal(z.grad, slope)
    assert getattr(quantizer.codebook, "grad", None) is None


# nearest codes


@BOTH
def test_indices_are_those_of_brute_force(kind):
    quantizer, z = kind(11, 5).eval(), torch.randn(3, 5, 4, 6)
    with torch.no_grad():
        quantizer.codebook.copy_(torch.randn(11, 5))
    result = quantizer(z)
    assert result.z.shape == z.shape and result.indices.shape == (3, 4, 6)
    for b, i, j in torch.cartesian_prod(torch.arange(3), torch.arange(4), torch.arange(6)).tolist():
        distances = [
            float((z[b, :, i, j] - code).square().sum()) for code in quantizer.codebook.detach()
        ]
        best = min(range(11), key=distances.__getitem__)
        assert result.indices[b, i, j] == best
        torch.testing.assert_close(result.z[b, :, i, j], quantizer.codebook[best])


def test_nearest_agrees_with_distances_in_double_precision():
    vectors, codebook = torch.randn(500, 16), torch.randn(64, 16)
    assert torch.equal(
        nearest(vectors, codebook), torch.cdist(vectors.double(), codebook.double()).argmin(1)
    )


@BOTH
def test_a_code_is_its_own_nearest(kind):
    quantizer = with_codebook(kind, [[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]]).eval()
    indices = torch.tensor([[[0, 1], [2, 1]]])
    result = quantizer(quantizer.lookup(indices))
    assert torch.equal(result.indices, indices) and float(result.loss.detach()) == 0


# losses


def test_losses_by_hand_and_who_is_moved_by_which():
    """One vector (1, 0) between the codes (0, 0) and (3, 0): the squared distance is 1, its mean
    over two numbers 1/2.
    """
    quantizer = with_codebook(VectorQuantizer, [[0.0, 0.0], [3.0, 0.0]], commitment=0.25)
    z = as_grid([[1.0, 0.0]]).requires_grad_()
    loss = quantizer(z).loss
    assert loss.item() == pytest.approx(0.5 + 0.25 * 0.5)
    loss.backward()
    assert quantizer.codebook.grad.tolist() == [
        [-1.0, 0.0],
        [0.0, 0.0],
    ]  # the code is drawn to the vector
    assert z.grad.flatten().tolist() == [
        0.25,
        0.0,
    ]  # and the vector, a quarter as hard, to the code


def test_ema_quantiser_has_the_commitment_alone():
    quantizer = with_codebook(EMAQuantizer, [[0.0, 0.0], [3.0, 0.0]], commitment=0.25)
    z = as_grid([[1.0, 0.0]]).requires_grad_()
    loss = quantizer(z).loss
    loss.backward()
    assert loss.item() == pytest.approx(0.125) and z.grad.flatten().tolist() == [0.25, 0.0]
    assert not list(quantizer.parameters())


# moving averages


def test_ema_by_hand():
    """Decay 0.5, codes at 0 and 10, each counted once; the batch 1, 2, 3 goes to the first, 12 to
    the second.

    First: count (1 + 3)/2 = 2, sum (0 + 6)/2 = 3, code 3/2. Second: count (1 + 1)/2 = 1, sum (10 +
    12)/2 = 11, code 11.
    """
    quantizer = with_codebook(EMAQuantizer, [[0.0], [10.0]], decay=0.5)
    result = quantizer(as_grid([[1.0], [2.0], [3.0], [12.0]]))
    assert result.indices.flatten().tolist() == [0, 0, 0, 1]
    assert result.z.flatten().tolist() == [0, 0, 0, 10]  # this batch still sees the old codes
    assert quantizer.counts.tolist() == [2, 1] and quantizer.sums.flatten().tolist() == [3, 11]
    assert quantizer.codebook.flatten().tolist() == [1.5, 11]
    quantizer(as_grid([[1.0]]))  # counts 1.5, 0.5; sums 2, 5.5
    assert quantizer.codebook.flatten().tolist() == pytest.approx(
        [2 / 1.5, 11]
    )  # without uses a code stays


def test_ema_with_a_fixed_batch_finds_the_means_of_its_clusters():
    quantizer = with_codebook(EMAQuantizer, [[0.0, 0.0], [5.0, 5.0]], decay=0.8)
    left, right = torch.randn(40, 2), torch.randn(60, 2) + 8
    z = torch.cat([left, right]).T[None, :, None]
    for _ in range(80):
        quantizer(z)
    torch.testing.assert_close(
        quantizer.codebook, torch.stack([left.mean(0), right.mean(0)]), atol=1e-4, rtol=1e-4
    )
    torch.testing.assert_close(quantizer.counts, torch.tensor([40.0, 60.0]), atol=1e-3, rtol=1e-3)


@BOTH
def test_nothing_moves_in_evaluation(kind):
    quantizer = with_codebook(kind, [[0.0], [10.0]], revive_below=5.0).eval()
    before = {name: value.clone() for name, value in quantizer.state_dict().items()}
    quantizer(as_grid([[1.0], [2.0]]))
    assert all(torch.equal(value, before[name]) for name, value in quantizer.state_dict().items())


# dead codes


@BOTH
def test_dead_codes_take_the_place_of_vectors_and_living_ones_stay(kind):
    quantizer = with_codebook(kind, [[0.0], [100.0], [200.0]], revive_below=0.5)
    quantizer.counts[1] = 0.4
    vectors = torch.tensor([[7.0], [8.0]])
    quantizer.revive(vectors)
    assert float(quantizer.codebook[1].detach()) in (7.0, 8.0) and quantizer.counts.tolist() == [
        1,
        1,
        1,
    ]
    assert quantizer.codebook.flatten()[[0, 2]].tolist() == [0, 200]
    if kind is EMAQuantizer:
        torch.testing.assert_close(quantizer.sums, quantizer.codebook)


@BOTH
def test_at_the_start_all_codes_are_dead_and_come_from_the_first_batch(kind):
    quantizer = kind(16, 2, revive_below=0.1, decay=0.5, generator=torch.Generator().manual_seed(3))
    z = torch.randn(1, 2, 8, 8) + 50
    quantizer.revive(z.movedim(1, -1).flatten(0, -2))
    assert all((code == z.movedim(1, -1)).all(-1).any() for code in quantizer.codebook)


@BOTH
def test_without_revival_the_codebook_starts_near_zero_as_in_the_paper(kind):
    quantizer = kind(16, 2)
    before = quantizer.codebook.detach().clone()
    quantizer.revive(torch.randn(5, 2))
    assert torch.equal(quantizer.codebook, before) and before.abs().max() <= 1 / 16


@BOTH
def test_revival_draws_from_its_generator_alone(kind):
    drawn = []
    for seed in (1, 1, 2):
        quantizer = kind(16, 2, revive_below=0.1, generator=torch.Generator().manual_seed(seed))
        quantizer.revive(torch.arange(200.0).view(100, 2))
        drawn.append(quantizer.codebook.detach().clone())
    assert torch.equal(drawn[0], drawn[1]) and not torch.equal(drawn[0], drawn[2])


# the networks


def stack(inputs, width, blocks, outputs):
    """Weights of a 3x3 convolution, residual blocks and one more 3x3 convolution where outputs are
    given.
    """
    half = width // 2
    block = (9 * width * half + half) + (half * width + width)
    return (
        (9 * inputs * width + width)
        + blocks * block
        + (9 * width * outputs + outputs if outputs else 0)
    )


def test_weights_of_the_networks():
    model = VQVAE(EMAQuantizer(32, 16), width=24, blocks=2)
    expected = stack(48, 24, 2, 0) + (24 * 16 + 16) + stack(16, 24, 2, 48)
    assert count_parameters(model) == expected
    assert (
        count_parameters(VQVAE(VectorQuantizer(32, 16), width=24, blocks=2)) == expected + 32 * 16
    )
    two = VQVAE2(EMAQuantizer(32, 16), EMAQuantizer(32, 12), width=24, blocks=2)
    top = (16 * 24 * 24 + 24) + 2 * ((9 * 24 * 12 + 12) + (12 * 24 + 24)) + (24 * 16 + 16)
    joints = (16 * 16 * 16 + 16) + (40 * 12 + 12)  # up-sampling; features and top to the bottom
    assert count_parameters(two) == stack(48, 24, 2, 0) + top + joints + stack(28, 24, 2, 48)


@pytest.mark.parametrize("height, width", [(64, 64), (32, 48)])
def test_shapes_of_codes_and_pictures(height, width):
    x = torch.rand(2, 3, height, width)
    one = VQVAE(EMAQuantizer(8, 16), width=16, blocks=1).eval()
    picture, quantized = one(x)
    assert picture.shape == x.shape and quantized.indices.shape == (2, height // 4, width // 4)
    torch.testing.assert_close(one.decode_codes(quantized.indices), picture)
    two = VQVAE2(EMAQuantizer(8, 16), EMAQuantizer(8, 16), width=16, blocks=1).eval()
    picture, top, bottom = two(x)
    assert picture.shape == x.shape
    assert (top.indices.shape, bottom.indices.shape) == (
        (2, height // 8, width // 8),
        (2, height // 4, width // 4),
    )
    torch.testing.assert_close(two.decode_codes(top.indices, bottom.indices), picture)


def test_at_the_start_the_network_is_vector_quantisation_of_4x4_pixels():
    """Copying convolutions and residual blocks that add nothing: codes are pixels, the picture is a
    mosaic of them.
    """
    model, x = VQVAE(EMAQuantizer(8, 48), width=48, blocks=2).eval(), torch.rand(2, 3, 16, 16)
    patches = F.pixel_unshuffle(x, 4)
    torch.testing.assert_close(model.encoder(x), patches)
    model.quantizer.codebook.copy_(patches[0].flatten(1).T[:8])
    picture, quantized = model(x)
    assert quantized.indices[0].flatten()[:8].tolist() == list(range(8))
    torch.testing.assert_close(
        picture, F.pixel_shuffle(model.quantizer.lookup(quantized.indices), 4)
    )


def test_the_bottom_is_chosen_knowing_the_top():
    model, x = (
        VQVAE2(EMAQuantizer(8, 16), EMAQuantizer(8, 16), width=16, blocks=1).eval(),
        torch.rand(1, 3, 32, 32),
    )
    torch.nn.init.normal_(model.condition.weight)
    before = model.encode(x)[1].indices
    model.top.codebook.add_(3 * torch.randn(8, 16))
    assert not torch.equal(model.encode(x)[1].indices, before)


def squares(count):
    """(count, 3, 16, 16): colors in squares of four pixels."""
    small = torch.rand((count, 3, 4, 4), generator=torch.Generator().manual_seed(0))
    return small.repeat_interleave(4, 2).repeat_interleave(4, 3)


@pytest.mark.parametrize("kind", [VectorQuantizer, EMAQuantizer])
@pytest.mark.parametrize("levels", [1, 2])
def test_one_batch_is_overfitted(kind, levels):
    """Sixteen codes for 32 colors: the network must learn to read a color from a code and its
    neighbors.
    """
    quantizers = [kind(16, 48, decay=0.8, commitment=2.0, revive_below=0.3) for _ in range(levels)]
    model, x = (VQVAE if levels == 1 else VQVAE2)(*quantizers, width=48, blocks=1), squares(2)
    optimizer, errors = adam(model, 1e-3), []
    for _ in range(80):
        picture, *quantized = model(x)
        errors.append(F.mse_loss(picture, x))
        optimizer.zero_grad()
        (errors[-1] + sum(one.loss for one in quantized)).backward()
        optimizer.step()
    assert errors[-1].item() < 0.2 * errors[0].item()


@BOTH
def test_every_weight_gets_a_gradient(kind):
    model = VQVAE2(kind(8, 8), kind(8, 8), width=8, blocks=1)
    with torch.no_grad():
        for weight in model.parameters():
            weight.normal_(std=0.3)
    picture, top, bottom = model(torch.rand(2, 3, 16, 16))
    (picture.square().mean() + top.loss + bottom.loss).backward()
    assert all(
        weight.grad is not None and weight.grad.abs().sum() > 0 for weight in model.parameters()
    )
