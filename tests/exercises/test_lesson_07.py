"""The checks of lesson 07 take the right answer, and say what is wrong with others."""

import math

import pytest
import torch

from coursekit.exercises.checks import exercises, fault

TASKS = exercises("07")


def wilson(right, n):
    p, z = right / n, 1.959964
    center = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return center - half, center + half


def naive(right, n):
    p = right / n
    half = 1.959964 * math.sqrt(p * (1 - p) / n)
    return p - half, p + half


def pairs(x):
    return 2 * x.var(0, correction=1).mean()


def kl(mu, logvar, mean):
    return 0.5 * ((mu - mean).square() + logvar.exp() - logvar - 1).sum(1)


def price(shares):
    return -torch.xlogy(shares, shares).sum()


RIGHT = {
    "wilson": wilson,
    "mean_pair_difference": pairs,
    "kl_from_prior": kl,
    "price_of_label": price,
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
        ("wilson", naive, "no width at 0 and 1"),
        ("wilson", lambda k, n: wilson(k, n)[0], "two numbers"),
        ("wilson", lambda k, n: wilson(k, n)[::-1], "the lower end"),
        ("mean_pair_difference", lambda x: 2 * x.var(0, correction=0).mean(), "with itself"),
        ("mean_pair_difference", lambda x: x.var(0).mean(), "mean_pair_difference(x)"),
        ("kl_from_prior", lambda m, v, p: kl(m, v, p) / 3, "do not take their mean"),
        ("kl_from_prior", lambda m, v, p: kl(m, v, 0 * p), "kl_from_prior(mu"),
        ("kl_from_prior", lambda m, v, p: kl(m.detach(), v, p), "no gradient"),
        ("price_of_label", lambda p: price(p) / math.log(2), "in bits"),
        ("price_of_label", lambda p: -(p * p.log()).sum(), "always the same"),
    ],
)
def test_wrong_answers_hear_why(name, answer, words):
    assert words in fault(TASKS[name], answer)
