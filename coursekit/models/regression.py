"""Least squares from the colors around a pixel to its color in another picture (lesson 11).

The strongest answers without a network: two pictures of one thing, and a formula for each pixel.
"""

import torch
from torch import Tensor
from torch.nn import functional as F


class PatchRegression:
    """Patches of size x size pixels -> the color in the middle. Pictures (N, 3, H, W) in [0, 1].

    quadratic: squares and products of the patch's values as well. Fitted to all pixels at once, by
    sums over pictures, in double precision from one picture to the next (in single precision alone
    each processor finds another formula); ridge keeps the solution finite where values repeat.
    """

    def __init__(self, size: int = 5, *, quadratic: bool = False, ridge: float = 1e-4):
        self.size, self.quadratic, self.ridge = size, quadratic, ridge
        self.weight = torch.empty(0)

    def fit(self, inputs: Tensor, targets: Tensor, *, batch: int = 64) -> "PatchRegression":
        """Solve for the weights (D, 3) that map rows of `columns` to the targets' pixels."""
        gram, moment = torch.zeros(()), torch.zeros(())
        for x, y in zip(inputs.split(batch), targets.split(batch)):
            rows = self.columns(x).unflatten(0, (len(x), -1))  # (N, H * W, D)
            colors, count = y.movedim(1, -1).flatten(1, 2), rows.shape[0] * rows.shape[1]
            gram = gram + (rows.mT @ rows).double().sum(0) / count
            moment = moment + (rows.mT @ colors).double().sum(0) / count
        penalty = self.ridge * torch.eye(len(gram), dtype=torch.float64)
        self.weight = torch.linalg.solve(gram + penalty, moment).float()
        return self

    def columns(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N * H * W, D): 1, the patch around each pixel, its products if asked."""
        edge = (self.size // 2,) * 4
        rows = F.unfold(F.pad(x, edge, mode="replicate"), self.size).transpose(1, 2).flatten(0, 1)
        parts = [torch.ones_like(rows[:, :1]), rows]
        if self.quadratic:
            i, j = torch.triu_indices(rows.shape[1], rows.shape[1])
            parts.append(rows[:, i] * rows[:, j])
        return torch.cat(parts, 1)

    def __call__(self, x: Tensor, *, batch: int = 64) -> Tensor:
        """Pictures (N, 3, H, W) -> predictions of the same shape, clipped to [0, 1]."""
        found = [
            (self.columns(part) @ self.weight).view(len(part), *x.shape[2:], 3)
            for part in x.split(batch)
        ]
        return torch.cat(found).movedim(-1, 1).clamp(0, 1)
