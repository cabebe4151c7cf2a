"""The exercises of lesson 04: sizes, what gray tells of a label, rebalancing, decoding, a start at
a table."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from coursekit.exercises.checks import Wrong, close, exercise, has_gradient, same_shape, true, value


@exercise(
    "Same padding keeps the side, pooling halves it, doubling doubles it.",
    "A convolution from c to d channels has K * K * c * d weights and d biases, the batch "
    "normalization behind it 2 * d.",
)
def base_model(answer: object) -> None:
    "a function (kernel, filters, side) -> (side of the bottleneck's output, weights of BaseModel)"
    from coursekit.models.colorization import BaseModel
    from coursekit.models.ops import count_parameters

    if not callable(answer):
        raise Wrong("The answer should be a function.")
    for kernel, filters, side in ((3, 8, 32), (5, 8, 32), (3, 16, 64)):
        model = BaseModel(kernel, filters)
        below = model.bottleneck(model.down2(model.down1(torch.zeros(2, 1, side, side))))
        found = tuple(answer(kernel, filters, side))
        called = f"({kernel}, {filters}, {side})"
        true(len(found) == 2, f"For {called} give two numbers, not {len(found)}.")
        close(f"The side for {called}", float(found[0]), float(below.shape[-1]))
        close(
            f"The number of weights for {called}", float(found[1]), float(count_parameters(model))
        )


@exercise(
    "H(y) comes from the sums of the columns, divided by the number of pixels.",
    "H(y | g) = H(g, y) - H(g), and 0 log 0 counts as 0.",
)
def leak(answer: object) -> None:
    "a function counts (G, K) -> 1 - H(y | g) / H(y), with y the columns and g the rows"
    apart = torch.outer(torch.tensor([1.0, 3.0, 4.0]), torch.tensor([2.0, 5.0]))
    found = value(answer, apart)
    same_shape("leak(counts)", found, ())
    close("Where gray says nothing of the label, the leak", found, 0.0)
    close("Where gray settles the label, the leak", value(answer, torch.diag(torch.rand(5) + 1)), 1)
    counts = torch.randint(1, 50, (6, 4)).float()
    close("For random counts, the leak", value(answer, counts), _information(counts))
    close("Counts ten times as large: the leak", value(answer, 10 * counts), _information(counts))


@exercise(
    "Mix the shares with equal shares first: (1 - uniform) * share + uniform / K.",
    "Scale at the end, so that the sum of share * weight is 1.",
)
def balance(answer: object) -> None:
    "a function (shares (K,), uniform) -> weights (K,) of the rebalanced loss, mean over pixels 1"
    shares = torch.rand(6).softmax(0)
    found = value(answer, shares, 0.5)
    same_shape("balance(shares, 0.5)", found, (6,))
    close("The mean weight of a pixel, the sum of share * weight,", (shares * found).sum(), 1.0)
    mixed = 0.5 * shares + 0.5 / 6
    close("Weight of class 0 over weight of class 1", found[0] / found[1], mixed[1] / mixed[0])
    close("With uniform = 1 the weights", value(answer, shares, 1.0), torch.ones(6))
    rare = torch.tensor([0.9, 0.1])
    close(
        "For shares 0.9 and 0.1 and uniform = 0",
        value(answer, rare, 0.0),
        torch.tensor([0.5 / 0.9, 5.0]),
    )


@exercise(
    "p^(1/T), normalized, is softmax(scores / T): no logarithm is needed.",
    "The softmax runs over the classes, dimension 1; then sum probability times (a, b).",
)
def annealed(answer: object) -> None:
    "a function (scores (N, K, H, W), hues (K, 2), temperature) -> mean (a, b), (N, 2, H, W)"
    scores, hues = torch.randn(2, 5, 3, 4), torch.randn(5, 2)
    found = value(answer, scores, hues, 1.0)
    same_shape("annealed(scores, hues, 1.0)", found, (2, 2, 3, 4))
    chances = scores.exp() / scores.exp().sum(1, keepdim=True)
    mean = (chances[:, :, None] * hues[None, :, :, None, None]).sum(1)
    close("At temperature 1, the mean (a, b)", found, mean)
    best = hues[scores.argmax(1)].movedim(-1, 1)
    close(
        "At temperature 0.0005, the most probable",
        value(answer, scores, hues, 5e-4),
        best,
        within=0.02,
    )
    two = torch.tensor([0.8, 0.2]).log().view(1, 2, 1, 1)
    sharp = value(answer, two, torch.tensor([[1.0, 0.0], [0.0, 1.0]]), 0.5).flatten()
    close(
        "For p = (0.8, 0.2) and T = 1/2, the weights",
        sharp,
        torch.tensor([0.64 / 0.68, 0.04 / 0.68]),
    )


@exercise(
    "self.register_buffer keeps the table with the module, and no optimizer changes it.",
    "nn.init.zeros_ on weight AND bias of the last layer.",
    "x is in [0, 1]: the row of the table is (255 * x).round().long().",
)
def starts_at_table(answer: object) -> None:
    "a class of modules, built by answer(table (256, K)); x (B, 1, H, W) in [0, 1] -> (B, K, H, W)"
    table = torch.randn(256, 5).log_softmax(1)
    gray = torch.randint(0, 256, (3, 1, 8, 8))
    model = _built(answer, table)
    scores = value(model, gray / 255, what="your module")
    same_shape("The scores of 3 pictures of 8x8 pixels", scores, (3, 5, 8, 8))
    close("Before training, the scores", scores, table[gray[:, 0]].movedim(-1, 1))
    weights = list(model.parameters())
    true(bool(weights), "There is nothing to train: give it at least one layer.")
    kept = all(weight.shape != table.shape or not torch.equal(weight, table) for weight in weights)
    true(kept, "The table is a parameter: the optimizer would change it. Make it a buffer.")
    loss = F.cross_entropy(scores, torch.randint(0, 5, (3, 8, 8)))
    true(loss.requires_grad, "The loss has no gradient: is there a detach or no_grad?")
    _learns(model, gray / 255)


def _information(counts: Tensor) -> Tensor:
    """Mutual information of rows and columns over the entropy of the columns."""
    p = counts.double() / counts.sum()
    rows, columns = p.sum(1, keepdim=True), p.sum(0, keepdim=True)
    information = (p * (p / (rows * columns)).log()).sum()
    return information / -(columns * columns.log()).sum()


def _built(answer: object, table: Tensor) -> nn.Module:
    if not isinstance(answer, type) or not issubclass(answer, nn.Module):
        raise Wrong("The answer should be a class of modules: class Name(nn.Module).")
    return answer(table.clone())


def _learns(model: Callable[[Tensor], Tensor], x: Tensor) -> None:
    """Wrong where training does not move the scores away from the table, and with a neighbor."""
    assert isinstance(model, nn.Module)
    optimizer = torch.optim.Adam(model.parameters(), 0.02)
    start, right = model(x).detach(), torch.zeros(len(x), *x.shape[2:], dtype=torch.long)
    for _ in range(5):
        optimizer.zero_grad()
        F.cross_entropy(model(x), right).backward()
        optimizer.step()
    moved = (model(x) - start).abs().max()
    true(bool(moved > 1e-4), "Five steps of training do not change the scores.")
    seen = x.clone().requires_grad_()
    middle = model(seen)[:, :, 4, 4].square().sum()
    has_gradient("The score of a pixel", middle, seen)
    near = torch.autograd.grad(middle, seen)[0][:, 0, 4, 5].abs().sum()
    true(bool(near > 0), "A pixel's score does not depend on its neighbor: use windows of 3x3.")
