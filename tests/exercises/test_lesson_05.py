"""Lesson 05's exercises: right answers of two kinds pass, usual mistakes are told apart."""

import pytest
import torch
from torch.nn import functional as F

from coursekit.exercises import lesson_05 as tasks
from coursekit.exercises.checks import fault
from coursekit.models import hypercolumns


def reach(kernels):
    return 1 + sum(kernel - 1 for kernel in kernels)


def table(light, ab):
    return hypercolumns.LightnessTable(light, ab).colors


def table_by_loop(light, ab):
    steps = (20 * light).long().clamp(max=19)
    rows = [ab[steps == step] for step in range(20)]
    return torch.stack([row.mean(0) if len(row) else ab.mean(0) for row in rows])


def columns(maps, size):
    return torch.cat([F.interpolate(one, size=size, mode="bilinear") for one in maps], 1)


def ridge(x, y, strength):
    return torch.linalg.solve(
        x.T @ x / len(x) + strength * torch.eye(x.shape[1]).double(), x.T @ y / len(x)
    )


def stacked(x, y, strength):
    """The same as ordinary least squares with more rows."""
    more = (strength * len(x)) ** 0.5 * torch.eye(x.shape[1]).double()
    rows = torch.cat([x, more]), torch.cat([y, torch.zeros(x.shape[1], y.shape[1]).double()])
    return torch.linalg.lstsq(*rows).solution


RIGHT = [
    (tasks.reach, reach),
    (tasks.color_table, table),
    (tasks.color_table, table_by_loop),
    (tasks.hypercolumn, columns),
    (tasks.ridge, ridge),
    (tasks.ridge, stacked),
]
WRONG = [
    (tasks.reach, lambda kernels: sum(kernels), "reach\\(\\(3, 3"),
    (tasks.reach, None, "should be a function"),
    (tasks.color_table, lambda light, ab: table(light, ab)[:19], "shape"),
    (tasks.color_table, lambda light, ab: table(light, ab).nan_to_num() * 0, "step 0"),
    (tasks.color_table, lambda light, ab: _empty_is_zero(light, ab), "no pixel"),
    (tasks.hypercolumn, lambda maps, size: columns(maps[:2], size), "shape"),
    (tasks.hypercolumn, lambda maps, size: _nearest(maps, size), "half the size"),
    (tasks.ridge, lambda x, y, strength: ridge(x, y, strength / len(x)), "sum and not to a mean"),
    (tasks.ridge, lambda x, y, strength: ridge(x, y, 2 * strength), "slope"),
    (tasks.ridge, lambda x, y, strength: ridge(x, y, strength).T, "shape"),
]


def _empty_is_zero(light, ab):
    found = table(light, ab)
    found[5] = 0
    return found


def _nearest(maps, size):
    return torch.cat([F.interpolate(one, size=size, mode="nearest") for one in maps], 1)


@pytest.mark.parametrize("task, answer", RIGHT)
def test_right_answers_pass(task, answer):
    assert fault(task, answer) == ""


@pytest.mark.parametrize("task, answer, words", WRONG)
def test_mistakes_are_named(task, answer, words):
    import re

    assert re.search(words, fault(task, answer))
