"""The exercises of lesson 06: the Gaussian loss, the layered likelihood, a tighter bound, ways."""

import math

import torch
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from coursekit.exercises.checks import close, exercise, has_gradient, same_shape, true, value


@exercise(
    "The KL of one dimension is (mu^2 + s^2 - log s^2 - 1) / 2, and s^2 is exp(logvar).",
    "Sum squared errors over all numbers of a picture, not the mean; divide by 2 sigma^2; add "
    "D log(sigma sqrt(2 pi)).",
    "Add the two terms of each picture, and leave the pictures apart: the result has shape (B,).",
)
def gaussian_loss(answer: object) -> None:
    "a function (x, mean (B, D), sigma, mu, logvar (B, d)) -> negative ELBO of each picture (B,)"
    x, mean, mu, logvar = torch.rand(3, 7), torch.rand(3, 7), torch.randn(3, 2), torch.randn(3, 2)
    mu.requires_grad_()
    found = value(answer, x, mean, 0.2, mu, logvar)
    same_shape("The loss of 3 pictures", found, (3,))
    zero = torch.zeros(1, 2)
    constant = 7 * math.log(0.2 * math.sqrt(2 * math.pi))
    exact = value(answer, x[:1], x[:1], 0.2, zero, zero)
    close("With a perfect picture and the prior as code, the loss", exact[0], constant)
    free = value(answer, x[:1], x[:1], 0.2, mu[:1], logvar[:1])
    close("With a perfect picture, loss - constant (the KL)", free - constant, _kl(mu, logvar)[:1])
    likelihood = Normal(mean, 0.2).log_prob(x).sum(1)
    close("The loss of random pictures", found, _kl(mu, logvar) - likelihood)
    has_gradient("The loss", found.sum(), mu)


@exercise(
    "masks.softmax(0) and colors.softmax(1) are the two sets of probabilities.",
    "For each pixel p: sum over k of masks[k, p] * colors[k, labels[p]].",
    "The logarithm comes after the sum over layers, not before it.",
)
def layered_loss(answer: object) -> None:
    "a function (masks (K, P), colors (K, C), labels (P,)) -> -log p of all pixels, in nats"
    masks, colors = torch.randn(3, 5, requires_grad=True), torch.randn(3, 4, requires_grad=True)
    labels = torch.tensor([0, 3, 1, 1, 2])
    found = value(answer, masks, colors, labels)
    same_shape("The loss of one picture", found, ())
    even = value(answer, torch.zeros(3, 5), torch.zeros(3, 4), labels)
    close("With all scores 0, 5 pixels and 4 colors, the loss", even, 5 * math.log(4))
    mixture = masks.softmax(0).T @ colors.softmax(1)  # (P, C)
    close("The loss at random scores", found, -mixture[range(5), labels].log().sum())
    has_gradient("The loss", found, masks, colors)


@exercise(
    "The bound is log of a mean of exp(log_weights): the mean over the first axis.",
    "exp overflows at large values: torch.logsumexp(log_weights, 0) - log K.",
)
def importance_bound(answer: object) -> None:
    "a function log_weights (K, B) -> log of the mean weight of each picture (B,)"
    weights = torch.randn(6, 4)
    found = value(answer, weights)
    same_shape("The bound of 4 pictures", found, (4,))
    close("With one sample, the bound", value(answer, weights[:1]), weights[0])
    close("The bound of 6 samples", found, weights.exp().mean(0).log())
    far = value(answer, weights + 1_000)
    true(bool(torch.isfinite(far).all()), "With log weights of 1,000 it is not finite.")
    close("The bound, every log weight 1,000 higher", far - 1_000, found, within=1e-3)


@exercise(
    "The angle between a and b is acos of a . b / (|a| |b|).",
    "slerp: (sin((1 - t) w) a + sin(t w) b) / sin(w), with w the angle.",
)
def arc(answer: object) -> None:
    "a function (a (d,), b (d,), t) -> the code at share t of the arc between a and b (d,)"
    a, b = torch.tensor([2.0, 0.0, 0.0]), torch.tensor([0.0, 2.0, 0.0])
    found = value(answer, a, b, 0.5)
    same_shape("The code between", found, (3,))
    close("The start, t = 0", value(answer, a, b, 0.0), a)
    close("The end, t = 1", value(answer, a, b, 1.0), b)
    close("The length of the middle of two codes of length 2", found.norm(), 2.0)
    third = value(answer, a, b, 1 / 3)
    close("A third of a right angle, 30 degrees", third, 2 * torch.tensor([0.75**0.5, 0.5, 0.0]))
    c, d = torch.randn(8), torch.randn(8)
    close("The middle of two random codes", value(answer, c, d, 0.5), _middle(c, d))


def _kl(mu: Tensor, logvar: Tensor) -> Tensor:
    return kl_divergence(Normal(mu, (0.5 * logvar).exp()), Normal(0.0, 1.0)).sum(1)


def _middle(a: Tensor, b: Tensor) -> Tensor:
    """(a + b) sin(w / 2) / sin(w), with w the angle between them."""
    angle = torch.acos((a @ b) / (a.norm() * b.norm()))
    return (a + b) * torch.sin(angle / 2) / torch.sin(angle)
