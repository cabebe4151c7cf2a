import math

import pytest
import torch

from coursekit.transforms import noise

GRAY = torch.full((50, 1, 28, 28), 0.5)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("make", noise.NOISES.values(), ids=noise.NOISES)
def test_same_seed_same_noise_in_range_and_input_untouched(make):
    images = torch.rand(20, 3, 16, 12, generator=seeded(1))
    before = images.clone()
    first, again, other = (make(images, generator=seeded(s)) for s in (0, 0, 1))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert torch.equal(images, before) and first.shape == images.shape
    assert first.min() >= 0 and first.max() <= 1


def test_salt_and_pepper_changes_the_stated_share_half_to_each():
    noisy = noise.salt_and_pepper(GRAY, amount=0.1, generator=seeded())
    count = GRAY.numel()
    tolerance = 4 * math.sqrt(0.05 * 0.95 / count)  # four standard deviations of a binomial share
    assert noisy.eq(1).float().mean().item() == pytest.approx(0.05, abs=tolerance)
    assert noisy.eq(0).float().mean().item() == pytest.approx(0.05, abs=tolerance)
    assert noisy[(noisy != 0) & (noisy != 1)].eq(0.5).all()


def test_salt_and_pepper_hits_all_channels_of_a_pixel():
    noisy = noise.salt_and_pepper(GRAY.expand(-1, 3, -1, -1), amount=0.5, generator=seeded())
    assert torch.equal(noisy[:, 0], noisy[:, 1]) and torch.equal(noisy[:, 0], noisy[:, 2])


def test_gaussian_has_the_stated_variance_and_no_mean():
    difference = (
        noise.gaussian(GRAY, sigma=0.05, generator=seeded()) - GRAY
    )  # 10 sigma from clipping
    count = GRAY.numel()
    assert difference.mean().item() == pytest.approx(0, abs=4 * 0.05 / math.sqrt(count))
    assert difference.var().item() == pytest.approx(0.05**2, rel=4 * math.sqrt(2 / count))


def test_speckle_multiplies():
    images = torch.cat([torch.zeros(50, 1, 28, 28), GRAY / 2, GRAY])  # intensities 0, 1/4, 1/2
    black, dark, bright = (noise.speckle(images, sigma=0.1, generator=seeded()) - images).chunk(3)
    assert black.eq(0).all()
    assert (bright.std() / dark.std()).item() == pytest.approx(2, rel=0.02)
    assert bright.std().item() == pytest.approx(0.5 * 0.1, rel=0.02)


def test_periodic_has_one_peak_in_the_spectrum_at_its_period():
    images, period, amplitude = torch.full((8, 1, 64, 64), 0.5), 8.0, 0.2
    wave = noise.periodic(images, amplitude=amplitude, period=period, generator=seeded()) - images
    spectrum = torch.fft.fft2(wave[:, 0]).abs()  # (N, 64, 64)
    frequencies = torch.fft.fftfreq(64)  # cycles a pixel
    for picture in spectrum:
        row, column = divmod(int(picture.argmax()), 64)
        assert math.hypot(frequencies[row], frequencies[column]) == pytest.approx(
            1 / period, abs=1 / 64
        )
    assert wave.std().item() == pytest.approx(amplitude / math.sqrt(2), rel=0.05)


def test_periodic_draws_direction_and_phase_for_each_image():
    a, b = noise.periodic(GRAY[:2], generator=seeded())
    assert not torch.allclose(a, b)


@pytest.mark.parametrize(
    "call",
    [
        lambda: noise.salt_and_pepper(GRAY, amount=1.1, generator=seeded()),
        lambda: noise.gaussian(GRAY, sigma=-1, generator=seeded()),
        lambda: noise.periodic(GRAY, period=1, generator=seeded()),
    ],
)
def test_senseless_strengths_are_refused(call):
    with pytest.raises(ValueError, match="is (1.1|-1|1)"):
        call()


def test_mixed_gives_each_quarter_its_noise_in_order():
    images, rng = torch.full((10, 1, 6, 6), 0.5), torch.Generator().manual_seed(3)
    found = noise.mixed(images, generator=rng)
    rng.manual_seed(3)
    parts = [
        add(images[:count], generator=rng)
        for add, count in zip(noise.NOISES.values(), (3, 3, 2, 2))  # 10 pictures in four parts
    ]
    assert torch.equal(found, torch.cat(parts))
    assert noise.mixed(images[:2], generator=rng).shape == (2, 1, 6, 6)
