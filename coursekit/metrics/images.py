"""Measures of picture quality.

Pictures are (N, C, H, W) in [0, 1]; one value for each picture comes back.
"""

import torch
from torch import Tensor
from torch.nn import functional as F


def mse(pictures: Tensor, truth: Tensor) -> Tensor:
    """Mean squared error of each picture. (N, ...), (N, ...) -> (N,)."""
    _same_shape(pictures, truth)
    return (pictures.double() - truth.double()).square().flatten(1).mean(1)


def psnr(pictures: Tensor, truth: Tensor) -> Tensor:
    """Peak signal-to-noise ratio in dB, 10 log10(1 / MSE); infinite for equal pictures. -> (N,)."""
    return -10 * mse(pictures, truth).log10()


def ssim(pictures: Tensor, truth: Tensor, *, window: int = 7) -> Tensor:
    """Structural similarity of each picture (Wang et al. 2004). -> (N,).

    The mean over all whole windows of `window` pixels a side.
    """
    _same_shape(pictures, truth)
    x, y = pictures.double(), truth.double()

    def mean(values: Tensor) -> Tensor:
        return F.avg_pool2d(values, window, stride=1)

    mean_x, mean_y = mean(x), mean(y)
    spread = mean(x * x) - mean_x.square() + mean(y * y) - mean_y.square()  # both variances
    covariance = mean(x * y) - mean_x * mean_y
    light, contrast = 0.01**2, 0.03**2  # the paper's constants, K1 and K2
    upper = (2 * mean_x * mean_y + light) * (2 * covariance + contrast)
    return (
        (upper / ((mean_x.square() + mean_y.square() + light) * (spread + contrast)))
        .flatten(1)
        .mean(1)
    )


def pca(train: Tensor, test: Tensor, *, components: int) -> Tensor:
    """Reconstruction of test (M, D) from the principal components of train (N, D) -> (M, D).

    components: how many of them, the largest first.
    """
    if not 0 <= components <= train.shape[1]:
        raise ValueError(f"components is {components}: there are 0 to {train.shape[1]}")
    train, test = train.double(), test.double()
    center = train.mean(0)
    _, basis = torch.linalg.eigh(torch.cov(train.T))  # eigenvalues in rising order
    basis = basis[:, basis.shape[1] - components :]  # (D, components)
    return center + (test - center) @ basis @ basis.T


def _same_shape(a: Tensor, b: Tensor) -> None:
    if a.shape != b.shape:
        raise ValueError(f"pictures {tuple(a.shape)} and truth {tuple(b.shape)} differ in shape")
