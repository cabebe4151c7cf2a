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


def share_told(counts: Tensor) -> float:
    """Share of the classes' entropy that the key removes: 0 says nothing, 1 settles the class.

    counts (rows, classes) -> 1 - H(class | key) / H(class).
    """

    def entropy(values: Tensor) -> Tensor:
        return torch.special.entr(values.double() / values.sum()).sum()

    given = entropy(counts) - entropy(counts.sum(1))
    return float(1 - given / entropy(counts.sum(0)))


def fit_lines(counts: Tensor, *, iterations: int = 1_000) -> tuple[Tensor, Tensor]:
    """Scores that are lines in gray, s_k = a_k g + b_k with g in [0, 1], of least cross-entropy.

    counts (256, K) -> a (K,), b (K,). L-BFGS on a convex problem: it needs no good start.
    """
    gray = torch.linspace(-10, 10, len(counts), dtype=torch.float64)[:, None]
    lines = torch.zeros(2, counts.shape[1], dtype=torch.float64, requires_grad=True)
    shares = counts.double() / counts.sum()
    optimizer = torch.optim.LBFGS(
        [lines], max_iter=iterations, history_size=50, line_search_fn="strong_wolfe"
    )

    def loss() -> Tensor:
        optimizer.zero_grad()
        entropy = -(shares * (gray * lines[0] + lines[1]).log_softmax(1)).sum()
        entropy.backward()
        return entropy

    optimizer.step(loss)
    slope = 20 * lines[0].detach()
    return slope, lines[1].detach() - slope / 2
