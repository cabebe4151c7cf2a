"""The checks of lesson 08 take the right answer, and say what is wrong with others."""

import math

import pytest
import torch
from torch.nn import functional as F

from coursekit.exercises.checks import exercises, fault

TASKS = exercises("08")


def perplexity(indices, codes):
    share = torch.bincount(indices.flatten(), minlength=codes) / indices.numel()
    return 2 ** (-torch.special.xlogy(share, share).sum() / math.log(2))


def sign(z):
    inside = z.clamp(-1, 1)
    return inside + (torch.sign(z) - inside).detach()


def may_see(side, itself):
    number = torch.arange(side * side)
    return number[:, None] >= number if itself else number[:, None] > number


def bits(logits, codes):
    return F.cross_entropy(logits, codes, reduction="sum") / math.log(2)


RIGHT = {
    "perplexity": perplexity,
    "straight_through_sign": sign,
    "may_see": may_see,
    "code_bits": bits,
}


def test_each_exercise_has_a_right_answer_here():
    assert set(TASKS) == set(RIGHT)


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_right_answers_pass(name, seed):
    assert fault(TASKS[name], RIGHT[name], seed=seed) == ""


@pytest.mark.parametrize(
    "name, answer, words",
    [
        ("perplexity", lambda i, k: perplexity(i, k).log2(), "2 to that power"),
        ("perplexity", lambda i, k: torch.tensor(float("nan")), "0 log 0"),
        ("perplexity", lambda i, k: torch.tensor(float(k)), "perplexity(indices, 8)"),
        ("straight_through_sign", torch.sign, "0 everywhere"),
        ("straight_through_sign", lambda z: z + (torch.sign(z) - z).detach(), "1 everywhere"),
        ("straight_through_sign", lambda z: torch.sign(z).detach(), "detached"),
        ("may_see", lambda s, i: may_see(s, i).T, "exchanged"),
        ("may_see", lambda s, i: may_see(s, True), "must not see itself"),
        ("code_bits", lambda x, c: bits(x, c) * math.log(2), "in nats"),
        ("code_bits", lambda x, c: bits(x, c) / len(c), "the sum"),
    ],
)
def test_wrong_answers_hear_why(name, answer, words):
    assert words in fault(TASKS[name], answer)
