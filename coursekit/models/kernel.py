"""A density of codes between copies and a normal distribution (lesson 06): one number sets it."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

WIDTHS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


class Kernel(NamedTuple):
    """A normal distribution around each code, pulled to the mean (Silverman 1986, section 6.4.1).

    z = mean + sqrt(1 - width^2) (a code - mean) + width root noise. So mean and covariance are
    those of the codes at every width. Width 0 repeats codes; width 1 is their normal distribution.
    mean (D,), codes (N, D), root (D, D): the covariance is root root'.
    """

    mean: Tensor
    codes: Tensor
    root: Tensor
    width: float

    @property
    def centers(self) -> Tensor:
        """(N, D)."""
        return self.mean + (1 - self.width**2) ** 0.5 * (self.codes - self.mean)

    def log_prob(self, z: Tensor) -> Tensor:
        """log density in nats. (B, D) -> (B,)."""
        flat = [
            torch.linalg.solve_triangular(self.root, x.T, upper=False).T for x in (z, self.centers)
        ]
        squares = (torch.cdist(*flat) / self.width).square()
        scale = self.root.diag().log().sum() + z.shape[1] * math.log(self.width)
        constant = scale + 0.5 * z.shape[1] * math.log(2 * math.pi) + math.log(len(self.codes))
        return torch.logsumexp(-0.5 * squares, 1) - constant

    def decode(self, noise: Tensor, generator: torch.Generator) -> Tensor:
        """Codes of samples of N(0, I), each beside a center chosen at random. (B, D) -> (B, D)."""
        chosen = torch.randint(len(self.codes), (len(noise),), generator=generator)
        return self.centers[chosen] + self.width * noise @ self.root.T


def fit_kernel(
    mu: Tensor, spread: Tensor, generator: torch.Generator, *, widths: Sequence[float] = WIDTHS
) -> tuple[Kernel, dict[float, float]]:
    """The width that is best on held-out codes, z ~ N(mu, spread^2). mu, spread: (N, D), N >= 20.

    A tenth of the pictures is held out. -> the kernel of the others, and for each width the mean
    log density of held-out codes, in nats.
    """

    def sampled(rows: Tensor) -> Tensor:
        noise = torch.randn(mu[rows].shape, generator=generator).to(mu)
        return mu[rows] + spread[rows] * noise

    order = torch.randperm(len(mu), generator=generator)
    held, used = order[: len(mu) // 10], order[len(mu) // 10 :]
    codes, tested = sampled(used), sampled(held)
    root = torch.linalg.cholesky(torch.cov(codes.T))
    kernels = [Kernel(codes.mean(0), codes, root, width) for width in widths]
    found = {kernel.width: float(kernel.log_prob(tested).mean()) for kernel in kernels}
    best = max(found, key=found.__getitem__)
    return kernels[list(widths).index(best)], found
