"""The kernel between copies and a normal distribution: moments, density, choice of width."""

import math

import torch
from torch.distributions import MultivariateNormal

from coursekit import runtime
from coursekit.models.kernel import Kernel, fit_kernel


def rng(name="kernel"):
    return runtime.generator(0, name)


def kernel(codes, width):
    return Kernel(codes.mean(0), codes, torch.linalg.cholesky(torch.cov(codes.T)), width)


def test_width_one_is_the_normal_distribution():
    codes = torch.randn(50, 3, generator=rng())
    exact = MultivariateNormal(codes.mean(0), torch.cov(codes.T)).log_prob(codes)
    assert torch.allclose(kernel(codes, 1.0).log_prob(codes), exact, atol=1e-4)


def test_the_density_is_that_of_the_mixture():
    codes, z = torch.randn(6, 2, generator=rng()), torch.randn(4, 2, generator=rng("z"))
    one = kernel(codes, 0.4)
    parts = MultivariateNormal(one.centers, 0.16 * torch.cov(codes.T)).log_prob(z[:, None])
    assert torch.allclose(one.log_prob(z), parts.logsumexp(1) - math.log(6), atol=1e-4)


def test_samples_keep_mean_and_covariance():
    codes = torch.randn(40, 2, generator=rng()) * torch.tensor([3.0, 0.5]) + 2
    found = kernel(codes, 0.5).decode(torch.randn(40_000, 2, generator=rng("z")), rng("picks"))
    assert torch.allclose(found.mean(0), codes.mean(0), atol=0.1)
    assert torch.allclose(torch.cov(found.T), torch.cov(codes.T), rtol=0.1, atol=0.1)


def test_codes_in_clusters_ask_for_a_narrow_kernel():
    centers = torch.tensor([[-5.0, -5.0], [5.0, 5.0], [5.0, -5.0]]).repeat(100, 1)
    spread = torch.full_like(centers, 0.3)
    best, found = fit_kernel(centers, spread, rng())
    assert best.width == max(found, key=found.get) < 0.3
    normal = torch.randn(400, 2, generator=rng("normal"))
    assert fit_kernel(normal, torch.zeros_like(normal), rng())[0].width > best.width
