"""Pictures made smaller: the same by bytes and by floats, in parts and at once."""

import torch

from coursekit.transforms.resize import shrink, shrink_stored, to_input


def stored(count=5, side=16):
    draws = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, side, side, 3), dtype=torch.uint8, generator=draws)


def test_stored_pictures_become_floats_with_channels_first():
    pictures = stored()
    given = to_input(pictures)
    assert given.shape == (5, 3, 16, 16) and given.dtype == torch.float32
    assert torch.equal((255 * given).round().to(torch.uint8).movedim(1, -1), pictures)


def test_an_even_picture_stays_as_it_is_and_a_mean_is_kept():
    even = torch.full((1, 3, 16, 16), 0.25)
    assert torch.allclose(shrink(even, 4), torch.full((1, 3, 4, 4), 0.25))
    given = to_input(stored())
    assert torch.allclose(shrink(given, 4).mean(), given.mean(), atol=0.01)


def test_bytes_are_the_rounded_floats_whatever_the_parts():
    pictures = stored()
    whole = shrink_stored(pictures, 8)
    assert whole.shape == (5, 8, 8, 3) and whole.dtype == torch.uint8
    assert torch.equal(shrink_stored(pictures, 8, part=2), whole)
    floats = (255 * shrink(to_input(pictures), 8)).round().to(torch.uint8).movedim(1, -1)
    assert torch.equal(whole, floats)
