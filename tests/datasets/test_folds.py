"""Folds by photo: no photo on both sides, every photo in one fold, means by photo."""

import pytest
import torch

from coursekit.datasets.folds import by_photo, photo_folds, some_photos

NAMES = [f"photo{number % 7}" for number in range(28)]  # seven photos, four pictures of each


def stream():
    return torch.Generator().manual_seed(0)


def test_no_photo_is_in_two_folds_and_folds_are_of_one_size():
    folds = photo_folds(NAMES, count=3, generator=stream())
    found = {name: set() for name in NAMES}
    for name, fold in zip(NAMES, folds.tolist(), strict=True):
        found[name].add(fold)
    assert all(len(one) == 1 for one in found.values())
    assert sorted(folds.bincount().tolist()) == [8, 8, 12]


def test_folds_depend_on_the_generator_not_on_the_order_of_pictures():
    forth = photo_folds(NAMES, count=3, generator=stream())
    back = photo_folds(NAMES[::-1], count=3, generator=stream())
    assert torch.equal(forth, back.flip(0))
    other = photo_folds(NAMES, count=3, generator=torch.Generator().manual_seed(5))
    assert not torch.equal(forth, other)


@pytest.mark.parametrize("count", [1, 8])
def test_folds_that_cannot_be_are_refused(count):
    with pytest.raises(ValueError, match=f"count is {count}: it must be from 2 to the 7 photos"):
        photo_folds(NAMES, count=count, generator=stream())


def test_some_photos_come_whole():
    places = some_photos(NAMES, count=3, generator=stream())
    assert len(places) == 12 and len({NAMES[place] for place in places}) == 3
    assert len(some_photos(NAMES, count=100, generator=stream())) == len(NAMES)


def test_means_by_photo():
    values = torch.tensor([[1.0, 3.0, 10.0], [0.0, 2.0, 5.0]])
    assert by_photo(values, ["b", "b", "a"]).tolist() == [[10, 2], [5, 1]]
