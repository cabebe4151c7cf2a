"""Least squares from a pixel's color and its place in the object to its color in another picture
(lesson 11): one fixed light for all objects, and for each color its own."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

WHITE = 0.99  # the page of a drawing: all three channels above


def page(x: Tensor) -> Tensor:
    """True where a drawing (N, 3, H, W) in [0, 1] is blank. -> (N, 1, H, W)."""
    return x.min(1, keepdim=True).values > WHITE


def place(x: Tensor) -> Tensor:
    """Where a pixel lies in the box around the object: right and down, from -1 to 1.

    Drawings (N, 3, H, W) in [0, 1] -> (N, 2, H, W). On an empty page all is 1 or -1.
    """
    ink = ~page(x)[:, 0]
    right, down = _along(ink.any(1)), _along(ink.any(2))  # (N, W), (N, H)
    shape = (len(x), *x.shape[2:])
    return torch.stack([right[:, None].expand(shape), down[:, :, None].expand(shape)], 1)


class PlaceRegression(nn.Module):
    """Ten numbers of the color times the powers of the place -> the color. Pictures in [0, 1].

    (N, 3, H, W) -> the same shape; the white page stays white. weight: (powers, 10, 3), solved for
    by `fit`, never trained.
    """

    def __init__(self, degree: int = 3, *, ridge: float = 1e-6):
        super().__init__()
        self.powers = [(i, j) for i in range(degree + 1) for j in range(degree + 1 - i)]
        self.ridge = ridge
        self.weight: Tensor
        self.register_buffer("weight", torch.zeros(len(self.powers), 10, 3))

    def fit(
        self, inputs: Tensor, targets: Tensor, *, batch: int = 8, thin: int = 2
    ) -> "PlaceRegression":
        """Solve for the weights with the inked pixels of every thin-th row and column -> self."""
        size = len(self.powers) * 10
        gram, moment = torch.zeros(size, size).double(), torch.zeros(size, 3).double()
        for x, y in zip(inputs.split(batch), targets.split(batch)):
            powers, colors = (part[..., ::thin, ::thin] for part in self._parts(x))
            rows = (powers[:, :, None] * colors[:, None]).flatten(1, 2)  # (N, size, h, w)
            ink = ~page(x)[:, 0, ::thin, ::thin]
            rows = rows.movedim(1, -1)[ink].double()
            gram += rows.T @ rows
            moment += rows.T @ y[..., ::thin, ::thin].movedim(1, -1)[ink].double()
        penalty = self.ridge * gram[0, 0].clamp(min=1) * torch.eye(size, dtype=torch.float64)
        self.weight.copy_(torch.linalg.solve(gram + penalty, moment).view_as(self.weight))
        return self

    def forward(self, x: Tensor, *, batch: int = 32) -> Tensor:
        return torch.cat([self._answer(part) for part in x.split(batch)])

    def _answer(self, x: Tensor) -> Tensor:
        powers, colors = self._parts(x)
        kernel = self.weight.movedim(2, 1).flatten(0, 1)[..., None, None]  # (powers * 3, 10, 1, 1)
        found = F.conv2d(colors, kernel).unflatten(1, (-1, 3)) * powers[:, :, None]
        return torch.where(page(x), x, found.sum(1).clamp(0, 1))

    def _parts(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Powers of the place (N, powers, H, W); 1, the color, its products (N, 10, H, W)."""
        right, down = place(x).to(x.dtype).unbind(1)
        i, j = torch.triu_indices(3, 3, device=x.device)
        colors = torch.cat([torch.ones_like(x[:, :1]), x, x[:, i] * x[:, j]], 1)
        return torch.stack([right**a * down**b for a, b in self.powers], 1), colors


def _along(ink: Tensor) -> Tensor:
    """From the first to the last True of each row -> -1 to 1, beyond them -1 and 1. (N, S)."""
    line = torch.arange(ink.shape[1], device=ink.device, dtype=torch.float32)
    first = torch.where(ink, line, float(ink.shape[1])).min(1, keepdim=True).values
    last = torch.where(ink, line, 0.0).max(1, keepdim=True).values
    return ((line - first) / (last - first).clamp(min=1) * 2 - 1).clamp(-1, 1)
