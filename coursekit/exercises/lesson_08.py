"""Checks of lesson 08: perplexity, a straight-through sign, a causal mask, the bits of a code."""

import math

import torch
from torch.nn import functional as F

from coursekit.exercises.checks import Wrong, close, exercise, same_shape, true, value


@exercise(
    "Count how often each code occurs, divide by the number of indices: these are the shares p.",
    "2 ** (-(p * p.log2()).sum()) over the codes that occur; 0 log 0 counts as 0.",
)
def perplexity(answer: object) -> None:
    """answer(indices (...), codes) -> 2 to the entropy of the codes in bits, scalar."""
    indices = torch.randint(0, 6, (4, 5, 5))
    found = value(answer, indices, 8, what="perplexity")
    same_shape("perplexity(indices, 8)", found, ())
    share = torch.bincount(indices.flatten(), minlength=8).double() / indices.numel()
    entropy = -torch.special.xlogy(share, share).sum()
    if torch.isnan(found):
        raise Wrong("It is not a number: a code that never occurs gives 0 log 0.")
    if abs(float(found) - float(entropy) / math.log(2)) < 1e-4:
        raise Wrong("That is the entropy in bits; the perplexity is 2 to that power.")
    close("perplexity(indices, 8)", found, entropy.exp())
    even = torch.arange(8).repeat(3)
    close("the perplexity of 8 equally frequent codes", value(answer, even, 8), 8.0)


@exercise(
    "Forward the value is torch.sign(z). Backward the gradient is that of z where |z| <= 1.",
    "inside = z.clamp(-1, 1); return inside + (torch.sign(z) - inside).detach()",
)
def straight_through_sign(answer: object) -> None:
    """answer(z (N,)) -> sign(z), whose gradient is 1 where |z| <= 1 and 0 elsewhere."""
    z = torch.tensor([-2.5, -0.6, 0.3, 1.7]) + 0.1 * torch.rand(4)
    z.requires_grad_()
    found = value(answer, z, what="straight_through_sign")
    close("straight_through_sign(z)", found, torch.tensor([-1.0, -1.0, 1.0, 1.0]))
    true(found.requires_grad, "No gradient comes back: something is detached that should not be.")
    (slope,) = torch.autograd.grad(found.sum(), z, allow_unused=True)
    true(slope is not None, "No gradient reaches z.")
    if torch.allclose(slope, torch.zeros(4)):
        raise Wrong("The gradient is 0 everywhere: sign has none, and nothing replaces it.")
    if torch.allclose(slope, torch.ones(4)):
        raise Wrong("The gradient is 1 everywhere; it should be 0 where |z| is above 1.")
    close("the gradient", slope, torch.tensor([0.0, 1.0, 1.0, 0.0]))


@exercise(
    "Cells are numbered in reading order: row * side + column. A cell may see smaller numbers.",
    "number = torch.arange(side * side); number[:, None] > number[None] (or >= with itself).",
)
def may_see(answer: object) -> None:
    """answer(side, itself) -> bool (side², side²): row i, column j: may cell i see cell j?"""
    true(callable(answer), "may_see should be a function.")
    for side, itself in ((3, False), (4, True)):
        found = value(answer, side, itself, what="may_see")
        same_shape(f"may_see({side}, {itself})", found, (side * side, side * side))
        number = torch.arange(side * side)
        right = number[:, None] > number[None]
        right = right | torch.eye(side * side, dtype=torch.bool) if itself else right
        if torch.equal(found.bool(), right.T):
            raise Wrong("Rows and columns are exchanged: row i is the cell that looks.")
        if not itself and torch.equal(found.bool(), right | torch.eye(len(right)).bool()):
            raise Wrong("Without `itself` a cell must not see itself: it would know the answer.")
        close(f"may_see({side}, {itself})", found.float(), right.float())


@exercise(
    "The logarithm of the softmax at the true code is F.log_softmax(logits, 1) gathered there.",
    "F.cross_entropy(logits, codes, reduction='sum') / math.log(2).",
)
def code_bits(answer: object) -> None:
    """answer(logits (L, K), codes (L,)) -> bits of the whole code under these logits, scalar."""
    logits, codes = torch.randn(6, 4), torch.randint(0, 4, (6,))
    found = value(answer, logits, codes, what="code_bits")
    same_shape("code_bits(logits, codes)", found, ())
    nats = F.cross_entropy(logits, codes, reduction="sum")
    if torch.allclose(found, nats, atol=1e-4):
        raise Wrong("That is in nats; a bit is log 2 nats.")
    if torch.allclose(found * 6, nats / math.log(2), atol=1e-3):
        raise Wrong("That is the mean over the cells; the whole code is the sum.")
    close("code_bits(logits, codes)", found, nats / math.log(2))
    even = value(answer, torch.zeros(5, 8), torch.arange(5), what="code_bits")
    close("the bits of 5 codes under a uniform prior of 8", even, 15.0)
