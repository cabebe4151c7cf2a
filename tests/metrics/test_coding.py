"""Bits of what is sent: known entropies, and a count that cannot be cheated."""

import math

import pytest
import torch

from coursekit.metrics import coding


def rng():
    return torch.Generator().manual_seed(0)


def test_codes_that_are_uniform_cost_their_length():
    known = torch.randint(8, (4_000, 3, 3), generator=rng())
    sent = coding.send_codes(known[:500], known, count=8)
    assert sent.fixed == 27 and sent.coded == pytest.approx(27, rel=0.01)


def test_a_place_that_never_changes_is_nearly_free():
    known = torch.randint(8, (2_000, 2), generator=rng())
    known[:, 1] = 5
    sent = coding.send_codes(known, known, count=8)
    assert sent.coded == pytest.approx(3, abs=0.05)


def test_a_code_that_training_never_used_can_be_sent():
    known = torch.zeros(100, 4, dtype=torch.int64)
    sent = coding.send_codes(torch.full((1, 4), 7), known, count=8)
    assert 4 * math.log2(100) < sent.coded < math.inf


@pytest.mark.parametrize("step", [0.1, 0.5])
def test_normal_numbers_cost_their_entropy(step):
    known = 2 * torch.randn(20_000, 3, generator=rng())
    sent = coding.send_rounded(known, known, step)
    entropy = 3 * (0.5 * math.log2(2 * math.pi * math.e * 4) - math.log2(step))
    assert sent.coded == pytest.approx(entropy, rel=0.01)
    assert (sent.values - known).abs().max() <= step / 2 + 1e-5


def test_fixed_bits_cover_what_training_used():
    known = torch.tensor([[0.0, 0.0], [7.0, 0.2]])
    sent = coding.send_rounded(torch.tensor([[9.0, 0.1]]), known, 1.0)
    assert sent.fixed == 3 and sent.values.tolist() == [[7.0, 0.0]]  # outside: the nearest


@pytest.mark.parametrize("coded", [False, True])
def test_the_step_keeps_the_budget_and_a_finer_one_does_not(coded):
    known = torch.randn(500, 10, generator=rng()) * torch.logspace(0, -2, 10)
    step = coding.step_for(known, bits=30, coded=coded)
    assert coding.send_rounded(known, known, step)[1 + coded] <= 30
    assert coding.send_rounded(known, known, 0.99 * step)[1 + coded] > 30 - 1
