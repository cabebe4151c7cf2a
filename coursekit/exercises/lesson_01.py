"""Checks of lesson 01: PCA, tied weights, a sparse code, early stopping."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from coursekit.exercises.checks import (
    Wrong,
    close,
    exercise,
    has_gradient,
    same_shape,
    true,
    value,
)
from coursekit.metrics import pca as pca_oracle


@exercise(
    "Subtract the mean of train from both; add it again at the end.",
    "torch.linalg.svd(centered, full_matrices=False) returns U, S, Vh; the rows of Vh are the "
    "components, the largest first.",
)
def pca(answer: object) -> None:
    """answer(train (N, D), test (M, D), k) -> reconstruction (M, D)."""
    spread = torch.linspace(3, 0.5, 6)
    train, test = torch.randn(40, 6) * spread + 2, torch.randn(5, 6) * spread + 2
    for k in (1, 3):
        found = value(answer, train, test, k, what="pca")
        same_shape(f"pca(train, test, {k})", found, (5, 6))
        close(f"pca(train, test, {k})", found, pca_oracle(train, test, components=k), within=1e-3)


@exercise(
    "One weight matrix W (latent, pixels), used twice: x @ W.T to encode, z @ W to decode.",
    "The two biases are not tied: one of `latent` numbers, one of `pixels` numbers.",
)
def tied_autoencoder(answer: object) -> None:
    """answer: a class; answer(pixels, latent) is a module, decode(encode(x)) with one matrix."""
    true(isinstance(answer, type), "Give the class itself, not a network made from it.")
    model = answer(12, 3)  # type: ignore[operator]
    true(isinstance(model, nn.Module), "The class should be an nn.Module.")
    count = sum(weight.numel() for weight in model.parameters())
    if count != 12 * 3 + 12 + 3:
        raise Wrong(f"It has {count} weights and should have 12 * 3 + 12 + 3 = 51.")
    x = torch.rand(5, 12)
    found = value(model, x, what="the network")
    same_shape("the network's output", found, (5, 12))
    matrices = [weight for weight in model.parameters() if weight.numel() == 36]
    true(len(matrices) == 1, "There should be one matrix of 36 weights.")
    matrix = matrices[0] if matrices[0].shape == (3, 12) else matrices[0].T
    biases = {weight.numel(): weight for weight in model.parameters() if weight.ndim == 1}
    code = x @ matrix.T + biases[3]
    close("the output for a random x", found, code @ matrix + biases[12])


@exercise(
    "Two terms: the mean squared error of the reconstruction, and weight times the mean of |z|.",
    "z = model.encode(x) is needed twice: for its absolute values and for model.decode(z).",
)
def sparse_loss(answer: object) -> None:
    """answer(model, x, weight) -> mean (x - x_hat)^2 + weight * mean |z|."""
    model, x = _Small(), torch.rand(4, 6)
    z = model.encode(x)
    error, size = F.mse_loss(model.decode(z), x), z.abs().mean()
    for weight in (0.0, 0.5):
        found = value(answer, model, x, weight, what="sparse_loss")
        same_shape("the loss", found, ())
        close(f"the loss with weight {weight}", found, error + weight * size)
    has_gradient("the loss", value(answer, model, x, 0.5), *model.parameters())


@exercise(
    "Keep the lowest loss so far and the epoch that had it; count from 1.",
    "Stop at the first epoch that is `patience` epochs after the best one.",
)
def early_stopping(answer: object) -> None:
    """answer(losses, patience) -> (epoch at which training stops, epoch whose weights are kept)."""
    cases: dict[tuple[tuple[float, ...], int], tuple[int, int]] = {
        ((5.0, 4.0, 3.0, 3.5, 3.4, 1.0), 2): (5, 3),
        ((5.0, 4.0, 3.0, 3.5, 2.0, 1.0), 2): (6, 6),
        ((1.0, 2.0, 3.0, 4.0), 1): (2, 1),
        ((3.0, 2.0, 2.0, 2.0, 2.0), 3): (5, 2),
    }
    for _ in range(3):  # some more, of random losses
        more = tuple(round(loss, 2) for loss in torch.rand(9).tolist())
        cases[more, 2] = _stopped(more, 2)
    true(callable(answer), "early_stopping should be a function.")
    for (losses, patience), right in cases.items():
        found = answer(list(losses), patience)  # type: ignore[operator]
        if not isinstance(found, tuple) or len(found) != 2:
            raise Wrong(f"It should return two numbers, and returned {found!r}.")
        if tuple(found) != right:
            raise Wrong(
                f"For losses {list(losses)} and patience {patience} it returned {tuple(found)} "
                f"and should return {right}."
            )


def _stopped(losses: tuple[float, ...], patience: int) -> tuple[int, int]:
    """The first epoch whose last `patience` losses are all no better than one before them."""
    for epoch in range(patience + 1, len(losses) + 1):
        before = losses[: epoch - patience]
        if min(before) <= min(losses[epoch - patience : epoch]):
            return epoch, before.index(min(before)) + 1
    return len(losses), losses.index(min(losses)) + 1


class _Small(nn.Module):
    """A network with encode and decode, to try a loss on. x (B, 6) -> (B, 6)."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.up = nn.Linear(6, 3), nn.Linear(3, 6)

    def encode(self, x: Tensor) -> Tensor:
        return self.down(x)

    def decode(self, z: Tensor) -> Tensor:
        return self.up(z)

    def forward(self, x: Tensor) -> Tensor:
        return self.decode(self.encode(x))
