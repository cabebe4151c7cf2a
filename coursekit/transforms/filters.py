"""Noise filters (lesson 02) that a network has to beat: classical ones and a linear regression.

Pictures are (N, 1, H, W) in [0, 1], on any device.
"""

import math
from collections.abc import Callable

import numpy as np
import torch
from skimage import restoration
from torch import Tensor
from torch.nn import functional as F


def median(pictures: Tensor, *, size: int = 3) -> Tensor:
    """(N, 1, H, W) -> same shape: each pixel becomes the median of its size x size window,
    mirrored at the border."""
    middle = size * size // 2
    # in parts, because all windows of many pictures fill the memory
    parts = pictures.split(500)
    return torch.cat([ranked(part, size)[middle] for part in parts])


def windows(pictures: Tensor, size: int) -> Tensor:
    """(N, 1, H, W) -> (N, 1, H, W, size * size): each pixel's window, mirrored at the border."""
    return _widened(pictures, size).unfold(2, size, 1).unfold(3, size, 1).flatten(-2)


def ranked(pictures: Tensor, size: int) -> Tensor:
    """(N, 1, H, W) -> (size * size, N, 1, H, W): the values of each pixel's window, the smallest
    first. Neighbors that are out of order change places, in as many rounds as there are values
    (odd-even transposition sort): for 3x3 pixels faster than torch.sort."""
    values = windows(pictures, size).movedim(-1, 0).contiguous()
    for start in range(len(values)):
        left, right = values[start % 2 : -1 : 2], values[start % 2 + 1 :: 2]
        smaller = torch.minimum(left, right)
        right.copy_(torch.maximum(left, right))
        left.copy_(smaller)
    return values


def weighted(pictures: Tensor, weights: Tensor) -> Tensor:
    """(N, 1, H, W) -> same shape: each pixel's window times weights (size * size), summed."""
    size = math.isqrt(len(weights))
    return F.conv2d(_widened(pictures, size), weights.view(1, 1, size, size))


def switching_median(pictures: Tensor, *, size: int = 3, rounds: int = 1) -> Tensor:
    """(N, 1, H, W) -> same shape: pixels that are exactly 0 or 1 become their window's median
    (after Sun & Neuvo 1994), all others stay.

    rounds: how often; a later round takes the medians of the repaired picture.
    """
    extreme = (pictures == 0) | (pictures == 1)
    repaired = pictures
    for _ in range(rounds):
        repaired = torch.where(extreme, median(repaired, size=size), pictures)
    return repaired


def non_local_means(
    pictures: Tensor, *, sigma: float, strength: float = 0.8, patch: int = 5, distance: int = 6
) -> Tensor:
    """(N, 1, H, W) -> same shape: means over pixels whose patches look alike (Buades et al. 2005,
    section 3).

    sigma: standard deviation of the noise, in units of the intensity; strength: the filter's h over
    sigma; patch: side of the compared patches, distance: how far away they may lie, both in pixels.
    """
    if sigma <= 0:
        raise ValueError(
            f"sigma is {sigma}: the filter needs the noise's standard deviation, above 0"
        )

    def apply(picture: np.ndarray) -> np.ndarray:
        return restoration.denoise_nl_means(
            picture, patch_size=patch, patch_distance=distance, h=strength * sigma, sigma=sigma
        )

    return _one_by_one(pictures, apply)


def lee(pictures: Tensor, *, sigma: float, size: int = 3) -> Tensor:
    """(N, 1, H, W) -> same shape: the best affine answer to speckle from the mean and the variance
    of each pixel's window (Lee 1980).

    sigma: standard deviation of the speckle, relative to the intensity.
    """
    if sigma <= 0:
        raise ValueError(f"sigma is {sigma}: the filter needs the speckle's deviation, above 0")
    near = windows(pictures, size)
    mean, total = near.mean(-1), near.var(-1, correction=0)
    signal = ((total - (sigma * mean).square()) / (1 + sigma**2)).clamp(min=0)
    return mean + signal / total.clamp(min=1e-12) * (pictures - mean)


