"""Color measures against closed forms, scikit-image and a difference published by Sharma et al."""

import math

import pytest
import torch
from skimage.color import lab2rgb

from coursekit import metrics
from coursekit.metrics.color import color_scores, warm_cold_accuracy
from coursekit.transforms import lab


def flat(*colors, side=4):
    """One picture for each RGB color in [0, 1], all of that color."""
    return torch.tensor(colors).view(-1, 3, 1, 1).expand(-1, 3, side, side)


def halves(left, right, side=4):
    """One picture, its left half of one color and its right half of the other."""
    return torch.cat(
        [flat(left, side=side)[..., : side // 2], flat(right, side=side)[..., side // 2 :]], -1
    )


def lightness(gray):
    """L of an sRGB gray, by the formulas of CIE 15 and IEC 61966-2-1."""
    linear = gray / 12.92 if gray <= 0.04045 else ((gray + 0.055) / 1.055) ** 2.4
    return 116 * linear ** (1 / 3) - 16 if linear > (6 / 29) ** 3 else linear * (29 / 3) ** 3


@pytest.mark.parametrize("a, b", [(0.5, 0.6), (0.1, 0.9), (0.02, 0.03)])
def test_ciede2000_of_grays_in_closed_form(a, b):
    first, second = lightness(a), lightness(b)
    middle = ((first + second) / 2 - 50) ** 2
    expected = abs(first - second) / (1 + 0.015 * middle / math.sqrt(20 + middle))
    assert metrics.ciede2000(flat([a] * 3), flat([b] * 3)).tolist() == pytest.approx(
        [expected], abs=0.01
    )


def test_ciede2000_black_to_white_is_100():
    assert metrics.ciede2000(flat([0.0] * 3), flat([1.0] * 3)).tolist() == pytest.approx(
        [100], abs=0.01
    )


def test_ciede2000_as_published():
    """Pair 25 of Sharma, Wu & Dalal (2005), table 1, the first that sRGB can show: 1.2644."""
    pair = [
        lab2rgb([[color]]).tolist()[0][0]
        for color in ([60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387])
    ]
    first, second = (flat(color).double() for color in pair)
    assert metrics.ciede2000(first, second).tolist() == pytest.approx([1.2644], abs=2e-3)


def test_ciede2000_is_one_mean_a_picture():
    black, white = [0.0] * 3, [1.0] * 3
    pictures = torch.cat([halves(black, white), flat(white)])
    assert metrics.ciede2000(pictures, flat(white, white)).tolist() == pytest.approx(
        [50, 0], abs=0.01
    )
    with pytest.raises(ValueError, match="differ in shape"):
        metrics.ciede2000(pictures, flat(white))


def test_colorfulness_in_closed_form():
    gray, red, green = [0.3] * 3, [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]
    assert metrics.colorfulness(flat(gray, [1.0] * 3)).tolist() == pytest.approx([0, 0], abs=1e-5)
    even = 0.3 * math.hypot(255, 127.5)  # no spread, only the mean's distance from gray
    both = 255 + 0.3 * 127.5  # rg is +-255, yb 127.5 everywhere
    assert metrics.colorfulness(
        torch.cat([flat(red), halves(red, green)])
    ).tolist() == pytest.approx([even, both], rel=1e-6)


def test_color_measures_refuse_gray_tensors():
    for measure in (metrics.colorfulness, lambda x: metrics.ciede2000(x, x)):
        with pytest.raises(ValueError, match=r"\(N, 3, H, W\), not \(2, 1, 4, 4\)"):
            measure(torch.zeros(2, 1, 4, 4))


def test_lab_there_and_back():
    images = torch.randint(
        0, 256, (3, 8, 6, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
    )
    light, ab = lab.split(images)
    assert (light.shape, ab.shape) == (
        (3, 1, 8, 6),
        (3, 2, 8, 6),
    ) and light.dtype == ab.dtype == torch.float32
    assert torch.equal((255 * lab.join(light, ab)).round().to(torch.uint8).movedim(1, -1), images)


def test_lab_of_known_colors():
    """Red, green and blue of sRGB in Lab (D65), as color tables give them."""
    light, ab = lab.split(255 * torch.eye(3, dtype=torch.uint8).view(1, 1, 3, 3))
    assert (100 * light).flatten().tolist() == pytest.approx([53.24, 87.74, 32.30], abs=0.01)
    assert (100 * ab).flatten().tolist() == pytest.approx(
        [80.09, -86.18, 79.19, 67.20, 83.18, -107.86], abs=0.02
    )


def test_lab_without_color_is_gray_and_wild_colors_are_clipped(recwarn):
    light = torch.linspace(0, 1, 5).view(1, 1, 1, 5)
    gray = lab.join(light, torch.zeros(1, 2, 1, 5))
    assert (gray.amax(1) - gray.amin(1)).max() < 1e-4
    wild = lab.join(light, torch.full((1, 2, 1, 5), -5.0))
    assert wild.min() >= 0 and wild.max() <= 1 and not recwarn


def test_scores_of_the_truth_and_of_gray():
    truth = halves([0.8, 0.3, 0.2], [0.2, 0.4, 0.9], side=8)
    same, gray = (
        color_scores(truth, truth),
        color_scores(truth.mean(1, True).expand(-1, 3, -1, -1), truth),
    )
    assert float(same["CIEDE2000"]) == float(same["colorfulness gap"]) == 0
    assert float(gray["colorfulness gap"]) == pytest.approx(float(same["colorfulness"]), abs=1e-6)
    assert float(gray["CIEDE2000"]) > 10


def test_warm_and_cold_count_alike_however_many_they_are():
    truth = torch.tensor([[0.0, 0.3]] * 9 + [[0.0, -0.3], [0.0, 0.05]])
    assert warm_cold_accuracy(torch.ones(11, 2), truth) == 0.5
    assert warm_cold_accuracy(0.01 * truth, truth) == 1.0
    assert warm_cold_accuracy(-truth, truth) == 0.0
    with pytest.raises(ValueError, match="no warm pixels"):
        warm_cold_accuracy(truth[:9], truth[:9])
