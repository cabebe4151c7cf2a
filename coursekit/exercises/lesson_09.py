"""Checks of lesson 09: the best discriminator, a smoothed loss, minibatch spread, seeds."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from coursekit.exercises import checks
from coursekit.exercises.checks import Wrong, close, exercise, same_shape, true, value


@exercise(
    "D*(x) = p / (p + q) is a probability. Solve sigmoid(s) = p / (p + q) for s.",
    "sigmoid(log p - log q) = p / (p + q).",
)
def best_logit(answer: object) -> None:
    """answer(log_real (N,), log_generated (N,)) -> logits (N,) of the best discriminator."""
    p, q = torch.rand(7) + 0.1, torch.rand(7) + 0.1
    found = value(answer, p.log(), q.log(), what="best_logit")
    same_shape("best_logit(log_real, log_generated)", found, (7,))
    close("the probability that your logits give", torch.sigmoid(found), p / (p + q))
    far = value(answer, torch.tensor([-500.0]), torch.tensor([-400.0]), what="best_logit")
    close("the logit where both densities are tiny", far, torch.tensor([-100.0]))


@exercise(
    "Only the label of the real pictures moves: it is 1 - smoothing. The other stays 0.",
    "F.binary_cross_entropy_with_logits(logits, labels) takes labels between 0 and 1, of the "
    "logits' shape.",
)
def smoothed_loss(answer: object) -> None:
    """answer(on_real (B, 1), on_fake (B, 1), smoothing) -> the discriminator's loss, scalar."""
    on_real, on_fake = (torch.randn(6, 1).requires_grad_() for _ in range(2))
    for smoothing in (0.0, 0.2):
        found = value(answer, on_real, on_fake, smoothing, what="smoothed_loss")
        same_shape("the loss", found, ())
        real = -(1 - smoothing) * F.logsigmoid(on_real) - smoothing * F.logsigmoid(-on_real)
        _told(found, real.mean(), -F.logsigmoid(-on_fake).mean(), smoothing)
    checks.has_gradient("the loss", found, on_real, on_fake)


def _told(found: Tensor, real: Tensor, fake: Tensor, smoothing: float) -> None:
    """Wrong, with a likely reason where there is one."""
    if torch.allclose(found, (real + fake) / 2, atol=1e-4):
        raise Wrong("The two means should be added, and yours is half of their sum.")
    close(f"the loss with smoothing {smoothing}", found, real + fake)


@exercise(
    "The spread belongs to the whole batch: the standard deviation of each feature over the "
    "batch, then the mean of these D numbers. It is one number, the same for each row.",
    "x.std(0, correction=0).mean(), expanded to (B, 1), then torch.cat along the features.",
)
def minibatch_spread(answer: object) -> None:
    """answer: an nn.Module, features (B, D) -> (B, D + 1)."""
    layer = answer() if isinstance(answer, type) else answer
    true(isinstance(layer, nn.Module), "Give an nn.Module: the class, or a layer made from it.")
    x = torch.randn(5, 4).requires_grad_()
    found = value(layer, x, what="the layer")
    same_shape("the output for x (5, 4)", found, (5, 5))
    close("the first four columns", found[:, :4], x)
    spread = (x - x.mean(0)).square().mean(0).sqrt().mean()
    close("the last column", found[:, 4], spread.expand(5))
    checks.has_gradient("the last column", found[:, 4].sum(), x)
    alike = value(layer, torch.ones(3, 4), what="the layer")
    close("the last column for three equal pictures", alike[:, 4], torch.zeros(3), within=1e-3)


@exercise(
    "The variance of a mean of n numbers is their variance (divide by n - 1) over n.",
    "Two independent means: their variances add. Take the root of the sum.",
)
def difference_in_errors(answer: object) -> None:
    """answer(a (S,), b (T,)) -> (mean of a - mean of b) / its standard error, scalar."""
    a, b = torch.randn(3) * 10 + 190, torch.randn(5) * 20 + 170
    found = value(answer, a, b, what="difference_in_errors")
    same_shape("difference_in_errors(a, b)", found, ())
    error = (a.var() / len(a) + b.var() / len(b)).sqrt()
    close("difference_in_errors(a, b)", found, (a.mean() - b.mean()) / error, within=1e-3)
