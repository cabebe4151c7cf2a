"""Shares with their interval, and how different the pictures of a label are."""

import pytest
import torch

from coursekit.metrics import conditional
from coursekit.metrics.conditional import relative_spread, share, spread


def test_a_share_has_the_exact_interval():
    answers, truth = torch.tensor([0] * 10), torch.tensor([0] * 10)
    found = share(answers, truth)
    assert found["right"] == found["to"] == 1.0
    assert found["from"] == pytest.approx(0.025 ** (1 / 10))  # all right: low^n = 2.5 %
    half = share(answers, torch.tensor([0, 1] * 5))
    assert half["from"] == pytest.approx(1 - half["to"]) and half["right"] == 0.5


def test_spread_is_the_mean_over_all_pairs():
    x = torch.randn(6, 2, 3)
    flat = x.flatten(1)
    pairs = (flat[:, None] - flat[None]).square().mean(2).sum() / (6 * 5)
    assert spread(x) == pytest.approx(float(pairs), rel=1e-5)


def test_spread_is_the_same_in_parts(monkeypatch):
    x = torch.randn(6, 2, 5)
    whole = spread(x)
    monkeypatch.setattr(conditional, "COLUMNS", 3)  # ten numbers: three parts and a rest
    assert spread(x) == pytest.approx(whole, rel=1e-6)


def test_relative_spread_is_0_for_one_picture_and_1_for_the_same_ones():
    real, truth = torch.randn(20, 4), torch.arange(20) % 2
    means = torch.stack([real[truth == kind].mean(0) for kind in (0, 1)])
    assert relative_spread(means[truth], truth, real, truth) == pytest.approx(0, abs=1e-9)
    assert relative_spread(real, truth, real, truth) == pytest.approx(1)
    assert relative_spread(real / 2, truth, real, truth) == pytest.approx(1 / 4)
