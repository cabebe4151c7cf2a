"""Generated pictures, judged by a classifier of real ones: what they show, how near they come."""

from collections.abc import Mapping

import torch
from torch import Tensor

from coursekit.metrics.frechet import frechet_distance, near, precision_recall


class ClassifierEvaluator:
    """Compares generated pictures with real ones (N, C, H, W), both in [0, 1].

    classifier: a network from pictures to logits (B, classes) with a method `features`
    (models/features.py). Fréchet distances are in squared units of its features: they compare runs
    with one judge, never two judges or two papers.
    """

    def __init__(self, classifier, real: Tensor):
        self.classifier = classifier.eval()
        self.real = self.features(real)  # (N, D)

    @torch.no_grad()
    def features(self, pictures: Tensor, *, size: int = 500) -> Tensor:
        return torch.cat(
            [
                self.classifier.features(self._there(part)).float().cpu()
                for part in pictures.split(size)
            ]
        )

    @torch.no_grad()
    def predictions(self, pictures: Tensor, *, size: int = 500) -> Tensor:
        """Which class each picture shows. -> int64 (N,)."""
        return torch.cat(
            [self.classifier(self._there(part)).argmax(1).cpu() for part in pictures.split(size)]
        )

    def frechet(self, generated: Tensor) -> float:
        """Fréchet distance from the real pictures."""
        return frechet_distance(self.features(generated), self.real)

    def distances(self, generated: Tensor) -> dict[str, float]:
        """Fréchet distance, precision and recall (k = 3) of generated pictures (M, C, H, W)."""
        features = self.features(generated)
        precision, recall = precision_recall(self.real, features)
        return {
            "frechet": frechet_distance(features, self.real),
            "precision": precision,
            "recall": recall,
        }

    def shares(self, generated: Tensor, *, classes: int) -> list[float]:
        """Which share of the generated pictures shows each class."""
        return (
            torch.bincount(self.predictions(generated), minlength=classes) / len(generated)
        ).tolist()

    def _there(self, pictures: Tensor) -> Tensor:
        return pictures.to(next(self.classifier.parameters()).device)


class CalibratedEvaluator(ClassifierEvaluator):
    """An evaluator that may answer "not a digit" (lesson 09). Pictures (N, C, H, W) in [0, 1].

    classifier: gives logits (B, classes + 1), the last for pictures that show none of the classes
    (`training.train_evaluator`). Confidence is the largest probability of a class. `threshold` is
    the confidence that a share `accept` of the real pictures reaches; a picture that reaches it is
    read, any other is not.
    """

    def __init__(self, classifier, real: Tensor, *, accept: float = 0.97):
        super().__init__(classifier, real)
        confidence, labels = self.confidence(real)
        self.classes = classifier(self._there(real[:1])).shape[1] - 1
        self.threshold = float(confidence.quantile(1 - accept))
        self.readable = self.real[confidence >= self.threshold]  # (M, D), M <= N
        self.histogram = self._histogram(confidence, labels)

    @torch.no_grad()
    def confidence(self, pictures: Tensor, *, size: int = 500) -> tuple[Tensor, Tensor]:
        """Largest probability of a class, and that class. -> float (N,), int64 (N,)."""
        parts = [self.classifier(self._there(part)).float() for part in pictures.split(size)]
        best = torch.cat(parts).softmax(1)[:, :-1].max(1)
        return best.values.cpu(), best.indices.cpu()

    def predictions(self, pictures: Tensor, *, size: int = 500) -> Tensor:
        """The most probable class of each picture, were it one. -> int64 (N,)."""
        return self.confidence(pictures, size=size)[1]

    def read(self, pictures: Tensor) -> Tensor:
        """Which pictures show a class beyond doubt. -> bool (N,)."""
        return self.confidence(pictures)[0] >= self.threshold

    def class_shares(self, pictures: Tensor) -> Tensor:
        """Share of each class among the pictures that are read; zeros if none is. -> (classes,)."""
        return self._histogram(*self.confidence(pictures))

    def scores(self, pictures: Tensor) -> dict[str, float]:
        """All that the evaluator can say of a set of pictures (N, C, H, W), N > 3.

        read: the share that is. total variation: half the sum of differences between the class
        shares of these and of the real ones, 0 to 1. precision: the share that is read and lies
        among real pictures that are. recall: see `precision_recall`.
        """
        confidence, labels = self.confidence(pictures)
        read, features = confidence >= self.threshold, self.features(pictures)
        apart = (self._histogram(confidence, labels) - self.histogram).abs().sum()
        return {
            "read": float(read.double().mean()),
            "total variation": float(apart) / 2 if read.any() else 1.0,
            "frechet": frechet_distance(features, self.real),
            "precision": float((read & near(features, self.readable)).double().mean()),
            "recall": precision_recall(self.real, features)[1],
        }

    def mean_scores(self, pictures: Tensor) -> dict[str, float]:
        """Means of `scores` over sets, each as many pictures as there are real ones.

        ValueError where the pictures are no whole number of sets.
        """
        size = len(self.real)
        if len(pictures) % size or not len(pictures):
            raise ValueError(f"{len(pictures)} pictures are not sets of {size}")
        rows = [self.scores(part) for part in pictures.split(size)]
        return {name: sum(row[name] for row in rows) / len(rows) for name in rows[0]}

    def table(self, sets: Mapping[str, Tensor]) -> list[dict]:
        """A row of `scores` for each named set of pictures."""
        return [{"pictures": name, **self.scores(some)} for name, some in sets.items()]

    def _histogram(self, confidence: Tensor, labels: Tensor) -> Tensor:
        chosen = labels[confidence >= self.threshold]
        counts = torch.bincount(chosen, minlength=self.classes).double()
        return counts / counts.sum().clamp(min=1)
