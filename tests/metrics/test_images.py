"""Measures against scikit-image, closed forms and a singular value decomposition."""

import math

import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from coursekit import metrics


def pictures(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def noisy(truth, sigma, seed=1):
    return (
        truth + sigma * torch.randn(truth.shape, generator=torch.Generator().manual_seed(seed))
    ).clamp(0, 1)


def test_mse_is_one_value_a_picture():
    truth = torch.zeros(2, 1, 2, 2)
    other = torch.tensor([[[[1.0, 0], [0, 0]]], [[[0.5, 0.5], [0.5, 0.5]]]])
    assert metrics.mse(other, truth).tolist() == [0.25, 0.25]
    assert metrics.mse(other + torch.tensor([0.0, 0.5]).view(2, 1, 1, 1), truth).tolist() == [
        0.25,
        1.0,
    ]


def test_psnr_closed_forms():
    truth = torch.zeros(3, 1, 4, 4)
    off = torch.tensor([1.0, 0.1, 0.01]).view(3, 1, 1, 1) + truth
    assert metrics.psnr(off, truth).tolist() == pytest.approx([0.0, 20.0, 40.0], abs=1e-5)
    assert metrics.psnr(truth, truth).tolist() == [math.inf] * 3


def test_psnr_agrees_with_scikit_image():
    truth = pictures(4, 3, 20, 24)
    worse = noisy(truth, 0.1)
    theirs = [
        peak_signal_noise_ratio(a.numpy(), b.numpy(), data_range=1) for a, b in zip(truth, worse)
    ]
    assert metrics.psnr(worse, truth).tolist() == pytest.approx(theirs, abs=1e-4)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("window", [7, 5, 11])
def test_ssim_agrees_with_scikit_image(window, channels):
    truth = pictures(3, channels, 20, 24)
    worse = noisy(truth, 0.2)
    options = {
        "win_size": window,
        "channel_axis": 0,
        "data_range": 1,
        "use_sample_covariance": False,
    }
    theirs = [
        structural_similarity(*pair, **options)
        for pair in zip(truth.double().numpy(), worse.double().numpy())
    ]
    assert metrics.ssim(worse, truth, window=window).tolist() == pytest.approx(theirs, abs=1e-9)


def test_ssim_closed_forms():
    truth = pictures(2, 1, 16, 16)
    assert metrics.ssim(truth, truth).tolist() == pytest.approx([1, 1])
    a, b, c1 = 0.3, 0.8, 0.01**2  # flat pictures: only the means count
    flat = torch.ones(1, 1, 16, 16)
    expected = (2 * a * b + c1) / (a * a + b * b + c1)
    assert metrics.ssim(a * flat, b * flat).tolist() == pytest.approx([expected], abs=1e-6)


def test_one_picture_gives_one_value():
    truth = pictures(1, 1, 16, 16)
    assert {
        measure(truth, truth).shape for measure in (metrics.mse, metrics.psnr, metrics.ssim)
    } == {(1,)}


@pytest.mark.parametrize("measure", [metrics.mse, metrics.psnr, metrics.ssim])
def test_different_shapes_are_refused_not_broadcast(measure):
    with pytest.raises(ValueError, match=r"\(2, 1, 16, 16\).*\(1, 1, 16, 16\)"):
        measure(pictures(2, 1, 16, 16), pictures(1, 1, 16, 16))


@pytest.mark.parametrize("components", [0, 1, 5, 12])
def test_pca_agrees_with_singular_vectors(components):
    train = pictures(40, 12) @ torch.diag(torch.linspace(3, 0.5, 12))
    test = pictures(7, 12, seed=5)
    center = train.numpy().astype(float).mean(0)
    _, _, vectors = np.linalg.svd(train.numpy().astype(float) - center, full_matrices=False)
    basis = vectors[:components]
    expected = center + (test.numpy() - center) @ basis.T @ basis
    np.testing.assert_allclose(
        metrics.pca(train, test, components=components).numpy(), expected, atol=1e-9
    )


def test_pca_with_all_components_gives_the_test_pictures_back():
    train, test = pictures(40, 12), pictures(7, 12, seed=5)
    torch.testing.assert_close(metrics.pca(train, test, components=12), test.double())


def test_pca_of_too_many_components_is_refused():
    for components in (13, -1):
        with pytest.raises(ValueError, match="0 to 12"):
            metrics.pca(pictures(40, 12), pictures(7, 12), components=components)
