"""Classical noise filters (lesson 02): what a network has to beat.

Pictures are (N, 1, H, W) in [0, 1], on any device.
"""

import numpy as np
import torch
from skimage import filters, restoration
from torch import Tensor


def median(pictures: Tensor, *, size: int = 3) -> Tensor:
    """(N, 1, H, W) -> same shape: each pixel becomes the median of its size x size window,
    mirrored at the border."""
    if size < 1 or size % 2 == 0:
        raise ValueError(f"size is {size}: a window with a middle needs an odd number of pixels")
    filtered = filters.median(
        pictures.cpu().numpy(), np.ones((1, 1, size, size)), behavior="ndimage", mode="reflect"
    )
    return torch.from_numpy(filtered).to(pictures)


def non_local_means(pictures: Tensor, *, sigma: float, patch: int = 5, distance: int = 6) -> Tensor:
    """(N, 1, H, W) -> same shape: means over pixels whose patches look alike (Buades et al. 2005,
    section 3).

    sigma: standard deviation of the noise, in units of the intensity; patch: side of the compared
    patches, distance: how far away they may lie, both in pixels.
    """
    if sigma <= 0:
        raise ValueError(
            f"sigma is {sigma}: the filter needs the noise's standard deviation, above 0"
        )
    filtered = [
        restoration.denoise_nl_means(
            picture,
            patch_size=patch,
            patch_distance=distance,
            h=0.8 * sigma,
            sigma=sigma,
            fast_mode=True,
        )
        for picture in pictures[:, 0].cpu().numpy()
    ]
    return torch.from_numpy(np.stack(filtered))[:, None].to(pictures)
