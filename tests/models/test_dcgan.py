"""The pair of lesson 10: sizes, a grid or none, and what each discriminator can see."""

import pytest
import torch
from torch import nn

from coursekit import runtime
from coursekit.models import dcgan
from coursekit.models.ops import count_parameters, layer_rows

KINDS = (dcgan.LocalDiscriminator, dcgan.WholeDiscriminator, dcgan.BatchDiscriminator)


def noise(count=6, latent=100):
    return torch.randn(count, latent, generator=runtime.generator(0, "dcgan"))


@pytest.mark.parametrize("kernel", [4, 5])
@pytest.mark.parametrize("refine", [0, 2])
def test_the_generator_gives_pictures(kernel, refine):
    generator = dcgan.SmallGenerator(channels=8, width=4, kernel=kernel, refine=refine)
    made = generator(noise())
    assert made.shape == (6, 1, 28, 28) and made.abs().max() <= 1


def test_its_weights_can_be_counted_by_hand():
    generator = dcgan.SmallGenerator(channels=8, width=4, refine=1)
    dense, mix = 100 * 392 + 2 * 392, 8 * 8 * 9 + 2 * 8
    assert count_parameters(generator) == dense + mix + (8 * 4 * 16 + 2 * 4) + 4 * 16


def test_four_pixels_wide_every_place_gets_as_many_copies_and_five_pixels_wide_not():
    copies = {}
    for kernel in (4, 5):
        layer = dcgan.SmallGenerator(channels=1, width=1, kernel=kernel).end
        nn.init.ones_(layer.weight)
        copies[kernel] = layer(torch.ones(1, 1, 14, 14))[0, 0, 4:-4, 4:-4].unique().tolist()
    assert copies == {4: [4.0], 5: [4.0, 6.0, 9.0]}


@pytest.mark.parametrize("kind", KINDS)
def test_each_discriminator_gives_a_logit_and_learns_from_all_weights(kind):
    discriminator = kind(width=4)
    logits = discriminator(torch.rand(5, 1, 28, 28) * 2 - 1)
    assert logits.shape == (5, 1)
    logits.square().sum().backward()
    assert all(weight.grad.abs().sum() > 0 for weight in discriminator.parameters())


def test_a_local_logit_is_a_sum_over_places_and_a_whole_one_is_not():
    """Two changes far apart: their effects add up, or do not."""
    added = {}
    for kind in KINDS[:2]:
        discriminator = kind(width=4)
        x = -torch.ones(4, 1, 28, 28)
        x[1, :, 2:5, 2:5] = x[2, :, 22:25, 22:25] = 1
        x[3] = torch.maximum(x[1], x[2])
        nothing, first, second, both = discriminator(x).flatten().tolist()
        added[kind] = abs((both - nothing) - (first - nothing) - (second - nothing))
    assert added[dcgan.LocalDiscriminator] < 1e-5 < added[dcgan.WholeDiscriminator]


def test_only_the_batch_discriminator_minds_the_company():
    x = torch.rand(4, 1, 28, 28, generator=runtime.generator(0, "company")) * 2 - 1
    others = torch.cat([x[:1], -x[1:]])
    for kind in KINDS:
        discriminator = kind(width=4)
        same = torch.allclose(discriminator(x)[0], discriminator(others)[0], atol=1e-6)
        assert same == (kind is not dcgan.BatchDiscriminator), kind


def test_the_comparison_is_the_mean_difference_from_the_batch():
    features = torch.tensor([[0.0, 1.0], [3.0, 1.0]])
    compared = dcgan.BatchComparison()(features)
    assert compared.tolist() == [[0.0, 1.0, 1.5, 0.0], [3.0, 1.0, 1.5, 0.0]]


def test_layers_are_listed_with_their_outputs_and_weights():
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8, 5))
    assert layer_rows(network, torch.zeros(2, 1, 4, 4)) == [
        {"layer": "Conv2d", "output": "2x2x2", "weights": 20},
        {"layer": "Linear", "output": "5", "weights": 45},
    ]
    assert not network[0]._forward_hooks
