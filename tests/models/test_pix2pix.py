"""Pix2Pix against the published counts, a receptive field found by gradient, and losses worked by
hand.
"""

import math

import pytest
import torch
from torch import nn

from coursekit import runtime
from coursekit.models import pix2pix
from coursekit.models.ops import count_parameters
from coursekit.models.pix2pix import (
    DownSample,
    EncoderDecoder,
    Generator,
    PatchDiscriminator,
    PixelDiscriminator,
    UpSample,
    receptive_field,
)
from coursekit.models.translate import translating
from coursekit.training import Adversaries, GANLoss, adam, fit_adversarial


def meta(build):
    """The model without its numbers: big networks cost nothing on the meta device."""
    with torch.device("meta"):
        return build()


def test_published_generator_has_its_weights():
    assert count_parameters(meta(Generator)) == 54_413_955


def test_published_discriminator_has_its_weights():
    assert count_parameters(meta(PatchDiscriminator)) == 2_768_705


def test_small_counts_by_hand():
    down = 3 * 2 * 16 + (2 * 4 * 16 + 2 * 4) + 4 * 8 * 16  # 3 -> 2 -> 4 (norm) -> 8, no biases
    up = (
        (8 * 4 * 16 + 2 * 4) + (8 * 2 * 16 + 2 * 2) + (4 * 3 * 16 + 3)
    )  # skips double what comes in; last has biases
    assert count_parameters(Generator(levels=3, width=2)) == down + up
    severed = (8 * 4 * 16 + 2 * 4) + (4 * 2 * 16 + 2 * 2) + (2 * 3 * 16 + 3)
    assert count_parameters(EncoderDecoder(levels=3, width=2)) == down + severed
    assert count_parameters(PixelDiscriminator(width=2)) == (6 * 2 + 2) + (2 * 4 + 2 * 4) + (4 + 1)


def test_shapes_at_every_block_of_the_published_generator():
    model, seen = meta(Generator), []
    for block in (*model.down, *model.up, model.last):
        block.register_forward_hook(
            lambda block, inputs, output: seen.append((inputs[0].shape[1], *output.shape[1:3]))
        )
    with torch.device("meta"):
        assert model(torch.zeros(2, 3, 256, 256)).shape == (2, 3, 256, 256)
    assert seen == [
        (3, 64, 128),
        (64, 128, 64),
        (128, 256, 32),
        (256, 512, 16),
        (512, 512, 8),
        (512, 512, 4),
        (512, 512, 2),
        (512, 512, 1),
        (512, 512, 2),
        (1024, 512, 4),
        (1024, 512, 8),
        (1024, 512, 16),
        (1024, 256, 32),
        (512, 128, 64),
        (256, 64, 128),
        (128, 3, 256),
    ]


@pytest.mark.parametrize(
    "layers, side, patch", [(1, 126, 16), (2, 62, 34), (3, 30, 70), (5, 6, 286)]
)
def test_patches_of_the_discriminator(layers, side, patch):
    model = meta(lambda: PatchDiscriminator(layers=layers))
    pair = [torch.zeros(1, 3, 256, 256, device="meta")] * 2
    assert model(*pair).shape == (1, 1, side, side) and receptive_field(model) == patch


def test_pixel_discriminator_keeps_the_size_and_sees_one_pixel():
    model = PixelDiscriminator(width=2)
    assert (
        model(*[torch.zeros(2, 3, 8, 8)] * 2).shape == (2, 1, 8, 8) and receptive_field(model) == 1
    )


