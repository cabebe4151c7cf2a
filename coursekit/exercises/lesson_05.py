"""The exercises of lesson 05: what a network sees, a table of colors, columns of maps, ridge."""

import torch
from torch import Tensor
from torch.nn import functional as F

from coursekit.exercises.checks import Wrong, close, exercise, same_shape, value


@exercise(
    "One convolution of kernel k sees k pixels in a row.",
    "Each further one adds k - 1 pixels, because its window moves over what was seen before.",
)
def reach(answer: object) -> None:
    "a function of kernel sizes, as (3, 3, 5) -> pixels in a row that one answer depends on"
    if not callable(answer):
        raise Wrong("The answer should be a function of a tuple of kernel sizes.")
    for kernels in ((3,), (5,), (3,) * 6, (5,) * 8, (3, 5, 1, 7)):
        close(f"reach({kernels})", float(answer(kernels)), float(_seen(kernels)))


@exercise(
    "The step of a pixel is the whole part of 20 * L; L = 1 belongs to the last step, 19.",
    "torch.bincount(step, weights=ab[:, 0].double(), minlength=20) adds up a in each step.",
    "Steps without a pixel: torch.where(counts > 0, sums / counts.clamp(min=1), mean of all).",
)
def color_table(answer: object) -> None:
    "a function lightness (N,) in [0, 1], ab (N, 2) -> (20, 2), the mean color of each step"
    light = torch.tensor([0.01, 0.02, 0.52, 0.54, 1.0])
    ab = torch.tensor([[0.1, 0.3], [0.3, 0.5], [-0.2, 0.0], [0.0, 0.4], [0.8, -0.2]])
    found = value(answer, light, ab)
    same_shape("color_table(lightness, ab)", found, (20, 2))
    close("The color of step 0", found[0], torch.tensor([0.2, 0.4]))
    close("The color of step 10", found[10], torch.tensor([-0.1, 0.2]))
    close("The color of step 19, which holds L = 1,", found[19], torch.tensor([0.8, -0.2]))
    close("The color of step 5, which no pixel has,", found[5], ab.mean(0))


@exercise(
    "F.interpolate(map, size=size, mode='bilinear') brings one map to the size.",
    "torch.cat(list, 1) puts the channels below each other.",
)
def hypercolumn(answer: object) -> None:
    "a function maps [(1, C, h, w)], size (H, W) -> (1, sum of C, H, W), bilinear"
    maps = [torch.rand(1, 3, 8, 12), torch.rand(1, 5, 4, 6), torch.rand(1, 2, 1, 1)]
    found = value(answer, maps, (8, 12))
    same_shape("hypercolumn(maps, (8, 12))", found, (1, 10, 8, 12))
    close("A map that has the size already", found[:, :3], maps[0])
    close("A map of one value", found[:, 8:], maps[2].expand(-1, -1, 8, 12))
    right = F.interpolate(maps[1], size=(8, 12), mode="bilinear")
    close("A map of half the size", found[:, 3:8], right)


@exercise(
    "Set the gradient to zero: (X'X / N + strength I) W = X'Y / N.",
    "torch.linalg.solve(A, B) gives the W of A W = B.",
    "The mean over the rows: divide X.T @ X and X.T @ Y by len(X).",
)
def ridge(answer: object) -> None:
    "a function x (N, D), y (N, K), strength -> W (D, K): mean |x W - y|^2 + strength |W|^2 least"
    x, y = torch.randn(50, 4).double(), torch.randn(50, 2).double()
    found = value(answer, x, y, 0.5)
    same_shape("ridge(x, y, 0.5)", found, (4, 2))
    weights = found.double().detach().requires_grad_()
    loss = (x @ weights - y).square().sum(1).mean() + 0.5 * weights.square().sum()
    (slope,) = torch.autograd.grad(loss, weights)
    if float(slope.abs().max()) > 1e-4:
        twice = float(_slope(x, y, found, 0.5 / len(x)).abs().max()) < 1e-4
        why = " Is the penalty added to a sum and not to a mean?" if twice else ""
        raise Wrong(f"At your W the loss still has a slope of {float(slope.abs().max()):.3g}.{why}")
    small = value(answer, x, x @ torch.ones(4, 2).double(), 0.0)
    close("Without a penalty, for y = x W, the W", small, torch.ones(4, 2))


def _seen(kernels: tuple[int, ...]) -> int:
    """By counting: which pixels of a line reach the middle of the last map."""
    seen = {0}
    for kernel in kernels:
        seen = {place + step for place in seen for step in range(kernel)}
    return len(seen)


def _slope(x: Tensor, y: Tensor, found: Tensor, strength: float) -> Tensor:
    """Half of the gradient of the mean squared error with a penalty."""
    return x.T @ (x @ found.double() - y) / len(x) + strength * found.double()
