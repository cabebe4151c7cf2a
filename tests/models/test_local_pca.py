"""PCA in clusters: with one cluster it is PCA, with two it bends where one plane cannot."""

import pytest
import torch

from coursekit.metrics import mse, pca
from coursekit.models.local_pca import LocalPCA, k_means


def rng():
    return torch.Generator().manual_seed(0)


def bent(count=200):
    """Points on two lines that meet at a right angle, (count, 6)."""
    t = torch.rand(count, generator=rng()) + 0.5
    x = torch.zeros(count, 6)
    x[::2, 0], x[1::2, 3] = t[::2], t[1::2]
    return x


def test_one_cluster_is_pca():
    x = torch.rand(50, 6, generator=rng())
    model = LocalPCA(x, clusters=1, generator=rng())
    for k in (0, 2, 5):
        expected = pca(x, x, components=k).float()
        torch.testing.assert_close(model.reconstruct(x, k), expected, atol=1e-5, rtol=0)


def test_two_pieces_hold_what_one_component_cannot():
    x = bent()
    model = LocalPCA(x, clusters=2, generator=rng())
    assert mse(model.reconstruct(x, 1), x).max() < 1e-9
    assert mse(pca(x, x, components=1), x).mean() > 1e-3
    assert (model.cluster(x)[::2] != model.cluster(x)[1]).all()


def test_variances_fall_and_codes_have_them():
    x = torch.rand(60, 6, generator=rng())
    model = LocalPCA(x, clusters=2, generator=rng(), most=3)
    for place, piece in enumerate(model.pieces):
        z = piece.encode(x[model.cluster(x) == place])
        assert z.shape[1] == 3 and (piece.variances.diff() <= 0).all()
        torch.testing.assert_close(z.var(0, correction=0), piece.variances)


def test_more_clusters_than_pictures_and_a_cluster_left_empty():
    with pytest.raises(ValueError, match="clusters is 9"):
        k_means(bent(8), 9, generator=rng())
    same = torch.ones(4, 6)
    model = LocalPCA(same, clusters=3, generator=rng())
    assert torch.equal(model.reconstruct(same, 2), same)