@pytest.mark.parametrize("layers, size", [(1, 48), (2, 96), (3, 160)])
def test_receptive_field_is_where_the_gradient_reaches(layers, size):
    model = PatchDiscriminator(
        layers=layers, width=2
    ).eval()  # batch statistics would reach everywhere
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.uniform_(layer.weight, 0.5, 1.0)  # positive: nothing cancels
    photo = torch.rand(1, 3, size, size, requires_grad=True)
    logits = model(photo, torch.rand(1, 3, size, size))
    logits[0, 0, logits.shape[2] // 2, logits.shape[3] // 2].backward()
    rows = photo.grad.abs().sum((0, 1, 3)).nonzero().flatten()
    assert rows[0] > 0 and rows[-1] < size - 1  # not cut off by the border
    assert int(rows[-1] - rows[0]) + 1 == receptive_field(model)


def test_blocks_halve_and_double():
    x = torch.rand(2, 3, 8, 8)
    assert DownSample(3, 5)(x).shape == (2, 5, 4, 4) and UpSample(3, 5)(x).shape == (2, 5, 16, 16)


def test_weights_start_as_published():
    model = Generator(levels=5, width=16)
    drawn = torch.cat(
        [
            layer.weight.detach().flatten()
            for layer in model.modules()
            if isinstance(layer, nn.Conv2d)
        ]
    )
    assert abs(float(drawn.mean())) < 2e-4 and abs(float(drawn.std()) - 0.02) < 4e-4
    scales = torch.cat(
        [layer.weight.detach() for layer in model.modules() if isinstance(layer, nn.BatchNorm2d)]
    )
    assert abs(float(scales.mean()) - 1) < 0.01 and abs(float(scales.std()) - 0.02) < 0.005
    assert float(model.last.bias.detach().abs().max()) == 0


@pytest.mark.parametrize("levels, dropping", [(8, 3), (6, 2), (5, 1), (4, 0)])
def test_dropout_sits_in_the_first_three_blocks_of_the_decoder_where_they_have_full_width(
    levels, dropping
):
    model = meta(lambda: Generator(levels=levels))
    drops = [any(isinstance(layer, nn.Dropout) for layer in block.modules()) for block in model.up]
    assert drops == [True] * dropping + [False] * (levels - 1 - dropping)


def test_dropout_acts_at_test_time_when_asked_and_only_then():
    model, photo = Generator(levels=5, width=4), torch.rand(1, 3, 32, 32)
    with translating(model):
        assert not torch.equal(model(photo), model(photo))
    with translating(model, dropout=False):
        assert torch.equal(model(photo), model(photo))
    assert all(layer.training for layer in model.modules())  # as it was before


def test_testing_leaves_the_averages_alone_and_gives_no_gradients():
    model = Generator(levels=4, width=4)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with translating(model, own_statistics=True):
        assert not model(torch.rand(2, 3, 16, 16)).requires_grad
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_own_statistics_of_one_picture_are_instance_norm():
    block = DownSample(3, 5)
    x = torch.rand(1, 3, 8, 8)
    with translating(block, own_statistics=True):
        got = block(x)
    conv, norm, act = block.layers
    assert torch.allclose(
        got,
        act(nn.functional.instance_norm(conv(x), weight=norm.weight, bias=norm.bias)),
        atol=1e-6,
    )


def test_losses_by_hand():
    zero = torch.zeros(2, 1, 3, 3)
    assert float(pix2pix.discriminator_loss(zero, zero)) == pytest.approx(math.log(2))
    two = torch.full((1, 1, 2, 2), 2.0)
    wrong = math.log(1 + math.exp(2))  # says "real" with logit 2, and it is not
    right = math.log(1 + math.exp(-2))
    assert float(pix2pix.discriminator_loss(two, two)) == pytest.approx((right + wrong) / 2)
    made, true = torch.tensor([[0.5, -0.5]]), torch.tensor([[0.0, 0.5]])
    paid = pix2pix.generator_loss(two, made, true)
    assert float(paid["l1"]) == pytest.approx(0.75)
    assert float(paid["loss"]) == pytest.approx(right + 100 * 0.75)
    assert float(pix2pix.generator_loss(two, made, true, weight=0)["loss"]) == pytest.approx(right)


def test_one_batch_overfitted():
    """Both networks on one batch of noise: the generator must come to reproduce it."""
    draws = torch.Generator().manual_seed(0)
    batch = tuple(torch.rand(2, 3, 8, 8, generator=draws) * 2 - 1 for _ in range(2))
    generator, discriminator = (
        Generator(levels=3, width=16, dropout=0.0),
        PatchDiscriminator(layers=1, width=4),
    )
    loss = GANLoss(
        lambda model, pair: model(pair[0]),
        lambda judge, pair, fake: pix2pix.discriminator_loss(judge(*pair), judge(pair[0], fake)),
        lambda judge, pair, fake: pix2pix.generator_loss(judge(pair[0], fake), fake, pair[1]),
    )
    history = fit_adversarial(
        Adversaries(generator, discriminator, adam(generator, 5e-3), adam(discriminator, 2e-4)),
        [batch] * 30,
        loss,
        epochs=5,
        runtime=runtime.Runtime(seed=0, device=torch.device("cpu"), threads=1),
        monitor=None,
    )
    l1 = history.column("l1")
    assert l1[0] > 0.2 and l1[-1] < 0.05, l1


def test_with_instance_norm_a_pair_does_not_depend_on_its_batch():
    torch.manual_seed(0)
    model = PatchDiscriminator(layers=2, width=4, norm=pix2pix.InstanceNorm)
    photos, pictures = torch.rand(3, 3, 64, 64), torch.rand(3, 3, 64, 64)
    together, alone = model(photos, pictures)[:1], model(photos[:1], pictures[:1])
    assert torch.allclose(together, alone, atol=1e-5)
    scales = [m.weight for m in model.modules() if isinstance(m, nn.InstanceNorm2d)]
    assert len(scales) == 2 and all(0.9 < float(scale.detach().mean()) < 1.1 for scale in scales)
