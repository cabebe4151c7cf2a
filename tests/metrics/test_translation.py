"""Measures of translated pictures: known answers, and that bad pictures get bad rows."""

import pytest
import torch
from torch.nn import functional as F

from coursekit.metrics.translation import Scores, TextureDistance, detail


def pictures(count=8):
    return torch.rand(count, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def test_detail_of_stripes_by_hand():
    stripes = torch.zeros(1, 3, 4, 4)
    stripes[..., 1::2] = 1.0
    assert float(detail(stripes)) == 1.0  # 0 along columns, 1 along rows
    assert float(detail(torch.full((1, 3, 4, 4), 0.3))) == 0.0


def test_the_truth_has_the_best_row():
    truth = pictures()
    row = Scores(truth)(truth)
    assert row["L1"] == 0 and row["SSIM"] == pytest.approx(1)
    assert row["detail / true detail"] == pytest.approx(1)
    assert row["Fréchet, texture"] == pytest.approx(0, abs=1e-6)
    assert list(row) == ["L1", "PSNR, dB", "SSIM", "detail / true detail", "Fréchet, texture"]
    assert Scores(truth).brief(truth).items() <= row.items()


def test_blur_and_gray_are_far_in_texture():
    truth = pictures()
    far = TextureDistance(truth)
    assert far(F.avg_pool2d(truth, 3, 1, 1)) > 10 * far(truth + 0.001) + 1
    assert far(truth.mean(1, keepdim=True).expand_as(truth)) > 1
