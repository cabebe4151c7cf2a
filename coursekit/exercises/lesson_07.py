"""Checks of lesson 07: an interval, spread of pairs, a prior with a mean, the price of a label."""

import math

import torch
from torch.distributions import Normal, kl_divergence

from coursekit.exercises.checks import Wrong, close, exercise, has_gradient, same_shape, true, value

Z = 1.959964  # 97.5 % of a standard normal lie below


@exercise(
    "Center: (p + z² / 2n) / (1 + z² / n), with p = right / n and z = 1.96.",
    "Half width: z / (1 + z² / n) times the root of p (1 - p) / n + z² / 4n².",
)
def wilson(answer: object) -> None:
    """answer(right, n) -> (low, high) of the Wilson interval at 95 %."""
    true(callable(answer), "wilson should be a function.")
    drawn = int(torch.randint(1, 40, ()))
    for right, n in ((5, 10), (10, 10), (0, 25), (drawn, 40)):
        found = answer(right, n)  # type: ignore[operator]
        true(isinstance(found, tuple) and len(found) == 2, "Return two numbers: (low, high).")
        p, spare = right / n, Z * Z / n
        center = (p + spare / 2) / (1 + spare)
        half = Z / (1 + spare) * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
        naive = Z * math.sqrt(p * (1 - p) / n)
        if abs(found[0] - (p - naive)) < 1e-3 and abs(center - half - p + naive) > 5e-3:
            raise Wrong("That is p plus or minus 1.96 standard errors; it has no width at 0 and 1.")
        close(f"the lower end for {right} of {n}", float(found[0]), center - half, within=2e-3)
        close(f"the upper end for {right} of {n}", float(found[1]), center + half, within=2e-3)


@exercise(
    "The mean squared difference of two independent draws is twice the variance.",
    "Of different pictures: divide by N - 1, so x.var(0, correction=1), then the mean over D.",
)
def mean_pair_difference(answer: object) -> None:
    """answer(x (N, D)) -> the mean over all pairs i != j and all D of (x_i - x_j)², scalar."""
    x = torch.randn(7, 5)
    found = value(answer, x, what="mean_pair_difference")
    same_shape("mean_pair_difference(x)", found, ())
    apart = (x[:, None] - x[None]).square().mean(2)  # (N, N), zeros on the diagonal
    if torch.allclose(found.float(), apart.mean(), rtol=1e-4):
        raise Wrong("The N pairs of a picture with itself should not count.")
    close("mean_pair_difference(x)", found, apart.sum() / (7 * 6))


@exercise(
    "KL of N(m, s²) from N(p, 1): only the squared mean changes; it becomes (m - p)².",
    "0.5 * ((mu - prior_mean) ** 2 + logvar.exp() - logvar - 1).sum(1).",
)
def kl_from_prior(answer: object) -> None:
    """answer(mu (B, D), logvar (B, D), prior_mean (B, D)) -> KL of each picture in nats (B,)."""
    mu, logvar, mean = torch.randn(4, 3).requires_grad_(), torch.randn(4, 3), torch.randn(4, 3)
    found = value(answer, mu, logvar, mean, what="kl_from_prior")
    same_shape("kl_from_prior(mu, logvar, prior_mean)", found, (4,))
    exact = kl_divergence(Normal(mu, (0.5 * logvar).exp()), Normal(mean, 1.0)).sum(1)
    if torch.allclose(found, exact / 3, atol=1e-5):
        raise Wrong("Add over the dimensions of a code; do not take their mean.")
    close("kl_from_prior(mu, logvar, prior_mean)", found, exact)
    has_gradient("the KL", found.sum(), mu)


@exercise(
    "A code that says the label must hold its entropy: the mean of -log of its share.",
    "-(p * p.log()).sum(), where 0 log 0 counts as 0: torch.xlogy(p, p) does that.",
)
def price_of_label(answer: object) -> None:
    """answer(shares (K,)) -> nats that a code pays at least for saying the label, scalar."""
    shares = torch.rand(5) + 0.1
    shares = shares / shares.sum()
    found = value(answer, shares, what="price_of_label")
    same_shape("price_of_label(shares)", found, ())
    entropy = -(shares * shares.log()).sum()
    if torch.allclose(found, entropy / math.log(2), atol=1e-4):
        raise Wrong("That is in bits; nats are asked for, with the natural logarithm.")
    close("price_of_label(shares)", found, entropy)
    sure = value(answer, torch.tensor([1.0, 0.0]), what="price_of_label")
    close("the price of a label that is always the same", sure, 0.0)
