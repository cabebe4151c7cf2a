"""Evaluators of generated pictures, with classifiers whose features can be read off."""

import pytest
import torch
from torch import nn

from coursekit import runtime
from coursekit.datasets import load, to_float
from coursekit.metrics.evaluator import CalibratedEvaluator, ClassifierEvaluator
from coursekit.metrics.frechet import frechet_distance, near, precision_recall
from coursekit.training import train_evaluator
from coursekit.training.classifier import HalfCorrupted
from coursekit.transforms import corruptions


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


class Brightest(nn.Module):
    """Three classes and "none": logits are ten times the first three pixels, and 2."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.full((), 10.0))

    def features(self, x):
        return x.flatten(1)[:, :3] * self.weight

    def forward(self, x):
        features = self.features(x)
        return torch.cat([features, torch.full_like(features[:, :1], 2.0)], 1)


def one_hot(places, brightness=1.0):
    """Pictures (N, 1, 4, 4) with one bright pixel; none where the place is None."""
    x = torch.zeros(len(places), 1, 4, 4)
    for picture, place in zip(x, places):
        if place is not None:
            picture[0, 0, place] = brightness
    return x


def test_mean_scores_are_those_of_the_sets():
    real = one_hot([0, 1, 1, 2] * 5)
    evaluator = CalibratedEvaluator(Brightest(), real, accept=1.0)
    sets = one_hot([0, 1, None, 2] * 5), one_hot([0, None, None, 2] * 5)
    found, rows = evaluator.mean_scores(torch.cat(sets)), list(map(evaluator.scores, sets))
    assert found == {name: pytest.approx(sum(r[name] for r in rows) / 2) for name in rows[0]}
    with pytest.raises(ValueError, match="21 pictures are not sets of 20"):
        evaluator.mean_scores(torch.zeros(21, 1, 4, 4))


def test_a_calibrated_evaluator_reads_what_is_clear_and_nothing_else():
    real = one_hot([0, 1, 1, 2] * 5)
    evaluator = CalibratedEvaluator(Brightest(), real, accept=1.0)
    mixed = torch.cat([one_hot([0, 1]), one_hot([2], 0.4), one_hot([None])])
    assert evaluator.classes == 3 and evaluator.read(real).all()
    assert evaluator.read(mixed).tolist() == [True, True, False, False]
    assert evaluator.predictions(mixed)[:3].tolist() == [0, 1, 2]
    assert evaluator.class_shares(real).tolist() == [0.25, 0.5, 0.25]
    assert evaluator.class_shares(mixed).tolist() == [0.5, 0.5, 0]
    scores = evaluator.scores(mixed)
    assert scores["read"] == 0.5 and scores["total variation"] == pytest.approx(0.25)
    assert scores["precision"] == 0.5
    nothing = evaluator.scores(torch.zeros(5, 1, 4, 4))
    assert (nothing["read"], nothing["precision"], nothing["total variation"]) == (0, 0, 1)


def test_the_threshold_lets_the_stated_share_pass():
    real = torch.rand(200, 1, 4, 4, generator=torch.Generator().manual_seed(3))
    for accept in (0.5, 0.97):
        share = float(
            CalibratedEvaluator(Brightest(), real, accept=accept).read(real).float().mean()
        )
        assert share == pytest.approx(accept, abs=0.006)


def test_near_is_the_half_of_precision():
    real, generated = pictures(40, 1).flatten(1), pictures(30, 2).flatten(1) ** 2
    share = float(near(generated, real).double().mean())
    assert share == pytest.approx(precision_recall(real, generated)[0])


def test_half_of_a_batch_is_corrupted_and_its_labels_fade():
    x, y = torch.rand(48, 1, 28, 28), torch.arange(48) % 10
    images, targets = HalfCorrupted(10, runtime.generator(0, "half"))(x, y)
    assert images.shape == x.shape and targets.shape == (48, 11)
    assert torch.allclose(targets.sum(1), torch.ones(48))
    clean, faded = targets[:24], targets[24:]
    assert (clean.max(1).values == 1).all() and torch.equal(clean.argmax(1), y[24:])
    assert (faded[:, 10] > 0).float().mean() > 0.5
    assert torch.equal(targets[:, :10].argmax(1)[24:], y[:24])


def test_trained_on_digits_it_refuses_what_is_none():
    digits = load("mnist", full=False)
    images = digits.train.images[:, None]
    classifier = train_evaluator(
        images, digits.train.labels, classes=10, epochs=6, runtime=runtime.setup(threads=1)
    )
    test = to_float(digits.test.images[:500, None])
    evaluator = CalibratedEvaluator(classifier, test)
    right = evaluator.predictions(test) == digits.test.labels[:500]
    assert right.float().mean() > 0.93
    rng = runtime.generator(0, "calibration")
    speckle = evaluator.scores(corruptions.scattered(test, 1.0, rng))
    assert speckle["read"] < 0.02 and speckle["precision"] < 0.02
    mean = test.mean(0, keepdim=True).expand_as(test)
    for none in (mean, torch.zeros_like(test), torch.rand(test.shape, generator=rng)):
        assert not evaluator.read(none).any()
    degrees = [evaluator.frechet(corruptions.noisy(test, s, rng)) for s in (0.0, 0.2, 0.5, 1.0)]
    assert degrees == sorted(degrees)
