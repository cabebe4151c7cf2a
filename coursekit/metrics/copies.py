"""Is a drawing a copy in other colors? (lesson 06): compare outlines, which no color changes."""

import torch
from torch import Tensor


def outlines(labels: Tensor) -> Tensor:
    """Where the color changes to the pixel below, and to the one at the right.

    labels (N, H, W): the number of each pixel's color. -> bool (N, 2 (H - 1) (W - 1)).
    """
    here, below, right = labels[:, :-1, :-1], labels[:, 1:, :-1], labels[:, :-1, 1:]
    return torch.stack([here != below, here != right], 1).flatten(1)


def nearest_outline(labels: Tensor, others: Tensor) -> tuple[Tensor, Tensor]:
    """For each drawing the one of others with the most similar outlines -> its number, distance.

    labels (N, H, W), others (M, H, W) -> (N,) both. The distance is Jaccard's (1901): 1 - shared
    outline / joint outline, 0 for equal outlines, 1 where nothing is shared or nothing is there.
    """
    a, b = outlines(labels).float(), outlines(others).float()
    shared = a @ b.T
    joint = a.sum(1, keepdim=True) + b.sum(1) - shared
    distance, number = (1 - shared / joint.clamp(min=1)).min(1)
    return number, distance
