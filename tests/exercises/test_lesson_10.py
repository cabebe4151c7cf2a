"""The checks of lesson 10 take the right answer, and say what is wrong with others."""

import pytest
from torch.nn import functional as F

from coursekit.exercises.checks import exercises, fault

TASKS = exercises("10")


def scatter(x, kernel, stride):
    (height, width), (rows, columns) = x.shape, kernel.shape
    out = x.new_zeros((height - 1) * stride + rows, (width - 1) * stride + columns)
    for i in range(height):
        for j in range(width):
            down, right = i * stride, j * stride
            out[down : down + rows, right : right + columns] += x[i, j] * kernel
    return out


def gathered(x, kernel, stride):
    return F.conv2d(x[None, None], kernel[None, None], stride=stride)[0, 0]


def flipped(x, kernel, stride):
    return scatter(x, kernel.flip(0, 1), stride)


def output_padding(kernel, stride, padding):
    needed = stride - kernel + 2 * padding
    return needed if 0 <= needed < stride else None


def average(weights, decay):
    kept = weights[0]
    for now in weights[1:]:
        kept = decay * kept + (1 - decay) * now
    return kept


def hinge(on_real, on_fake):
    return F.relu(1 - on_real).mean() + F.relu(1 + on_fake).mean(), -on_fake.mean()


RIGHT = {
    "scatter": scatter,
    "exact_output_padding": output_padding,
    "running_average": average,
    "hinge_losses": hinge,
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
        ("scatter", gathered, "scatter("),
        ("scatter", flipped, "and should be"),
        ("exact_output_padding", lambda k, s, p: s - k + 2 * p, "should be None"),
        ("exact_output_padding", lambda k, s, p: 0, "should be"),
        ("running_average", lambda w, d: w.mean(0), "running_average"),
        ("running_average", lambda w, d: average(w.flip(0), d), "wrong order"),
        ("hinge_losses", lambda a, b: (hinge(a, b)[0], b.mean()), "minus the mean"),
        ("hinge_losses", lambda a, b: hinge(-a, b), "the discriminator's loss"),
        ("hinge_losses", lambda a, b: hinge(a, b)[0], "two losses"),
        ("hinge_losses", lambda a, b: hinge(a.detach(), b), "no gradient"),
    ],
)
def test_wrong_answers_hear_why(name, answer, words):
    assert words in fault(TASKS[name], answer)
