"""Classes named for pixels: how many rightly, and how sure that is, counted photo by photo.

Pixels of a photo are no independent trials, so all is counted for each photo (G of them), and an
error bar comes from drawing photos, not pixels.
"""

from collections.abc import Callable

import torch
from torch import Tensor

Measure = Callable[[Tensor], Tensor]  # confusion (K, K) -> scalar


def confusion(predictions: Tensor, labels: Tensor, photos: Tensor, *, classes: int) -> Tensor:
    """Pixels by photo, right class and predicted class -> (G, K, K).

    predictions and labels int (N, H, W); photos int (N,): the photo that each picture is from.
    """
    cells = (photos.view(-1, 1, 1).long() * classes + labels.long()) * classes + predictions.long()
    count = int(photos.max()) + 1
    cells = torch.bincount(cells.flatten(), minlength=count * classes * classes)
    return cells.view(count, classes, classes).double()


def accuracy(table: Tensor) -> Tensor:
    """Share of the pixels whose class is predicted. (K, K) -> scalar."""
    return table.diagonal().sum() / table.sum()


def balanced_accuracy(table: Tensor) -> Tensor:
    """Mean over the classes of the share that is found, each class alike. (K, K) -> scalar."""
    pixels = table.sum(1)
    return (table.diagonal() / pixels)[pixels > 0].mean()


def recall(table: Tensor, chosen: Tensor) -> Tensor:
    """Share of the pixels of the chosen classes that is found. (K, K), bool (K,) -> scalar."""
    return table.diagonal()[chosen].sum() / table[chosen].sum()


def standard_error(
    tables: Tensor, measure: Measure, *, generator: torch.Generator, draws: int = 200
) -> float:
    """Bootstrap over photos (Efron 1979): the measure's spread where other photos had come.

    tables (G, K, K) of one method, or (G, 2, K, K) of two, whose difference is then measured.
    """
    found = []
    for _ in range(draws):
        chosen = torch.randint(len(tables), (len(tables),), generator=generator)
        total = torch.einsum(
            "g,g...->...", torch.bincount(chosen, minlength=len(tables)).double(), tables
        )
        pair = total.ndim == 3
        found.append(measure(total[0]) - measure(total[1]) if pair else measure(total))
    return float(torch.stack(found).std())
