"""The bootstrap interval against the normal one, which it comes near for many values."""

import pytest
import torch

from coursekit.metrics.bootstrap import bootstrap_interval


def stream(seed=0):
    return torch.Generator().manual_seed(seed)


def test_near_the_normal_interval_for_many_values():
    values = 5 + 2 * torch.randn(400, generator=stream())
    low, high = bootstrap_interval(values, generator=stream(1))
    half = 1.96 * values.std() / 20
    assert low == pytest.approx(float(values.mean() - half), abs=0.04)
    assert high == pytest.approx(float(values.mean() + half), abs=0.04)


def test_a_smaller_share_is_narrower_and_equal_values_have_no_width():
    values = torch.randn(30, generator=stream())
    wide, narrow = (
        bootstrap_interval(values, generator=stream(1), share=share) for share in (0.95, 0.5)
    )
    assert wide[0] < narrow[0] < narrow[1] < wide[1]
    assert bootstrap_interval(torch.full((5,), 3.0), generator=stream()) == (3.0, 3.0)


def test_one_value_is_refused():
    with pytest.raises(ValueError, match="at least 2"):
        bootstrap_interval(torch.ones(1), generator=stream())