def notch(pictures: Tensor, *, radius: float = 1.0, spare: float = 3.0) -> Tensor:
    """(N, 1, H, W) -> same shape: the strongest frequency of each picture is removed (Gonzalez &
    Woods, section 5.4), with its neighbors up to `radius` and its mirror image.

    spare: slower waves than this many in a picture are the picture itself and stay. Clipped.
    """
    height, width = pictures.shape[-2:]
    rows = torch.fft.fftfreq(height, 1 / height, device=pictures.device)[:, None]
    columns = torch.fft.fftfreq(width, 1 / width, device=pictures.device)
    spectrum = torch.fft.fft2(pictures)
    fast = rows.square() + columns.square() >= spare**2  # (H, W)
    peak = (spectrum.abs() * fast).flatten(1).argmax(1)  # (N,)
    v, u = rows.flatten()[peak // width], columns[peak % width]  # cycles a picture
    keep = torch.ones_like(pictures, dtype=torch.bool)
    for sign in (1, -1):
        down = _around(rows - (sign * v)[:, None, None, None], height)  # (N, 1, H, 1)
        right = _around(columns - (sign * u)[:, None, None, None], width)  # (N, 1, 1, W)
        keep &= down.square() + right.square() > radius**2
    return torch.fft.ifft2(spectrum * keep).real.clamp(0, 1)


def linear_regression(
    noisy: Tensor, clean: Tensor, *, ridge: float = 10.0
) -> Callable[[Tensor], Tensor]:
    """The best affine map from noisy to clean pictures, both (N, C, H, W), by least squares: a
    Wiener filter that was fitted. The map clips to [0, 1].

    ridge: added to the diagonal of the normal equations.
    """
    noisy, clean = noisy.flatten(1), clean.flatten(1)
    y_mean, x_mean = noisy.double().mean(0), clean.double().mean(0)
    normal, right = ridge * torch.eye(len(y_mean)).to(y_mean), torch.zeros(()).to(y_mean)
    for y, x in zip(noisy.split(1000), clean.split(1000)):
        y, x = y.double() - y_mean, x.double() - x_mean
        normal, right = normal + y.T @ y, right + y.T @ x
    weights = torch.linalg.solve(normal, right)  # (pixels, pixels)

    def apply(pictures: Tensor) -> Tensor:
        mean_in, mean_out, map_ = (one.to(pictures.device) for one in (y_mean, x_mean, weights))
        answer = mean_out + (pictures.flatten(1).double() - mean_in) @ map_
        return answer.view_as(pictures).to(pictures).clamp(0, 1)

    return apply


def _widened(pictures: Tensor, size: int) -> Tensor:
    """With a border so wide that each pixel has a whole window, mirrored."""
    if size < 1 or size % 2 == 0:
        raise ValueError(f"size is {size}: a window with a middle needs an odd number of pixels")
    rows, columns = (_mirrored(length, size // 2, pictures) for length in pictures.shape[-2:])
    return pictures[..., rows, :][..., columns]


def _mirrored(length: int, margin: int, like: Tensor) -> Tensor:
    """Indices of a line with `margin` more at both ends, mirrored with the end: 1 0 | 0 1 2 …"""
    index = torch.arange(-margin, length + margin, device=like.device) % (2 * length)
    return torch.where(index < length, index, 2 * length - 1 - index)


def _around(distance: Tensor, length: int) -> Tensor:
    """A distance on a circle of that length, from -length / 2 to length / 2."""
    return (distance + length / 2) % length - length / 2


def _one_by_one(pictures: Tensor, apply: Callable[[np.ndarray], np.ndarray]) -> Tensor:
    """A filter of single pictures, applied to each."""
    filtered = [apply(picture) for picture in pictures[:, 0].cpu().numpy()]
    return torch.from_numpy(np.stack(filtered))[:, None].to(pictures)
