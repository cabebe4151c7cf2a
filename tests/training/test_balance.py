"""The loss of lesson 09: the published pieces, each by hand; a rate that fades."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from coursekit import runtime
from coursekit.training import NonSaturatingLoss
from coursekit.training.balance import BalancedLoss, BatchwiseLoss, FlatLoss, fade


class Mean(nn.Module):
    """A discriminator: the mean brightness is the logit."""

    def forward(self, x):
        return x.flatten(1).mean(1, keepdim=True)


def loss(**options):
    return BalancedLoss(4, runtime.generator(0, "balance"), **options)


def batch(count=6):
    return (torch.rand(count, 1, 8, 8, generator=runtime.generator(0, "batch")) * 2 - 1,)


def test_without_options_it_is_the_non_saturating_loss():
    plain = NonSaturatingLoss(4, runtime.generator(0, "balance"), generator_labels=0.0)
    (x,), fake = batch(), -batch()[0]
    mine = loss().discriminator_loss(Mean(), (x,), fake)
    theirs = plain.discriminator_loss(Mean(), (x,), fake)
    assert torch.equal(mine["loss"], theirs["loss"])
    assert torch.equal(mine["accuracy"], theirs["accuracy"])
    assert torch.equal(
        loss().generator_loss(Mean(), (x,), fake), plain.generator_loss(Mean(), (x,), fake)
    )


def test_smoothing_moves_the_real_labels_alone():
    (x,), fake = batch(), -batch()[0]
    s, t = Mean()(x), Mean()(fake)
    found = loss(smoothing=0.2).discriminator_loss(Mean(), (x,), fake)["loss"]
    wanted = (0.8 * F.softplus(-s) + 0.2 * F.softplus(s)).mean() + F.softplus(t).mean()
    assert float(found) == pytest.approx(float(wanted), rel=1e-5)


def test_the_sources_label_noise_asks_for_more_than_1():
    (x,) = batch(400)
    s = Mean()(x)
    found = loss(generator_labels=0.05).generator_loss(Mean(), (x,), x)
    wanted = F.softplus(-s).mean() - 0.025 * s.mean()  # linear in the label; u is 1/2 on average
    assert float(found) == pytest.approx(float(wanted), abs=1e-3)


def test_what_the_discriminator_sees_is_moved_or_noisy():
    x = torch.full((3, 1, 8, 8), -1.0)
    x[:, :, 4, 4] = 1
    moved = loss(shift=2)
    places = {int(moved.seen(x)[0].argmax()) for _ in range(200)}
    assert places == {8 * row + column for row in range(2, 7) for column in range(2, 7)}
    light = loss(shift=2, ground=1.0).seen(torch.ones(2, 1, 8, 8))
    assert (light == 1).all()
    noisy = loss(input_noise=0.3).seen(torch.zeros(50, 1, 8, 8))
    assert float(noisy.std()) == pytest.approx(0.3, rel=0.05)
    assert loss().seen(x) is x


def test_the_shift_lets_gradients_through():
    x = torch.rand(2, 1, 8, 8, requires_grad=True)
    loss(shift=2).generator_loss(Mean(), (x,), x).backward()
    assert x.grad is not None and (x.grad != 0).sum() >= 2 * 36


def test_a_rate_fades_after_half():
    weight = nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([weight], lr=0.4)
    schedule, rates = fade(optimizer, steps=8), []
    for _ in range(9):
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    assert rates == pytest.approx([0.4] * 5 + [0.3, 0.2, 0.1, 0.0]) and math.isfinite(rates[-1])


def test_batchwise_real_and_generated_pictures_are_never_in_one_batch():
    class Size(nn.Module):
        def forward(self, x):
            return x.new_full((len(x), 1), float(len(x)))

    (x,), fake = batch(6), -batch()[0]
    apart = BatchwiseLoss(4, runtime.generator(0, "balance"))
    assert [on.unique().tolist() for on in apart.logits(Size(), x, fake)] == [[6.0], [6.0]]
    assert [on.unique().tolist() for on in loss().logits(Size(), x, fake)] == [[12.0], [12.0]]


class Square(nn.Module):
    """A discriminator whose slope at a picture is the picture."""

    def forward(self, x):
        return x.flatten(1).square().sum(1, keepdim=True) / 2


def test_r1_adds_half_the_mean_squared_length_of_the_slope_at_real_pictures():
    (x,), fake = batch(), -batch()[0]
    plain = loss().discriminator_loss(Square(), (x,), fake)["loss"]
    always = FlatLoss(4, runtime.generator(0, "balance"), penalty=0.3, every=1)
    found = always.discriminator_loss(Square(), (x,), fake)["loss"]
    length = x.flatten(1).square().sum(1).mean()
    assert float((found - plain).detach()) == pytest.approx(0.15 * float(length), rel=1e-4)


def test_r1_is_taken_at_some_steps_and_counts_as_many_times_there():
    (x,), fake = batch(), -batch()[0]
    plain = float(loss().discriminator_loss(Square(), (x,), fake)["loss"])
    lazy = FlatLoss(4, runtime.generator(0, "balance"), penalty=0.3, every=4)
    more = [
        float(lazy.discriminator_loss(Square(), (x,), fake)["loss"]) - plain for _ in range(200)
    ]
    taken = [one for one in more if abs(one) > 1e-4]
    assert 30 < len(taken) < 70
    length = float(x.flatten(1).square().sum(1).mean())
    assert all(one == pytest.approx(4 * 0.15 * length, rel=1e-4) for one in taken)
