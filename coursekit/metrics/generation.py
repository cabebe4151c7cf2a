"""How good generated pictures are (lesson 06): near to real ones as a set, and not copies."""

import torch
from torch import Tensor

from coursekit.metrics.frechet import frechet_distance
from coursekit.models.features import Lite0Features, in_batches


class FrechetTo:
    """Fréchet distance of pictures (N, 3, H, W) in [0, 1] to these real ones, features of Lite0."""

    def __init__(self, real: Tensor, *, device: torch.device | str = "cpu"):
        self.device, self.network = torch.device(device), Lite0Features().to(device)
        self.real = self.features(real)

    def features(self, pictures: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, 1280), on the CPU."""
        return in_batches(
            lambda part: self.network.pooled(part.to(self.device)), pictures.clamp(0, 1)
        )

    def __call__(self, pictures: Tensor) -> float:
        return frechet_distance(self.features(pictures), self.real)


def nearest(pictures: Tensor, others: Tensor) -> tuple[Tensor, Tensor]:
    """For each picture the closest of others (M, ...) -> its number, mean squared error, (N,) both.

    0 is a copy. An error that is small because both are dark or gray says nothing: compare it with
    that of other real pictures.
    """
    distances = torch.cdist(pictures.flatten(1).float(), others.flatten(1).float())
    smallest, number = distances.min(1)
    return number, smallest.square() / pictures[0].numel()
