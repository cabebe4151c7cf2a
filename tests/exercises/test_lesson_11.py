"""Lesson 11's exercises: right answers of two kinds pass, usual mistakes are told apart."""

import re

import pytest
from torch import nn
from torch.nn import functional as F

from coursekit.exercises import lesson_11 as tasks
from coursekit.exercises.checks import fault
from coursekit.models import pix2pix
from coursekit.models.resize_unet import ResizeUp


def field(layers):
    side = 1
    for kernel, stride in reversed(layers):
        side = (side - 1) * stride + kernel
    return side


def field_forward(layers):
    side, jump = 1, 1
    for kernel, stride in layers:
        side, jump = side + (kernel - 1) * jump, jump * stride
    return side


def sequential(inputs, outputs):
    return nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(inputs, outputs, 3, padding=1))


def losses(real, fake, picture, truth, weight):
    terms = pix2pix.generator_loss(fake, picture, truth, weight=weight)
    return pix2pix.discriminator_loss(real, fake), terms["loss"]


def doubled(*inputs):
    mine, theirs = losses(*inputs)
    return 2 * mine, theirs


def saturating(real, fake, picture, truth, weight):
    loss = pix2pix.discriminator_loss(real, fake)
    return loss, weight * F.l1_loss(picture, truth) - F.softplus(fake).mean()


class Alone(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = pix2pix.PatchDiscriminator(3, layers=1, width=4, norm=pix2pix.InstanceNorm)

    def forward(self, photo, picture):
        return self.inner(photo[:, :0], picture)


class OnPhoto(Alone):
    def forward(self, photo, picture):
        return self.inner(photo, picture[:, :0])


def conditional():
    return pix2pix.PatchDiscriminator(layers=1, width=4, norm=pix2pix.InstanceNorm)


RIGHT = [
    (tasks.receptive_field, field),
    (tasks.receptive_field, field_forward),
    (tasks.resize_block, ResizeUp),
    (tasks.resize_block, sequential),
    (tasks.losses, losses),
    (tasks.unconditional, Alone()),
]
WRONG = [
    (tasks.receptive_field, lambda layers: field(layers[::-1]), "receptive_field"),
    (tasks.receptive_field, lambda layers: sum(k for k, _ in layers), "receptive_field"),
    (tasks.resize_block, lambda i, o: nn.ConvTranspose2d(i, o, 4, 2, 1), "no nn.Conv2d"),
    (
        tasks.resize_block,
        lambda i, o: nn.Sequential(nn.ConvTranspose2d(i, i, 3, 2, 1, 1), nn.Conv2d(i, o, 1)),
        "grid",
    ),
    (tasks.resize_block, lambda i, o: nn.Conv2d(i, o, 3, padding=1), "shape"),
    (tasks.losses, doubled, "discriminator's loss"),
    (tasks.losses, saturating, "flat where D is sure"),
    (tasks.losses, lambda *inputs: losses(*inputs)[1], "two losses"),
    (tasks.losses, lambda r, f, p, t, w: losses(r, f, p.detach(), t, w), "gradient"),
    (tasks.unconditional, conditional(), "another photo"),
    (tasks.unconditional, OnPhoto(), "another photo"),
    (tasks.unconditional, Alone, "not its class"),
]


@pytest.mark.parametrize("task, answer", RIGHT)
def test_right_answers_pass(task, answer):
    assert fault(task, answer) == ""


@pytest.mark.parametrize("task, answer, words", WRONG)
def test_mistakes_are_named(task, answer, words):
    assert re.search(words, fault(task, answer)), fault(task, answer)


def test_no_number_is_stored():
    """Other seeds, other inputs: the right answers stay right."""
    assert all(fault(task, answer, seed=seed) == "" for task, answer in RIGHT for seed in (1, 2))
