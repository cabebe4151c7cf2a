"""The prior over codes: causal in reading order, normalized, and able to learn."""

import math

import pytest
import torch

from coursekit.models.ops import count_parameters
from coursekit.models.prior import MaskedConv2d, PixelCNN
from coursekit.training import adam


def test_masks_by_hand():
    assert MaskedConv2d(1, 1, 3, sees_itself=False).mask.tolist() == [
        [1, 1, 1],
        [1, 0, 0],
        [0, 0, 0],
    ]
    assert MaskedConv2d(1, 1, 3, sees_itself=True).mask.tolist() == [
        [1, 1, 1],
        [1, 1, 0],
        [0, 0, 0],
    ]


@pytest.mark.parametrize("sees_itself", [False, True])
def test_masked_convolution_is_the_plain_one_with_zeros_in_the_kernel(sees_itself):
    layer, x = MaskedConv2d(3, 4, 5, sees_itself=sees_itself), torch.randn(2, 3, 7, 7)
    kernel = layer.weight.detach().clone()
    kernel[:, :, 3:] = 0
    kernel[:, :, 2, 3:] = 0
    if not sees_itself:
        kernel[:, :, 2, 2] = 0
    torch.testing.assert_close(
        layer(x), torch.nn.functional.conv2d(x, kernel, layer.bias, padding=2)
    )


@pytest.mark.parametrize("row, column", [(0, 0), (0, 5), (2, 3), (5, 0), (5, 5)])
def test_changing_a_code_changes_no_logits_up_to_it_and_some_after(row, column):
    model = PixelCNN(codes=7, size=6, width=16, blocks=3).eval()
    codes = torch.randint(7, (1, 6, 6))
    other = codes.clone()
    other[0, row, column] = (codes[0, row, column] + 1) % 7
    moved = (model(codes) - model(other)).abs().amax(1).flatten() > 0  # (36,), in reading order
    here = 6 * row + column
    assert not moved[: here + 1].any()
    assert moved[here + 1 :].any() or here == 35


def test_gradient_of_a_logit_reaches_only_earlier_cells():
    model = PixelCNN(codes=5, size=6, width=8, blocks=2)
    inputs = model.embedding(torch.randint(5, (1, 6, 6))).movedim(-1, 1).detach().requires_grad_()
    model.blocks(model.first(inputs) + model.place)[0, :, 3, 2].sum().backward()
    seen = inputs.grad.abs().sum(1)[0] > 0
    rows, columns = seen.nonzero().T
    assert seen[3, 1] and not seen[3, 2:].any() and not seen[4:].any()
    assert (6 * rows + columns < 6 * 3 + 2).all()


def test_fewer_rows_give_the_same_logits():
    model, codes = PixelCNN(codes=5, size=6, width=8, blocks=2).eval(), torch.randint(5, (2, 6, 6))
    torch.testing.assert_close(model(codes[:, :3]), model(codes)[:, :, :3])


def test_probabilities_of_all_grids_sum_to_one():
    """Brute force: an autoregressive model is normalized over all 3^4 grids, whatever it is."""
    model = PixelCNN(codes=3, size=2, width=8, blocks=1).eval()
    every = torch.cartesian_prod(*[torch.arange(3)] * 4).view(-1, 2, 2)  # (81, 2, 2)
    assert (-model.nats(every)).exp().sum().item() == pytest.approx(1, abs=1e-5)


def test_nats_of_a_uniform_model():
    model = PixelCNN(codes=8, size=4, width=8, blocks=1)
    with torch.no_grad():
        model.blocks[-1].weight.zero_()
        model.blocks[-1].bias.zero_()
    expected = torch.full((3,), 16 * math.log(8))
    torch.testing.assert_close(model.nats(torch.randint(8, (3, 4, 4))), expected)


def test_weights():
    """256 codes, width 64, three blocks: embedding, 5x5, places, blocks, head; the masked weights
    are counted too.
    """
    block = (9 * 64 * 32 + 32) + (32 * 64 + 64)
    expected = 256 * 64 + (25 * 64 * 64 + 64) + 64 * 16 * 16 + 3 * block + (64 * 256 + 256)
    assert count_parameters(PixelCNN()) == expected == 213_600


def test_one_grid_is_learned_by_heart_and_sampled_again():
    model, codes = PixelCNN(codes=6, size=4, width=16, blocks=1), torch.randint(6, (1, 4, 4))
    optimizer = adam(model, 1e-2)
    for _ in range(100):
        loss = model.nats(codes).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05 * 16 * math.log(6)
    samples = model.sample(3, generator=torch.Generator().manual_seed(0))
    assert samples.shape == (3, 4, 4) and (samples == codes).float().mean() > 0.9


def test_the_part_of_a_grid_that_sampling_looks_at_gives_the_same_logits():
    model, size = PixelCNN(codes=5, size=12, width=8, blocks=2).eval(), 12
    torch.nn.init.normal_(model.place)
    codes = torch.randint(5, (2, size, size))
    whole = model(codes)
    assert model.reach == 4
    for row, column in ((0, 0), (5, 0), (11, 11), (7, 6), (6, 11), (11, 3)):
        top, left = max(0, row - 4), max(0, column - 4)
        part = model(codes[:, top : row + 1, left : column + 5], top=top, left=left)
        found, wanted = part[:, :, -1, column - left], whole[:, :, row, column]
        torch.testing.assert_close(found, wanted)
    nearer = model(codes[:, 4:8, 3:11], top=4, left=3)  # one row and column too few
    assert not torch.allclose(nearer[:, :, -1, 3], whole[:, :, 7, 6], atol=1e-6)


def test_samples_depend_on_the_generator_alone():
    model = PixelCNN(codes=6, size=4, width=8, blocks=1)
    first, again, other = (
        model.sample(2, generator=torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)
    )
    assert torch.equal(first, again) and not torch.equal(first, other)
