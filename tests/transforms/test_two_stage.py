"""The regression in two stages: what it leaves alone, and what its second stage adds."""

import torch

from coursekit.transforms import filters, noise
from coursekit.transforms.two_stage import TwoStage


def extreme(y):
    return (y == 0) | (y == 1)


def smooth_pictures(count):
    small = torch.rand((count, 1, 3, 3), generator=torch.Generator().manual_seed(3))
    return 0.2 + 0.6 * torch.nn.functional.interpolate(small, size=(12, 12), mode="bilinear")


def with_dots(pictures, seed):
    rng = torch.Generator().manual_seed(seed)
    return noise.salt_and_pepper(pictures, amount=0.2, generator=rng)


CLEAN = smooth_pictures(400)
NOISY = with_dots(CLEAN, 4)


def test_two_stage_changes_suspects_only_and_stays_in_range():
    found = TwoStage(NOISY, CLEAN, suspects=extreme, first=filters.switching_median)(NOISY)
    assert found.shape == NOISY.shape and found.min() >= 0 and found.max() <= 1
    assert torch.equal(found[~extreme(NOISY)], NOISY[~extreme(NOISY)])


def test_two_stage_is_ahead_of_its_first_stage_on_new_pictures():
    model = TwoStage(NOISY[:300], CLEAN[:300], suspects=extreme, first=filters.switching_median)
    y, x = with_dots(CLEAN[300:], 5), CLEAN[300:]
    first = torch.where(extreme(y), model.features(y)[0], y)
    assert (model(y) - x).square().mean() < 0.9 * (first - x).square().mean()


def test_two_stage_sees_all_windows_and_a_constant():
    model = TwoStage(NOISY, CLEAN, suspects=extreme)
    answer, seen = model.features(NOISY[:2])
    assert answer.shape == (2, 1, 12, 12)
    assert seen.shape == (2, 12, 12, 9 + 49 + 25 + 25 + 1) and seen[..., -1].eq(1).all()
    assert torch.equal(seen[:, 4, 5, 9 + 24], NOISY[:2, 0, 4, 5])  # the middle of the 7x7 window


def test_two_stage_answers_what_its_features_and_weights_say():
    model = TwoStage(NOISY, CLEAN, suspects=extreme, first=filters.switching_median)
    answer, seen = model.features(NOISY[:50])
    refined = torch.where(extreme(NOISY[:50]), answer + (seen @ model.weights)[:, None], NOISY[:50])
    assert torch.allclose(model(NOISY[:50]), refined.clamp(0, 1), atol=1e-5)


def test_a_floor_blackens_faint_suspects_and_is_the_best_of_those_offered():
    black = CLEAN * (CLEAN > 0.45)  # half of the pixels are 0, as in pictures of clothes
    y = with_dots(black, 6)
    plain = TwoStage(y[:300], black[:300], suspects=extreme, first=filters.switching_median)
    model = plain.floored(y[300:350], black[300:350], floors=(0.0, 0.1, 0.9))
    found, before = model(y[350:]), plain(y[350:])
    assert model.floor == 0.1 and plain.floor == 0
    faint = extreme(y[350:]) & (before < 0.1)
    assert faint.any() and torch.equal(found, torch.where(faint, 0.0, before))
    assert (found - black[350:]).square().mean() < (before - black[350:]).square().mean()
