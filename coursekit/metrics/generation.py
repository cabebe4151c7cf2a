"""How good generated pictures are (lesson 06): near to real ones as a set, and not copies."""

import torch
from torch import Tensor
from torch.nn import functional as F

from coursekit.metrics.frechet import frechet_distance
from coursekit.models.features import Lite0Features, in_batches


class FrechetTo:
    """Fréchet distance of pictures (N, 3, H, W) in [0, 1] to these real ones, features of Lite0."""

    def __init__(self, real: Tensor, *, device: torch.device | str = "cpu"):
        self.device, self.network = torch.device(device), Lite0Features().to(device)
        self.real = self.features(real)

    def features(self, pictures: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, 1280), on the CPU."""
        return in_batches(self.network.pooled, pictures.clamp(0, 1), device=self.device)

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


def nearest_moved(pictures: Tensor, others: Tensor, *, moves: int = 2) -> Tensor:
    """Distance of each picture to the closest of others, wherever it is moved. -> (N,).

    pictures (N, C, H, W), others (M, C, H, W), black is 0. Each picture is tried at every place up
    to `moves` pixels away, both ways, as tangent distance does for small moves (Simard et al.
    1998): a copy that was only moved, and lost nothing at the edge, has 0. The unit is that of
    `torch.cdist`: the root of the sum of squares.
    """
    height, width = pictures.shape[-2:]
    padded, known = F.pad(pictures.float(), (moves,) * 4), others.flatten(1).float()
    least = padded.new_full((len(pictures),), torch.inf)
    for down in range(2 * moves + 1):
        for right in range(2 * moves + 1):
            moved = padded[..., down : down + height, right : right + width]
            least = least.minimum(torch.cdist(moved.flatten(1), known).min(1).values)
    return least
