"""The checks of lesson 02 accept right answers of any make, and say what is wrong with others."""

import math

import pytest
import torch
from torch.nn import functional as F

from coursekit.exercises import lesson_02
from coursekit.exercises.checks import fault
from coursekit.transforms import filters


def switching(y):
    return torch.where((y == 0) | (y == 1), filters.median(y), y)


def in_place(y):
    mask = (y == 0) | (y == 1)
    y[mask] = filters.median(y)[mask]
    return y


def clipped_loss(answers, clean):
    inside = answers + (answers.clamp(0, 1) - answers).detach()
    return (inside - clean).square().mean()


def tweedie(denoise, y, sigma):
    return (denoise(y) - y) / sigma**2


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
    (lesson_02.switching, switching),
    (lesson_02.switching, filters.switching_median),
    (lesson_02.clipped_loss, clipped_loss),
    (lesson_02.tweedie, tweedie),
    (lesson_02.known_wave, known_wave),
]
WRONG = [
    (lesson_02.switching, filters.median, "neither 0 nor 1"),
    (lesson_02.switching, lambda y: y, "where y is 0 or 1"),
    (lesson_02.switching, in_place, "changed its input"),
    (lesson_02.clipped_loss, F.mse_loss, "should be"),
    (
        lesson_02.clipped_loss,
        lambda answers, clean: F.mse_loss(answers.clamp(0, 1), clean),
        "outside [0, 1]",
    ),
    (lesson_02.clipped_loss, lambda answers, clean: answers.mean().item(), "a float"),
    (lesson_02.tweedie, lambda denoise, y, sigma: (y - denoise(y)) / sigma**2, "five Gaussians"),
    (lesson_02.tweedie, lambda denoise, y, sigma: (denoise(y) - y) / sigma, "five Gaussians"),
    (lesson_02.known_wave, lambda y, amplitude, period: y, "at least 25 dB"),
    (lesson_02.known_wave, lambda y, amplitude, period: filters.notch(y), "at least 25 dB"),
]


@pytest.mark.parametrize("task, answer", RIGHT)
def test_right_answers_are_accepted(task, answer):
    assert fault(task, answer) == ""


@pytest.mark.parametrize("task, answer, words", WRONG)
def test_wrong_answers_hear_what_is_wrong(task, answer, words):
    assert words in fault(task, answer)
