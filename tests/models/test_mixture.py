"""The Gaussian rivals: moments of samples, groups by their shares, clusters that are found."""

import pytest
import torch

from coursekit import runtime
from coursekit.models.mixture import clusters, sample_gaussian, sample_mixture


def rng(name="mixture"):
    return runtime.generator(0, name)


def blob(count, at, spread=0.1):
    return torch.tensor(at) + spread * torch.randn(count, len(at), generator=rng(str(at)))


def test_samples_have_the_mean_and_the_covariance_of_the_data():
    mix = torch.tensor([[2.0, 0.0, 0.0], [1.0, 0.5, 0.0]])
    data = torch.randn(500, 2, generator=rng()) @ mix + 3
    found = sample_gaussian(data, 20_000, rng(), components=2)
    assert torch.allclose(found.mean(0), data.mean(0), atol=0.05)
    assert torch.allclose(found.T.cov(), data.T.cov(), atol=0.1)
    line = sample_gaussian(data, 100, rng(), components=1)
    assert int(torch.linalg.matrix_rank(line - data.mean(0), atol=1e-3)) == 1


def test_a_group_is_used_as_often_as_it_occurs():
    data = torch.cat([blob(300, [0.0, 0.0]), blob(100, [9.0, 9.0])])
    groups = torch.tensor([0] * 300 + [1] * 100)
    found = sample_mixture(data, groups, 4_000, rng(), components=2)
    assert found.shape == (4_000, 2)
    assert float((found[:, 0] > 4.5).float().mean()) == pytest.approx(0.25, abs=0.03)
    assert ((found[:, 0] - 4.5).abs() > 4).all()


def test_clusters_are_found():
    data = torch.cat([blob(50, [0.0, 0.0]), blob(50, [9.0, 0.0]), blob(50, [0.0, 9.0])])
    found = clusters(data, 3, rng("start"))
    parts = [set(found[start : start + 50].tolist()) for start in (0, 50, 100)]
    assert all(len(part) == 1 for part in parts) and len(set.union(*parts)) == 3
