"""The judge of made pictures, with a classifier whose features can be read off."""

import pytest
import torch
from torch import nn

from coursekit.metrics.evaluator import ClassifierEvaluator
from coursekit.metrics.frechet import frechet_distance, precision_recall


class Corner(nn.Module):
    """Features are the first four pixels, the verdict is the brightest of them; a dropout that a
    judge must not use.
    """

    def __init__(self):
        super().__init__()
        self.weight, self.dropout = nn.Parameter(torch.ones(1)), nn.Dropout(0.5)

    def features(self, x):
        return self.dropout(x.flatten(1)[:, :4] * self.weight)

    forward = features


def pictures(count, seed):
    return torch.rand(count, 1, 4, 4, generator=torch.Generator().manual_seed(seed))


def test_the_judge_measures_what_the_metrics_measure():
    real, made = pictures(40, 1), pictures(30, 2) ** 2
    judge, corner = ClassifierEvaluator(Corner(), real), lambda x: x.flatten(1)[:, :4]
    precision, recall = precision_recall(corner(real), corner(made))
    wanted = {
        "frechet": frechet_distance(corner(made), corner(real)),
        "precision": precision,
        "recall": recall,
    }
    assert judge.distances(made) == pytest.approx(wanted) and judge.frechet(made) == pytest.approx(
        wanted["frechet"]
    )
    assert judge.frechet(real) == pytest.approx(0, abs=1e-6)


def test_shares_of_classes_and_small_batches():
    made = torch.zeros(8, 1, 4, 4)
    for picture, place in enumerate((0, 0, 0, 0, 0, 1, 1, 3)):
        made[picture, 0, 0, place] = 1
    judge = ClassifierEvaluator(Corner(), pictures(5, 1))
    assert judge.shares(made, classes=5) == [5 / 8, 2 / 8, 0, 1 / 8, 0]
    assert torch.equal(judge.predictions(made, size=3), judge.predictions(made))
    assert torch.equal(judge.features(made, size=3), judge.features(made))
