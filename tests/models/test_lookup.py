"""Lookup tables against counting by hand, and a context whose steps hold equally many pixels."""

import pytest
import torch

from coursekit.models import lookup


def test_counts_by_hand():
    keys, labels = torch.tensor([[0, 1], [1, 1]]), torch.tensor([[2, 0], [0, 1]])
    assert lookup.count(keys, labels, rows=3, classes=3).tolist() == [
        [0, 0, 1],
        [2, 1, 0],
        [0, 0, 0],
    ]


def test_a_row_of_the_table_is_a_distribution_and_an_empty_one_the_overall_shares():
    counts = torch.tensor([[6.0, 2.0], [0.0, 0.0]])
    table = lookup.log_table(counts)
    torch.testing.assert_close(table.exp()[0], torch.tensor([6.75, 2.25]) / 9)
    torch.testing.assert_close(table.exp()[1], torch.tensor([0.75, 0.25]))


def test_weights_move_a_row_by_bayes_rule():
    counts, weights = torch.tensor([[8.0, 2.0]]), torch.tensor([1.0, 4.0])
    plain = lookup.log_table(counts).exp()[0]
    weighted = lookup.log_table(counts, weights=weights).exp()[0]
    torch.testing.assert_close(weighted, plain * weights / (plain * weights).sum())
    assert plain.argmax() == 0 and lookup.log_table(counts, weights=weights).argmax() in (0, 1)


def test_contrast_is_zero_on_flat_pictures_and_large_at_an_edge():
    gray = torch.full((1, 1, 16, 16), 80, dtype=torch.uint8)
    assert lookup.contrast(gray).abs().max() < 1e-4
    gray[..., 8:] = 200
    near = lookup.contrast(gray)[0]
    assert near.shape == (16, 16)
    assert near[:, 7].min() > 10 and near[:, :3].abs().max() < 1e-4


def test_a_context_of_gray_alone_is_the_gray():
    gray = torch.randint(0, 256, (3, 1, 8, 8), dtype=torch.uint8)
    context = lookup.Context(gray)
    assert context.rows == 256
    assert torch.equal(context(gray), gray[:, 0].long())


@pytest.mark.parametrize("what", ["contrasts", "lights", "bands"])
def test_steps_hold_equally_many_pixels(what):
    torch.manual_seed(0)
    gray = torch.randint(0, 256, (64, 1, 8, 8)).to(torch.uint8)
    context = lookup.Context(gray, grays=1, **{what: 4})
    shares = torch.bincount(context(gray).flatten(), minlength=4) / gray.numel()
    assert context.rows == 4 and (shares - 0.25).abs().max() < 0.02


def test_keys_tell_every_part_of_the_context():
    torch.manual_seed(0)
    gray = torch.randint(0, 256, (64, 1, 8, 8)).to(torch.uint8)
    context = lookup.Context(gray, grays=4, contrasts=2, bands=2, lights=3)
    keys = context(gray)
    assert keys.min() >= 0 and keys.max() < context.rows == 48
    assert torch.equal(keys // 12, gray[:, 0].long() * 4 // 256)
    assert torch.equal((keys // 3 % 2)[0, :, 0], torch.tensor([0, 0, 0, 0, 1, 1, 1, 1]))


def test_what_a_key_tells_is_nothing_everything_or_half():
    apart = torch.outer(torch.tensor([1.0, 3.0]), torch.tensor([2.0, 5.0]))
    assert abs(lookup.share_told(apart)) < 1e-12
    assert abs(lookup.share_told(torch.diag(torch.tensor([3.0, 1.0, 2.0]))) - 1) < 1e-12
    one_bit_of_two = torch.tensor([[1.0, 1, 0, 0], [0, 0, 1, 1]])
    assert abs(lookup.share_told(one_bit_of_two) - 0.5) < 1e-12


def test_lines_that_made_the_counts_are_found_again():
    gray = torch.linspace(0, 1, 256, dtype=torch.float64)[:, None]
    slope, start = torch.tensor([0.0, 5.0, -3.0]).double(), torch.tensor([0.0, -2.0, 1.0]).double()
    counts = 1_000 * (slope * gray + start).softmax(1)
    a, b = lookup.fit_lines(counts, iterations=200)
    torch.testing.assert_close(a - a[0], slope, rtol=1e-2, atol=1e-2)
    torch.testing.assert_close(b - b[0], start, rtol=1e-2, atol=1e-2)
