"""Pix2Pix's losses: what the formula says of known logits, and who gets gradients."""

import math

import pytest
import torch
from torch import nn

from coursekit.training.translation import Pix2PixLoss, l1_loss


class Says(nn.Module):
    """A discriminator that gives every pair the logit of its only weight."""

    def __init__(self, logit):
        super().__init__()
        self.logit = nn.Parameter(torch.tensor(logit))

    def forward(self, photo, picture):
        return self.logit + 0 * picture.mean((1, 2, 3), keepdim=True)


PAIR = torch.zeros(2, 3, 8, 8), torch.full((2, 3, 8, 8), 0.5)


def test_values_by_hand():
    loss, fake = Pix2PixLoss(weight=10), torch.zeros(2, 3, 8, 8)
    right, wrong = math.log(1 + math.exp(-2)), math.log(1 + math.exp(2))
    d_terms = loss.discriminator_loss(Says(2.0), PAIR, fake)
    assert float(d_terms["loss"].detach()) == pytest.approx((right + wrong) / 2)
    assert float(d_terms["accuracy"]) == 0.5
    g_terms = loss.generator_loss(Says(2.0), PAIR, fake)
    assert float(g_terms["loss"].detach()) == pytest.approx(right + 10 * 0.5)


def test_l1_alone():
    assert float(l1_loss(nn.Identity(), PAIR)) == pytest.approx(0.5)


def test_generate_sees_the_input_alone():
    assert torch.equal(Pix2PixLoss().generate(nn.Identity(), PAIR), PAIR[0])
