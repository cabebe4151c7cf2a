"""Bytes of pictures: PNG loses nothing, JPEG falls with its quality, codes in whole steps."""

import io

import pytest
import torch
from PIL import Image

from coursekit.metrics import compression


def shaded(count=3, side=28):
    stream = torch.Generator().manual_seed(0)
    ramp = torch.linspace(0, 200, side).repeat(side, 1)
    return (ramp + 40 * torch.rand((count, side, side), generator=stream)).to(torch.uint8)


def test_png_bytes_are_those_of_the_files():
    flat, busy = torch.zeros(2, 28, 28, dtype=torch.uint8), shaded()
    assert compression.png_bytes(flat) < 120 < compression.png_bytes(busy)
    buffer = io.BytesIO()
    Image.fromarray(busy[0].numpy()).save(buffer, "png", optimize=True)
    assert compression.png_bytes(busy[:1]) == len(buffer.getvalue())


def test_jpeg_gives_the_decoded_pictures_and_both_sizes():
    pictures = shaded()
    results = {quality: compression.jpeg(pictures, quality=quality) for quality in (5, 95)}
    for decoded, whole, scan in results.values():
        assert decoded.shape == pictures.shape and decoded.dtype == torch.uint8
        assert 0 < scan < whole - 100  # the tables and markers are most of a small file
    off = {q: (r[0].float() - pictures.float()).abs().mean() for q, r in results.items()}
    assert off[95] < 3 < off[5] and results[5][2] < results[95][2]


def test_one_flat_block_needs_next_to_no_scan():
    """A mean of zero and no detail: a byte or two, whatever the file's tables are."""
    flat = torch.full((1, 8, 8), 128, dtype=torch.uint8)
    decoded, _, scan = compression.jpeg(flat, quality=50)
    assert decoded.eq(128).all() and 1 <= scan <= 2


@pytest.mark.parametrize("bits", [1, 3, 8])
def test_rounded_codes_are_on_the_grid_and_half_a_step_away_at_most(bits):
    low, high = torch.tensor([-1.0, 0.0]), torch.tensor([1.0, 8.0])
    codes = low + (high - low) * torch.rand((50, 2), generator=torch.Generator().manual_seed(0))
    found = compression.rounded(codes, low=low, high=high, bits=bits)
    step = (high - low) / (2**bits - 1)
    assert ((found - codes).abs() <= step / 2 + 1e-6).all()
    places = (found - low) / step
    torch.testing.assert_close(places, places.round())


def test_what_lies_outside_comes_back_at_the_bound():
    low, high = torch.zeros(1), torch.ones(1)
    found = compression.rounded(torch.tensor([[-3.0], [0.0], [7.0]]), low=low, high=high)
    assert found.flatten().tolist() == [0, 0, 1]
