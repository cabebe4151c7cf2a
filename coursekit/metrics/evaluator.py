"""Generated pictures, judged by a classifier of real ones: what they show, how near they come."""

import torch
from torch import Tensor

from coursekit.metrics.frechet import frechet_distance, precision_recall


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
