"""The classical filters against scipy, scikit-image and cases worked out by hand."""

import numpy as np
import pytest
import torch
from scipy import ndimage
from skimage import restoration

from coursekit.transforms import filters

PICTURES = torch.rand((3, 1, 12, 10), generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("size", [1, 3, 5])
def test_median_of_each_picture_alone(size):
    expected = np.stack(
        [ndimage.median_filter(picture, size, mode="reflect") for picture in PICTURES[:, 0].numpy()]
    )
    assert np.array_equal(filters.median(PICTURES, size=size)[:, 0].numpy(), expected)


def test_median_removes_a_lonely_outlier_and_keeps_an_edge():
    picture = torch.zeros(1, 1, 8, 8)
    picture[..., 4:] = 1
    spoilt = picture.clone()
    spoilt[0, 0, 2, 1], spoilt[0, 0, 5, 6] = 1, 0
    assert torch.equal(filters.median(spoilt), picture)


@pytest.mark.parametrize("size", [0, 2, -3])
def test_median_refuses_a_window_without_a_middle(size):
    with pytest.raises(ValueError, match=f"size is {size}"):
        filters.median(PICTURES, size=size)


def test_non_local_means_of_each_picture_alone():
    expected = np.stack(
        [
            restoration.denoise_nl_means(
                picture, patch_size=5, patch_distance=6, h=0.16, sigma=0.2, fast_mode=True
            )
            for picture in PICTURES[:, 0].numpy()
        ]
    )
    assert np.allclose(filters.non_local_means(PICTURES, sigma=0.2)[:, 0].numpy(), expected)


def test_non_local_means_keeps_shape_and_kind_and_needs_a_sigma():
    assert filters.non_local_means(PICTURES.double(), sigma=0.1).dtype == torch.float64
    with pytest.raises(ValueError, match="sigma is 0"):
        filters.non_local_means(PICTURES, sigma=0)
