"""Light inside regions: known answers; JPEG changes little and keeps the shape."""

import pytest
import torch

from coursekit.metrics.light import LightScores, Regions, as_jpeg, light_error, light_of


def drawing():
    """Two objects of one color each on white."""
    x = torch.ones(2, 3, 32, 32)
    x[0, :, 4:28, 4:28] = torch.tensor([0.8, 0.2, 0.2])[:, None, None]
    x[1, :, 8:24, 2:30] = torch.tensor([0.2, 0.4, 0.7])[:, None, None]
    return x


def lit(x, strength=0.2):
    ramp = torch.linspace(-1, 1, 32).expand(32, 32)
    return torch.where(x.min(1, keepdim=True).values > 0.99, x, (x + strength * ramp).clamp(0, 1))


def test_light_by_hand():
    x = drawing()
    truth, regions = lit(x, 0.1), Regions(x)
    assert regions.light(truth, truth) == pytest.approx((1, 1))
    assert regions.light(x, truth) == (0, 0)
    assert regions.light(lit(x, 0.05), truth) == pytest.approx((0.5, 1), abs=1e-4)
    assert regions.light(lit(x, -0.1), truth) == pytest.approx((1, -1), abs=1e-4)
    assert regions.light(truth + 0.1, truth) == pytest.approx((1, 1), abs=1e-4)


def test_sums_of_each_picture_give_its_own_light():
    x = drawing()
    truth, regions = lit(x, 0.1), Regions(x)
    half_then_wrong = torch.cat([lit(x, 0.05)[:1], lit(x, -0.1)[1:]])
    amount, agreement = light_of(regions.sums(half_then_wrong, truth))
    assert amount.tolist() == pytest.approx([0.5, 1], abs=1e-4)
    assert agreement.tolist() == pytest.approx([1, -1], abs=1e-4)


def test_the_error_of_light_is_that_of_its_definition():
    x = drawing()
    truth, regions = lit(x, 0.1), Regions(x)
    answer = lit(x, 0.1) + 0.03 * torch.rand(x.shape, generator=torch.Generator().manual_seed(0))
    a, b, both = regions.sums(answer, truth).sum(0).tolist()
    assert light_error(*regions.light(answer, truth)) == pytest.approx((a + b - 2 * both) / b)


def test_exaggerated_light_is_more_of_the_same():
    x = drawing()
    regions = Regions(x)
    more = regions.exaggerated(lit(x, 0.05), 2.0)
    assert torch.allclose(more, lit(x, 0.1), atol=1e-2)
    assert regions.light(more, lit(x, 0.1)) == pytest.approx((1, 1), abs=1e-3)


def test_small_regions_and_the_page_do_not_count():
    x = torch.ones(1, 3, 16, 16)
    x[..., 3:6, 3:6] = 0.5
    regions = Regions(x)
    assert len(regions.counted) == 0
    assert regions.light(x, x) == (0, 0)


def test_jpeg_keeps_the_resolution_of_colors_as_the_stored_renders_do():
    columns = torch.zeros(1, 3, 16, 16)
    columns[:, 0, :, ::2], columns[:, 2, :, 1::2] = 1.0, 1.0  # red and blue, a pixel wide
    assert float((as_jpeg(columns) - columns).abs().mean()) < 0.06  # 0.35 where colors are halved


def test_jpeg_costs_little_and_a_row_has_what_it_says():
    x = drawing()
    assert 0 < float((as_jpeg(lit(x)) - lit(x)).abs().mean()) < 0.03
    row = LightScores(x, lit(x))(lit(x))
    assert row["L1"] == 0 and row["SSIM"] == pytest.approx(1)
    assert row["light, amount"] == pytest.approx(1) and row["light, agreement"] == pytest.approx(1)
    assert list(row)[3:] == [
        "texture, as JPEG",
        "light, amount",
        "light, agreement",
        "light, error",
    ]
    assert row["light, error"] == pytest.approx(0, abs=1e-6)
    assert LightScores(x, lit(x))(x)["light, error"] == pytest.approx(1)
