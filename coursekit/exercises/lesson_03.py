"""Checks of lesson 03: the step of an LSTM, attention, a loss that skips, a reversed source."""

from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from coursekit.datasets.sequences import reversed_prefix
from coursekit.exercises.checks import Wrong, close, exercise, has_gradient, same_shape, true, value


@exercise(
    "x @ W.T + h @ U.T + b is (B, 4 m): cut it with .chunk(4, -1), in the order i, f, g, o.",
    "Sigmoid for the gates i, f and o, tanh for the candidate g.",
    "The new c is f * c + i * g; the new h is o * tanh(new c).",
)
def lstm_step(answer: object) -> None:
    """a function (x (B, n), h (B, m), c (B, m), W (4m, n), U (4m, m), b (4m)) -> new h, new c"""
    cell, x = nn.LSTMCell(5, 3), torch.randn(7, 5)
    h, c = torch.randn(7, 3), torch.randn(7, 3)
    fed, recurrent, bias = cell.weight_ih, cell.weight_hh, cell.bias_ih + cell.bias_hh
    new_h, new_c = _pair(answer, "new h and new c", x, h, c, fed, recurrent, bias)
    right_h, right_c = cell(x, (h, c))
    same_shape("the new c", new_c, (7, 3))
    same_shape("the new h", new_h, (7, 3))
    close("the new c, beside that of nn.LSTMCell with these weights,", new_c, right_c)
    close("the new h, beside that of nn.LSTMCell with these weights,", new_h, right_h)
    has_gradient("the sum of the new h", new_h.sum(), fed, recurrent, bias)


@exercise(
    "The scores are (B, T, S): query @ W @ memory.transpose(1, 2), divided by the root of m.",
    "Softmax over the source steps, the last dimension.",
    "The context is alignment @ memory.",
)
def attention(answer: object) -> None:
    """a function (query (B, T, m), memory (B, S, m), W (m, m)) -> context (B, T, m), alignment
    (B, T, S)
    """
    query, memory = torch.randn(2, 3, 4, requires_grad=True), torch.randn(2, 5, 4)
    weight = torch.randn(4, 4, requires_grad=True)
    context, alignment = _pair(answer, "context and alignment", query, memory, weight)
    same_shape("the alignment", alignment, (2, 3, 5))
    same_shape("the context", context, (2, 3, 4))
    close("the sum of each row of the alignment", alignment.sum(-1), torch.ones(2, 3))
    right = F.scaled_dot_product_attention(query @ weight, memory, memory)
    close("the context", context, right)
    close("alignment @ memory", alignment @ memory, right)
    has_gradient("the sum of the context", context.sum(), query, weight)


@exercise(
    "F.cross_entropy wants the symbols in dimension 1, or all steps in one: .flatten(0, 1).",
    "Keep the steps where target != skip, and take the mean over those alone.",
)
def masked_loss(answer: object) -> None:
    """a function (scores (B, T, V), target (B, T), skip) -> the mean cross-entropy of the steps
    whose target is not skip
    """
    scores, target = torch.randn(4, 6, 5, requires_grad=True), torch.randint(1, 5, (4, 6))
    target[0, 4:], target[2, 1:] = 0, 0
    loss = value(answer, scores, target, 0)
    same_shape("the loss", loss, ())
    close("the loss", loss, F.cross_entropy(scores.movedim(-1, 1), target, ignore_index=0))
    has_gradient("the loss", loss, scores)
    (gradient,) = torch.autograd.grad(loss, scores)
    true(not gradient[target == 0].any(), "A skipped step has a gradient: it should have none.")


@exercise(
    "source.flip(1) turns the order of the steps around.",
    "Leave shifted and target as they are: Sequences(source.flip(1), shifted, target).",
)
def reversed_source(answer: object) -> None:
    """a function (Sequences) -> Sequences whose source is read from its end; the rest unchanged"""
    given = reversed_prefix(6, length=8, target=4, generator=torch.default_generator)
    if not callable(answer):
        raise Wrong("The answer should be a function of a Sequences.")
    found = answer(given)
    parts = [getattr(found, name, None) for name in given._fields]
    true(all(isinstance(part, Tensor) for part in parts), "The function should return a Sequences.")
    source, shifted, target = cast(list[Tensor], parts)
    same_shape("the source", source, (6, 8))
    true(bool((source[:, 0] == given.source[:, -1]).all()), "The source does not start at its end.")
    close("the source of the first sequence", source[0], given.source.flip(1)[0])
    true(torch.equal(target, given.target), "The target should stay as it is.")
    true(torch.equal(shifted, given.shifted), "The shifted target should stay as it is.")


def _pair(answer: object, names: str, *inputs: Any) -> tuple[Tensor, Tensor]:
    """The two tensors that the student's function returns. Wrong where it does not."""
    if not callable(answer):
        raise Wrong("The answer should be a function.")
    found = cast(Callable[..., object], answer)(*inputs)
    if not isinstance(found, tuple) or [type(part) for part in found] != [Tensor, Tensor]:
        raise Wrong(f"The function should return a pair of tensors, {names}.")
    return found
