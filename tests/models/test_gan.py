"""The networks of lessons 09 and 10: the source's counts, shapes, a transposed convolution by hand;
and what players pay.
"""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from coursekit import runtime
from coursekit.models import gan
from coursekit.models.ops import count_parameters
from coursekit.training import (
    Adversaries,
    GANLoss,
    HingeLoss,
    NonSaturatingLoss,
    adam,
    fit_adversarial,
)


def draws(name="test"):
    return runtime.generator(0, name)


# Counts and shapes


def layer_weights(model):
    return [weight.numel() for weight in model.parameters()]


def test_the_generator_is_the_sources():
    """Keras's summary, with its batch-norm counts halved: two of the four numbers a channel are
    statistics.
    """
    generator = gan.Generator()
    keras = [1_254_400, 50_176 // 2, 819_200, 512 // 2, 204_800, 256 // 2, 1_600]
    halves = layer_weights(generator)  # batch norm: scale and shift apart
    found = [
        halves[0],
        halves[1] + halves[2],
        halves[3],
        halves[4] + halves[5],
        halves[6],
        halves[7] + halves[8],
        halves[9],
    ]
    assert found == keras and count_parameters(generator) == sum(keras) == 2_305_472
    assert sum(value.numel() for value in generator.buffers() if value.ndim) == 25_472


def test_the_discriminator_is_the_sources():
    found = layer_weights(gan.Discriminator())
    assert [found[0] + found[1], found[2] + found[3], found[4] + found[5]] == [
        1_664,
        204_928,
        6_273,
    ]
    assert count_parameters(gan.Discriminator()) == 212_865


def test_the_dense_networks_are_of_comparable_size():
    assert count_parameters(gan.DenseGenerator()) == 2_432_784 < 1.06 * 2_305_472
    assert count_parameters(gan.DenseDiscriminator()) == 217_473 < 1.06 * 212_865


def test_sizes_go_from_7_to_14_to_28():
    generator, sizes = gan.Generator(width=4), []
    for layer in [generator.start, *generator.body, generator.end]:
        layer.register_forward_hook(lambda layer, given, out: sizes.append(tuple(out.shape[1:])))
    generator(torch.randn(2, 100))
    assert sizes == [(16, 7, 7), (8, 7, 7), (4, 14, 14), (1, 28, 28)]


def test_sizes_go_from_28_to_14_to_7():
    discriminator, sizes = gan.Discriminator(width=4), []
    for layer in discriminator.body:
        layer.register_forward_hook(lambda layer, given, out: sizes.append(tuple(out.shape[1:])))
    assert discriminator(torch.zeros(2, 1, 28, 28)).shape == (2, 1)
    assert sizes == [(4, 14, 14), (8, 7, 7)]


@pytest.mark.parametrize(
    "refine, layers",
    [
        ((0, 0, 0), 3),
        ((1, 0, 0), 4),
        ((2, 0, 0), 5),
        ((1, 1, 0), 5),
        ((1, 1, 1), 6),
        ((0, 0, 2), 5),
    ],
)
def test_depth_of_the_generator(refine, layers):
    generator = gan.Generator(width=4, refine=refine)
    kinds = [
        layer for layer in generator.modules() if isinstance(layer, (nn.Linear, nn.ConvTranspose2d))
    ]
    assert len(kinds) == layers
    assert generator(torch.randn(3, 100)).shape == (3, 1, 28, 28)


@pytest.mark.parametrize("halvings, refine, side", [(1, 0, 14), (2, 0, 7), (3, 0, 4), (2, 1, 7)])
def test_depth_of_the_discriminator(halvings, refine, side):
    discriminator = gan.Discriminator(width=4, halvings=halvings, refine=refine)
    assert sum(isinstance(layer, nn.Conv2d) for layer in discriminator.modules()) == halvings * (
        1 + refine
    )
    assert discriminator.head.in_features == 4 * 2 ** (halvings - 1) * side**2
    assert discriminator(torch.zeros(2, 1, 28, 28)).shape == (2, 1)


@pytest.mark.parametrize(
    "build", [lambda: gan.Generator(width=4), lambda: gan.DenseGenerator(hidden=(16,))]
)
def test_pictures_are_in_0_to_1_and_alone_what_they_are_in_company(build):
    """With the collected statistics a picture depends on its own noise only."""
    generator, z = build(), torch.randn(6, 100, generator=draws())
    generator(torch.randn(64, 100, generator=draws()))  # some statistics
    together = gan.pictures(generator, z)
    assert together.shape == (6, 1, 28, 28) and together.min() >= 0 and together.max() <= 1
    torch.testing.assert_close(gan.pictures(generator, z, size=1), together)
    assert generator.training and not together.requires_grad


# Transposed convolution, worked by hand (question 2)


def by_copying(x, kernel, stride=1):
    """Each input pixel lays the kernel, times itself, on the output; overlaps add."""
    size, k = len(x), len(kernel)
    out = torch.zeros((size - 1) * stride + k, (size - 1) * stride + k)
    for i in range(size):
        for j in range(size):
            out[i * stride : i * stride + k, j * stride : j * stride + k] += x[i, j] * kernel
    return out


def test_the_worked_transposed_convolution():
    x = kernel = torch.tensor([[0.0, 1], [2, 3]])
    wanted = torch.tensor([[0.0, 0, 1], [0, 4, 6], [4, 12, 9]])
    assert torch.equal(by_copying(x, kernel), wanted)
    assert torch.equal(F.conv_transpose2d(x[None, None], kernel[None, None])[0, 0], wanted)


@pytest.mark.parametrize("stride", [1, 2])
def test_the_generators_layer_is_copying_and_cropping(stride):
    layer, x = gan._transposed(1, 1, stride), torch.randn(1, 1, 7, 7, generator=draws())
    whole = by_copying(x[0, 0], layer.weight[0, 0].detach(), stride)
    cut = slice(2, 2 + 7 * stride)  # "same": as large as the stride says, the border left out
    torch.testing.assert_close(layer(x)[0, 0].detach(), whole[cut, cut])


def test_it_is_the_transpose_of_a_convolution():
    """<C x, y> = <x, C' y> for the discriminator's convolution and the generator's layer with the
    same window.
    """
    down, up = nn.Conv2d(1, 1, 5, stride=2, padding=2, bias=False), gan._transposed(1, 1, 2)
    up.load_state_dict({"weight": down.weight.detach()})
    x, y = torch.randn(1, 1, 14, 14, generator=draws()), torch.randn(1, 1, 7, 7, generator=draws())
    torch.testing.assert_close((down(x) * y).sum(), (x * up(y)).sum())


# What players pay


class Fixed(nn.Module):
    """A discriminator whose verdict is the mean of the picture."""

    def forward(self, x):
        return x.flatten(1).mean(1, keepdim=True)


REAL, FAKE = torch.full((2, 1, 28, 28), 0.5), torch.full((2, 1, 28, 28), -0.25)


def test_cross_entropy_in_closed_form():
    loss = NonSaturatingLoss(8, draws(), generator_labels=0.0)
    paid = loss.discriminator_loss(Fixed(), (REAL,), FAKE)
    assert paid["loss"].item() == pytest.approx(
        math.log(1 + math.exp(-0.5)) + math.log(1 + math.exp(-0.25))
    )
    assert paid["accuracy"].item() == 1.0
    assert loss.generator_loss(Fixed(), (REAL,), FAKE).item() == pytest.approx(
        math.log(1 + math.exp(0.25))
    )


def test_the_sources_label_noise():
    """Cross-entropy is linear in the label: 0.05 u more label, 0.05 u times the logit less loss."""
    loss, plain = NonSaturatingLoss(8, draws()), NonSaturatingLoss(8, draws(), generator_labels=0.0)
    u = torch.rand(2, 1, generator=draws()).mean().item()
    difference = loss.generator_loss(Fixed(), (REAL,), FAKE) - plain.generator_loss(
        Fixed(), (REAL,), FAKE
    )
    assert difference.item() == pytest.approx(-0.05 * u * -0.25, rel=1e-4)


def test_the_discriminators_label_noise_moves_labels_inwards():
    loss = NonSaturatingLoss(8, draws(), discriminator_labels=0.2)
    uniform = draws()
    first, second = torch.rand(2, 1, generator=uniform), torch.rand(2, 1, generator=uniform)
    wanted = F.binary_cross_entropy_with_logits(
        torch.full((2, 1), 0.5), 1 - 0.2 * first
    ) + F.binary_cross_entropy_with_logits(torch.full((2, 1), -0.25), 0.2 * second)
    torch.testing.assert_close(loss.discriminator_loss(Fixed(), (REAL,), FAKE)["loss"], wanted)


def test_noise_on_inputs_reaches_every_look():
    seen = []

    class Spy(Fixed):
        def forward(self, x):
            seen.append(x)
            return super().forward(x)

    loss = NonSaturatingLoss(8, draws(), input_noise=0.3)
    loss.discriminator_loss(Spy(), (REAL,), FAKE)
    loss.generator_loss(Spy(), (REAL,), FAKE)
    assert [len(x) for x in seen] == [4, 2]
    for x, clean in ((seen[0], torch.cat([REAL, FAKE])), (seen[1], FAKE)):
        assert (x - clean).std().item() == pytest.approx(0.3, rel=0.1)


def test_hinge_in_closed_form():
    loss = HingeLoss(8, draws())
    paid = loss.discriminator_loss(Fixed(), (3 * REAL,), FAKE)
    assert paid["loss"].item() == pytest.approx(
        0 + 0.75
    )  # a real one beyond its margin costs nothing
    assert loss.generator_loss(Fixed(), (REAL,), FAKE).item() == pytest.approx(0.25)


@pytest.mark.parametrize("loss", [NonSaturatingLoss(100, draws()), HingeLoss(100, draws())])
@pytest.mark.parametrize(
    "build",
    [
        lambda: (gan.Generator(width=4), gan.Discriminator(width=4)),
        lambda: (gan.DenseGenerator(hidden=(32,)), gan.DenseDiscriminator(hidden=(32,))),
    ],
)
def test_a_discriminator_overfits_one_batch(loss, build):
    """Against a generator that stands still it learns to tell its few pictures from real ones."""
    run = runtime.setup(device="cpu", threads=1)
    generator, discriminator = build()
    real = torch.where(torch.rand(16, 1, 28, 28, generator=draws()) < 0.2, 1.0, -1.0)
    still = adam(generator, 0.0)
    history = fit_adversarial(
        Adversaries(generator, discriminator, still, adam(discriminator, 5e-3)),
        [(real,)] * 12,
        loss,
        epochs=2,
        runtime=run,
    )
    assert history.rows[-1]["accuracy"] > 0.95
    assert history.rows[-1]["discriminator_loss"] < 0.7 * history.rows[0]["discriminator_loss"]


def test_a_generator_fools_a_discriminator_that_stands_still():
    run = runtime.setup(device="cpu", threads=1)
    generator, discriminator = gan.Generator(width=4), gan.Discriminator(width=4)
    real = torch.zeros(16, 1, 28, 28)
    history = fit_adversarial(
        Adversaries(generator, discriminator, adam(generator, 5e-3), adam(discriminator, 0.0)),
        [(real,)] * 12,
        NonSaturatingLoss(100, draws()),
        epochs=3,
        runtime=run,
    )
    losses = history.column("generator_loss")
    assert losses[-1] < 0.5 * losses[0]


def test_any_object_with_the_three_functions_is_a_loss():
    """NonSaturatingLoss and GANLoss are asked for the same three things."""
    loss = NonSaturatingLoss(100, draws())
    assert all(callable(getattr(loss, name)) for name in GANLoss.__dataclass_fields__)
