"""Lookup tables (lesson 04): what a pixel's gray, or a few numbers about its surroundings, say of
its color. Counting is all their training."""

import torch
from torch import Tensor
from torch.nn import functional as F

SAMPLE = 100_000  # values that a step's border is found from


def count(keys: Tensor, labels: Tensor, *, rows: int, classes: int) -> Tensor:
    """How often each class goes with each key. int (...), int (...) -> (rows, classes)."""
    cells = keys.flatten().long() * classes + labels.flatten().long()
    return torch.bincount(cells, minlength=rows * classes).view(rows, classes).float()


def log_table(counts: Tensor, *, weights: Tensor | None = None) -> Tensor:
    """log p(class | key) from counts (rows, classes) -> (rows, classes).

    Each row gets one pixel more, with the shares of all pixels: no class is impossible, and a row
    without pixels says what all pixels say. weights (classes,): the balanced loss's, see lesson 04.
    """
    chances = counts + counts.sum(0) / counts.sum()
    if weights is not None:
        chances = chances * weights
    return (chances / chances.sum(1, keepdim=True)).log()


def contrast(gray: Tensor, *, size: int = 5) -> Tensor:
    """How much the gray changes nearby: its distance from the local mean, averaged over a window.

    uint8 (N, 1, H, W) -> (N, H, W).
    """

    def mean(x: Tensor) -> Tensor:
        return F.avg_pool2d(F.pad(x, (size // 2,) * 4, mode="reflect"), size, stride=1)

    gray = gray.float()
    return mean((gray - mean(gray)).abs())[:, 0]


class Context:
    """Keys of a table with more columns than gray: steps of contrast, row, the picture's mean gray.

    gray (N, 1, H, W) are the training pictures: the steps hold equally many of their pixels.
    """

    def __init__(self, gray: Tensor, *, grays=256, contrasts=1, bands=1, lights=1):
        self.grays, self.contrasts, self.bands, self.lights = grays, contrasts, bands, lights
        self.contrast_borders = _borders(contrast(gray), contrasts)
        self.light_borders = _borders(gray.float().mean((1, 2, 3)), lights)
        self.rows = grays * contrasts * bands * lights

    def __call__(self, gray: Tensor) -> Tensor:
        """uint8 (N, 1, H, W) -> keys int64 (N, H, W), 0 to rows - 1."""
        level = gray[:, 0].long() * self.grays // 256
        near = torch.bucketize(contrast(gray), self.contrast_borders)
        high = torch.arange(gray.shape[2])[:, None] * self.bands // gray.shape[2]
        light = torch.bucketize(gray.float().mean((1, 2, 3)), self.light_borders)[:, None, None]
        return ((level * self.contrasts + near) * self.bands + high) * self.lights + light


def _borders(values: Tensor, steps: int) -> Tensor:
    """Values that part others into steps of equal count. -> (steps - 1,)."""
    some = values.flatten()[:: max(1, values.numel() // SAMPLE)]
    return torch.quantile(some, torch.linspace(0, 1, steps + 1)[1:-1])
