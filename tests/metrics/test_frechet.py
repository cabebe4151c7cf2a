"""Fréchet distance against Gaussians whose distance is known, precision and recall against sets
laid out by hand.
"""

import math

import pytest
import torch

from coursekit import metrics


def whitened(count: int, size: int, seed: int = 0):
    """Points whose mean is exactly 0 and whose covariance is exactly the identity."""
    points = torch.randn(
        count, size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64
    )
    points -= points.mean(0)
    return points @ torch.linalg.inv(torch.linalg.cholesky(torch.cov(points.T))).T


def test_equal_sets_are_at_no_distance():
    points = whitened(50, 4)
    assert metrics.frechet_distance(points, points.flip(0)) == pytest.approx(0, abs=1e-9)


def test_closed_form_of_two_gaussians():
    points, scales, shift = (
        whitened(60, 3),
        torch.tensor([2.0, 3.0, 0.5]),
        torch.tensor([1.0, -2.0, 0.0]),
    )
    expected = 5 + sum((scale - 1) ** 2 for scale in scales.tolist())  # |shift|^2 + sum (s - 1)^2
    assert metrics.frechet_distance(points, points * scales + shift) == pytest.approx(
        expected, rel=1e-9
    )


def test_turned_gaussian_against_the_product_of_eigenvalues():
    """For two dimensions tr (AB)^(1/2) = sqrt(tr AB + 2 sqrt(det AB))."""
    points, angle = whitened(40, 2), math.radians(35)
    turn = torch.tensor(
        [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]],
        dtype=torch.float64,
    )
    a = points * torch.tensor([3.0, 1.0])
    b = (points * torch.tensor([2.0, 0.3])) @ turn.T
    cov_a, cov_b = torch.cov(a.T), torch.cov(b.T)
    product = cov_a @ cov_b
    cross = math.sqrt(product.trace() + 2 * math.sqrt(torch.linalg.det(product)))
    assert metrics.frechet_distance(a, b) == pytest.approx(
        float(cov_a.trace() + cov_b.trace()) - 2 * cross, rel=1e-9
    )


def test_fewer_pictures_than_features():
    few = torch.randn(5, 20, generator=torch.Generator().manual_seed(1))
    assert metrics.frechet_distance(few, few + 1) == pytest.approx(20, rel=1e-6)


def test_precision_and_recall_of_one_mode_of_two():
    line = torch.arange(10.0)[:, None]
    real = torch.cat([line, line + 100])  # two groups
    made = line + 0.4  # only the first of them, and all inside it
    assert metrics.precision_recall(real, made, k=2) == (1.0, 0.5)
    assert metrics.precision_recall(made, real, k=2) == (
        0.5,
        1.0,
    )  # each is the other's mirror image


def test_far_away_pictures_have_neither():
    real = torch.randn(30, 3, generator=torch.Generator().manual_seed(2))
    assert metrics.precision_recall(real, real + 1000) == (0.0, 0.0)


@pytest.mark.parametrize(
    "call",
    [
        lambda: metrics.frechet_distance(torch.zeros(3, 2), torch.zeros(3, 4)),
        lambda: metrics.frechet_distance(torch.zeros(1, 2), torch.zeros(3, 2)),
        lambda: metrics.precision_recall(torch.zeros(3, 2), torch.zeros(9, 2), k=3),
    ],
)
def test_what_cannot_be_compared_is_refused(call):
    with pytest.raises(ValueError, match="must be|at least"):
        call()
