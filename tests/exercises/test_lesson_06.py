"""The checks of lesson 06: right answers of more than one kind pass, wrong ones are told why."""

import math

import pytest
import torch
from torch.distributions import Normal
from torch.nn import functional as F

from coursekit.exercises import lesson_06
from coursekit.exercises.checks import fault


def gaussian_loss(x, mean, sigma, mu, logvar):
    nats = (x - mean).square().sum(1) / (2 * sigma**2)
    nats = nats + x.shape[1] * math.log(sigma * math.sqrt(2 * math.pi))
    return nats + 0.5 * (mu**2 + logvar.exp() - logvar - 1).sum(1)


def layered_loss(masks, colors, labels):
    both = masks.log_softmax(0) + colors.log_softmax(1)[:, labels]
    return -both.logsumexp(0).sum()


def importance_bound(log_weights):
    high = log_weights.max(0).values
    return high + (log_weights - high).exp().mean(0).log()


def arc(a, b, t):
    w = torch.acos(F.cosine_similarity(a, b, dim=0))
    return (torch.sin((1 - t) * w) * a + torch.sin(t * w) * b) / torch.sin(w)


RIGHT = {
    "gaussian_loss": [
        gaussian_loss,
        lambda x, mean, sigma, mu, logvar: (
            -Normal(mean, sigma).log_prob(x).sum(1)
            + torch.distributions.kl_divergence(
                Normal(mu, (logvar / 2).exp()), Normal(0.0, 1.0)
            ).sum(1)
        ),
    ],
    "layered_loss": [
        layered_loss,
        lambda masks, colors, labels: F.nll_loss(
            (masks.softmax(0).T @ colors.softmax(1)).log(), labels, reduction="sum"
        ),
    ],
    "importance_bound": [
        importance_bound,
        lambda log_weights: log_weights.logsumexp(0) - math.log(len(log_weights)),
    ],
    "arc": [arc],
}
WRONG = {
    "a mean over pixels": (
        "gaussian_loss",
        lambda x, mean, sigma, mu, logvar: gaussian_loss(x, mean, sigma, mu, logvar) / 7,
        "the loss is",
    ),
    "no constant": (
        "gaussian_loss",
        lambda x, mean, sigma, mu, logvar: (
            gaussian_loss(x, mean, sigma, mu, logvar)
            - x.shape[1] * math.log(sigma * math.sqrt(2 * math.pi))
        ),
        "the prior as code",
    ),
    "one number for all": (
        "gaussian_loss",
        lambda *inputs: gaussian_loss(*inputs).mean(),
        "shape",
    ),
    "no gradient": ("gaussian_loss", lambda *inputs: gaussian_loss(*inputs).detach(), "gradient"),
    "the mean of logarithms": (
        "layered_loss",
        lambda masks, colors, labels: (
            -((masks.softmax(0) * colors.log_softmax(1)[:, labels]).sum())
        ),
        "random scores",
    ),
    "a softmax over pixels": (
        "layered_loss",
        lambda masks, colors, labels: (
            -(masks.softmax(1) * colors.softmax(1)[:, labels]).sum(0).log().sum()
        ),
        "all scores 0",
    ),
    "the mean log weight": ("importance_bound", lambda w: w.mean(0), "6 samples"),
    "overflow": ("importance_bound", lambda w: w.exp().mean(0).log(), "not finite"),
    "the wrong axis": ("importance_bound", lambda w: w.logsumexp(1), "shape"),
    "a straight line": ("arc", lambda a, b, t: (1 - t) * a + t * b, "length"),
    "nothing returned": ("arc", lambda a, b, t: None, "return"),
}


@pytest.mark.parametrize(
    "name, answer", [(name, answer) for name, answers in RIGHT.items() for answer in answers]
)
def test_right_answers_pass(name, answer):
    assert fault(getattr(lesson_06, name), answer) == ""


@pytest.mark.parametrize("name, answer, words", WRONG.values(), ids=WRONG)
def test_wrong_answers_are_told_why(name, answer, words):
    assert words in fault(getattr(lesson_06, name), answer)
