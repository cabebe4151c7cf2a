"""Probabilistic PCA against its dense normal distribution and against the pictures' own spread."""

import pytest
import torch
from torch.distributions import MultivariateNormal

from coursekit.models.ppca import fit_ppca


@pytest.fixture
def x():
    rng = torch.Generator().manual_seed(0)
    return torch.randn((60, 9), generator=rng) @ torch.randn((9, 9), generator=rng) + 1


def normal(ppca):
    """N(mean, loadings loadings' + noise I), with every entry of its covariance."""
    covariance = ppca.loadings @ ppca.loadings.T + ppca.noise * torch.eye(len(ppca.mean))
    return MultivariateNormal(ppca.mean, covariance)


def test_the_likelihood_is_that_of_the_dense_normal(x):
    ppca = fit_ppca(x, 3)
    torch.testing.assert_close(
        ppca.log_likelihood(x), normal(ppca).log_prob(x), rtol=1e-3, atol=1e-3
    )


def test_the_covariance_is_the_pictures_own_along_and_in_sum(x):
    ppca, sample = fit_ppca(x, 3), torch.cov(x.T, correction=0)
    covariance = normal(ppca).covariance_matrix
    axes = ppca.loadings / ppca.loadings.norm(dim=0)
    torch.testing.assert_close(axes.T @ sample @ axes, ppca.variances.diag(), rtol=1e-3, atol=1e-3)
    assert covariance.trace().item() == pytest.approx(sample.trace().item(), rel=1e-4)


def test_no_other_scale_of_the_loadings_or_noise_is_more_probable(x):
    ppca = fit_ppca(x, 3)
    best = ppca.log_likelihood(x).sum()
    for scale in (0.9, 1.1):
        assert ppca._replace(noise=scale * ppca.noise).log_likelihood(x).sum() < best
        assert ppca._replace(loadings=scale * ppca.loadings).log_likelihood(x).sum() < best


def test_the_posterior_is_bayes_rule(x):
    ppca = fit_ppca(x, 3)
    precision = torch.eye(3) + ppca.loadings.T @ ppca.loadings / ppca.noise
    mean = torch.linalg.solve(precision, ppca.loadings.T @ (x - ppca.mean).T / ppca.noise).T
    torch.testing.assert_close(ppca.encode(x), mean, rtol=1e-3, atol=1e-3)
    covariance = torch.linalg.inv(precision)
    torch.testing.assert_close(ppca.posterior()[1].exp().diag(), covariance, rtol=1e-3, atol=1e-4)


def test_a_projection_leaves_the_rest_alone(x):
    ppca = fit_ppca(x, 3)
    near = ppca.project(x)
    torch.testing.assert_close(ppca.project(near), near, rtol=1e-3, atol=1e-3)
    values = torch.linalg.svdvals(x - x.mean(0))
    error = (x - near).square().sum().item()
    assert error == pytest.approx(values[3:].square().sum().item(), rel=1e-3)


def test_pictures_of_more_pixels_than_pictures():
    x = torch.rand((5, 3, 4, 4), generator=torch.Generator().manual_seed(1))
    ppca = fit_ppca(x, 2)
    assert ppca.loadings.shape == (48, 2) and ppca.project(x).shape == x.shape
