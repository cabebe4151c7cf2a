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


def test_switching_median_touches_extreme_pixels_only():
    picture = torch.full((1, 1, 5, 5), 0.5)
    picture[0, 0, 2, 2], picture[0, 0, 1, 3], picture[0, 0, 4, 0] = 1, 0, 0.9
    repaired = filters.switching_median(picture)
    expected = torch.full((1, 1, 5, 5), 0.5)
    expected[0, 0, 4, 0] = 0.9
    assert torch.equal(repaired, expected)
    assert torch.equal(filters.median(picture)[0, 0, 4, 0], torch.tensor(0.5))


def test_later_rounds_mend_what_the_first_left():
    picture = torch.full((1, 1, 9, 9), 0.5)
    picture[0, 0, 3:6, 3:6] = 1  # a blot as large as the window: its middle needs three
    first, third = (filters.switching_median(picture, rounds=rounds) for rounds in (1, 3))
    assert first[0, 0, 4, 4] == 1 and third.eq(0.5).all()


@pytest.mark.parametrize("size", [1, 3, 5])
def test_windows_are_ranked_and_weighed_like_those_written_out(size):
    every = filters.windows(PICTURES, size)
    assert torch.equal(filters.ranked(PICTURES, size).movedim(0, -1), every.sort(-1).values)
    weights = torch.randn(size * size, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(filters.weighted(PICTURES, weights), every @ weights, atol=1e-5)


def waves(cycles, phase, size=28):
    """0.1 sin(2 pi (v row + u column) / size + phase), as (1, 1, size, size)."""
    place = torch.arange(size) / size
    (v, u) = cycles
    return 0.1 * torch.sin(2 * torch.pi * (v * place[:, None] + u * place) + phase)[None, None]


@pytest.mark.parametrize("cycles, phase", [((7, 0), 0.3), ((0, 14), 0.5), ((-5, 9), 2.0)])
def test_notch_removes_a_wave_and_keeps_a_slow_picture(cycles, phase):
    picture = 0.5 + waves((1, 1), 0.0)
    cleaned = filters.notch(picture + waves(cycles, phase))
    torch.testing.assert_close(cleaned, picture, atol=1e-5, rtol=0)


def test_notch_takes_its_neighbors_up_to_the_radius_along_the_edges_of_the_spectrum_too():
    near, far = 0.3 * waves((14, 13), 1.0), 0.3 * waves((11, 14), 1.0)
    picture = 0.5 + waves((14, 14), 1.0)
    cleaned = filters.notch(picture + near + far)
    torch.testing.assert_close(cleaned, 0.5 + far, atol=1e-5, rtol=0)


def test_median_of_many_pictures_is_that_of_each():
    many = PICTURES.repeat(200, 1, 1, 1)
    assert torch.equal(filters.median(many)[-3:], filters.median(PICTURES))


def test_lee_keeps_edges_and_flattens_speckle():
    """Equal pixels stay; where all variance is speckle's the answer is the mean of the window."""
    flat = torch.full((1, 1, 5, 5), 0.5)
    assert torch.equal(filters.lee(flat, sigma=0.3), flat)
    spot = flat.clone()
    spot[0, 0, 2, 2] = 0.6
    near = torch.tensor([0.5] * 8 + [0.6])
    flattened = filters.lee(spot, sigma=0.3)[0, 0, 2, 2]
    torch.testing.assert_close(flattened, near.mean())
    total, mean, sigma = near.var(correction=0), near.mean(), 0.02
    share = (total - (sigma * mean) ** 2) / (1 + sigma**2) / total
    kept = filters.lee(spot, sigma=sigma)[0, 0, 2, 2]
    torch.testing.assert_close(kept, mean + share * (0.6 - mean))
    assert filters.lee(torch.zeros(1, 1, 4, 4), sigma=0.3).eq(0).all()
    with pytest.raises(ValueError, match="sigma is 0"):
        filters.lee(flat, sigma=0)


def test_linear_regression_finds_the_wiener_filter_of_white_noise():
    """x ~ N(1/2, s^2), y = x + n: the best factor is s^2 / (s^2 + sigma^2)."""
    rng = torch.Generator().manual_seed(0)
    clean = 0.5 + 0.1 * torch.randn((20_000, 1, 2, 2), generator=rng)
    noisy = clean + 0.2 * torch.randn(clean.shape, generator=rng)
    answer = filters.linear_regression(noisy, clean, ridge=0.0)(torch.full((1, 1, 2, 2), 0.9))
    torch.testing.assert_close(answer, torch.full((1, 1, 2, 2), 0.5 + 0.4 / 5), atol=0.01, rtol=0)


def test_linear_regression_undoes_a_linear_map_and_clips():
    clean = torch.rand((50, 1, 2, 2), generator=torch.Generator().manual_seed(1))
    mixed = 0.5 * clean + 0.25 * clean.flip(-1)
    undo = filters.linear_regression(mixed, clean, ridge=0.0)
    torch.testing.assert_close(undo(mixed), clean)
    assert undo(mixed + 5).eq(1).all()
