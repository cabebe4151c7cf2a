"""The checks of lesson 04: right answers of more than one kind pass, wrong ones are told why."""

import pytest
import torch
from torch import nn

from coursekit.exercises import lesson_04
from coursekit.exercises.checks import fault


def base_model(kernel, filters, side):
    def block(inputs, outputs):
        return kernel**2 * inputs * outputs + 3 * outputs

    n = filters
    blocks = block(1, n) + block(n, 2 * n) + block(2 * n, 2 * n) + block(2 * n, n) + block(n, 24)
    return side // 4, blocks + kernel**2 * 24 * 24 + 24


def leak(counts):
    def entropy(values):
        p = values.flatten() / values.sum()
        return -(p * p.clamp(min=1e-30).log()).sum()

    rows, columns = counts.sum(1), counts.sum(0)
    return 1 - (entropy(counts) - entropy(rows)) / entropy(columns)


def balance(shares, uniform):
    weights = 1 / ((1 - uniform) * shares + uniform / len(shares))
    return weights / (shares * weights).sum()


def annealed(scores, hues, temperature):
    chances = (scores / temperature).softmax(1)
    return torch.einsum("nkhw,kc->nchw", chances, hues)


class Start(nn.Module):
    def __init__(self, table):
        super().__init__()
        self.register_buffer("table", table)
        self.body = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU())
        self.last = nn.Conv2d(8, table.shape[1], 1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def prior(self, x):
        return self.table[(255 * x[:, 0]).round().long()].movedim(-1, 1)

    def forward(self, x):
        return self.prior(x) + self.last(self.body(x))


RIGHT = {
    "base_model": base_model,
    "leak": leak,
    "balance": balance,
    "annealed": annealed,
    "starts_at_table": Start,
}


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize("seed", [0, 1])
def test_right_answers_pass(name, seed):
    assert fault(getattr(lesson_04, name), RIGHT[name], seed=seed) == ""


def test_the_package_agrees_with_the_right_answers():
    from coursekit.transforms import color

    balanced = fault(
        lesson_04.balance, lambda shares, uniform: color.balance(shares, uniform=uniform)
    )
    painted = fault(
        lesson_04.annealed,
        lambda scores, hues, t: color.annealed_hues(scores, hues, temperature=t),
    )
    assert balanced == painted == ""


class NotZero(Start):
    def __init__(self, table):
        super().__init__(table)
        nn.init.ones_(self.last.bias)


class Learned(Start):
    def __init__(self, table):
        super().__init__(table)
        del self.table
        self.table = nn.Parameter(table)


class TableOnly(Start):
    def forward(self, x):
        return self.prior(x) + self.last(self.body(x)).detach()


class OnePixel(Start):
    def __init__(self, table):
        super().__init__(table)
        self.body = nn.Sequential(nn.Conv2d(1, 8, 1), nn.ReLU())


WRONG = [
    ("base_model", lambda k, n, s: (s // 2, base_model(k, n, s)[1]), "side"),
    ("base_model", lambda k, n, s: (s // 4, base_model(k, n, s)[1] - 24), "number of weights"),
    ("base_model", lambda k, n, s: (s // 4,), "two numbers"),
    ("leak", lambda counts: leak(counts.T), "random counts"),
    ("leak", lambda counts: 1 - leak(counts), "nothing of the label"),
    ("leak", lambda counts: 0.0 * leak(counts), "settles"),
    ("balance", lambda shares, uniform: 1 / shares / len(shares), "Weight of class 0"),
    ("balance", lambda shares, uniform: len(shares) * balance(shares, uniform), "mean weight"),
    ("annealed", lambda s, h, t: annealed(s, h, 1 / t), "most probable"),
    ("annealed", lambda s, h, t: annealed(s, h, t).movedim(1, -1), "shape"),
    ("starts_at_table", NotZero, "Before training"),
    ("starts_at_table", Learned, "buffer"),
    ("starts_at_table", TableOnly, "gradient"),
    ("starts_at_table", OnePixel, "neighbor"),
    ("starts_at_table", leak, "class of modules"),
]


@pytest.mark.parametrize("name, answer, word", WRONG)
def test_wrong_answers_are_told_what_is_wrong(name, answer, word):
    assert word in fault(getattr(lesson_04, name), answer)
