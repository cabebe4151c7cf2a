"""The checks of lesson 02 accept right answers of any make, and say what is wrong with others."""

import math
from functools import partial

import pytest
import torch
from torch.nn import functional as F

from coursekit.exercises import lesson_02
from coursekit.exercises.checks import fault
from coursekit.transforms import filters


def trusted_mean(y):
    sound = ((y > 0) & (y < 1)).to(y)
    window = torch.ones(1, 1, 3, 3)
    total = F.conv2d(y * sound, window, padding=1)
    count = F.conv2d(sound, window, padding=1)
    return torch.where((sound == 0) & (count > 0), total / count.clamp(min=1), y)


def trusted_loop(y):
    found = y.clone()
    for n, _, i, j in ((y == 0) | (y == 1)).nonzero().tolist():
        near = y[n, 0, max(i - 1, 0) : i + 2, max(j - 1, 0) : j + 2]
        near = near[(near > 0) & (near < 1)]
        if len(near):
            found[n, 0, i, j] = near.mean()
    return found


def zeros_where_alone(y):
    return torch.where(trusted_mean(y) == 1, 0.0, trusted_mean(y))


def in_place(y):
    y[:] = trusted_mean(y)
    return y


def psnr_loss(found, clean):
    inside = found + (found.clamp(0, 1) - found).detach()
    return 10 * ((inside - clean).square().mean((1, 2, 3)) + 1e-6).log10().mean()


def psnr_of_the_mean(found, clean):
    inside = found + (found.clamp(0, 1) - found).detach()
    return 10 * ((inside - clean).square().mean() + 1e-6).log10()


def plain_psnr(found, clean):
    error = (found.clamp(0, 1) - clean).square().mean((1, 2, 3))
    return 10 * (error + 1e-6).log10().mean()


def uncertainty(denoise, y, sigma):
    full = torch.func.vmap(torch.func.jacrev(lambda one: denoise(one[None])[0]))(y)
    return sigma**2 * full.diagonal(dim1=1, dim2=2)


def by_differences(denoise, y, sigma, small=1e-2, power=2):
    columns = []
    for d in range(y.shape[1]):
        step = torch.zeros(y.shape[1])
        step[d] = small
        columns.append((denoise(y + step) - denoise(y - step))[:, d] / (2 * small))
    return sigma**power * torch.stack(columns, 1)


def known_wave(y, amplitude, period, step=3.0):
    turn = torch.arange(0, 180, step).deg2rad()[:, None, None, None]
    phase = torch.arange(0, 360, 30.0).deg2rad()[:, None, None]
    place = torch.arange(28.0)
    distance = place[:, None] * turn.sin() + place * turn.cos()
    waves = amplitude * torch.sin(2 * math.pi * distance / period + phase).flatten(0, 1)

    def roughness(pictures):
        return pictures.diff(dim=-1).abs().sum((-1, -2)) + pictures.diff(dim=-2).abs().sum((-1, -2))

    cleaned = [torch.where(one > 0, one - waves, 0.0) for one in y[:, 0]]
    return torch.stack([pictures[roughness(pictures).argmin()] for pictures in cleaned])[:, None]


RIGHT = [
    (lesson_02.trusted_mean, trusted_mean),
    (lesson_02.trusted_mean, trusted_loop),
    (lesson_02.psnr_loss, psnr_loss),
    (lesson_02.uncertainty, uncertainty),
    (lesson_02.known_wave, known_wave),
]
WRONG = [
    (lesson_02.trusted_mean, filters.median, "neither 0 nor 1"),
    (lesson_02.trusted_mean, filters.switching_median, "0 or 1"),
    (lesson_02.trusted_mean, lambda y: y, "where y is 0 or 1"),
    (lesson_02.trusted_mean, zeros_where_alone, "without a neighbor"),
    (lesson_02.trusted_mean, in_place, "changed its input"),
    (lesson_02.psnr_loss, F.mse_loss, "should be"),
    (lesson_02.psnr_loss, psnr_of_the_mean, "should be"),
    (lesson_02.psnr_loss, plain_psnr, "outside [0, 1]"),
    (lesson_02.psnr_loss, lambda found, clean: found.mean().item(), "a float"),
    (lesson_02.uncertainty, partial(by_differences, power=1), "five Gaussians"),
    (lesson_02.uncertainty, lambda denoise, y, sigma: (denoise(y) - y) ** 2, "five Gaussians"),
    (lesson_02.known_wave, lambda y, amplitude, period: y, "at least 25 dB"),
    (lesson_02.known_wave, lambda y, amplitude, period: filters.notch(y), "at least 25 dB"),
]


@pytest.mark.parametrize("task, answer", RIGHT)
def test_right_answers_are_accepted(task, answer):
    assert fault(task, answer) == ""


@pytest.mark.parametrize("task, answer, words", WRONG)
def test_wrong_answers_hear_what_is_wrong(task, answer, words):
    assert words in fault(task, answer)
