"""The checks of lesson 09 take the right answer, and say what is wrong with others."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from coursekit.exercises.checks import exercises, fault

TASKS = exercises("09")
bce = F.binary_cross_entropy_with_logits


class Spread(nn.Module):
    """A minibatch layer with a choice of what it adds."""

    def __init__(self, spread):
        super().__init__()
        self.spread = spread

    def forward(self, x):
        return torch.cat([x, self.spread(x).expand(len(x)).unsqueeze(1)], 1)


class RightSpread(Spread):
    def __init__(self):
        super().__init__(lambda x: x.std(0, correction=0).mean())


def smoothed(on_real, on_fake, smoothing):
    return bce(on_real, torch.full_like(on_real, 1 - smoothing)) + bce(
        on_fake, torch.zeros_like(on_fake)
    )


def two_sided(on_real, on_fake, smoothing):
    return bce(on_real, torch.full_like(on_real, 1 - smoothing)) + bce(
        on_fake, torch.full_like(on_fake, smoothing)
    )


def in_errors(a, b):
    return (a.mean() - b.mean()) / (a.var() / len(a) + b.var() / len(b)).sqrt()


RIGHT = {
    "best_logit": lambda p, q: p - q,
    "smoothed_loss": smoothed,
    "minibatch_spread": RightSpread,
    "difference_in_errors": in_errors,
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
        ("best_logit", lambda p, q: q - p, "the probability that your logits give"),
        ("best_logit", lambda p, q: torch.logit(p.exp() / (p.exp() + q.exp())), "tiny"),
        ("smoothed_loss", two_sided, "the loss with smoothing 0.2"),
        ("smoothed_loss", lambda *x: smoothed(*x) / 2, "half of their sum"),
        ("smoothed_loss", lambda a, b, s: smoothed(a, b.detach(), s), "no gradient"),
        ("minibatch_spread", Spread(lambda x: x.std(1).mean()), "the last column"),
        ("minibatch_spread", Spread(lambda x: x.std(0).mean()), "the last column"),
        ("minibatch_spread", nn.Identity(), "should have (5, 5)"),
        ("difference_in_errors", lambda a, b: a.mean() - b.mean(), "difference_in_errors"),
        ("difference_in_errors", lambda a, b: -in_errors(a, b), "difference_in_errors"),
    ],
)
def test_wrong_answers_hear_why(name, answer, words):
    assert words in fault(TASKS[name], answer)
