"""Cross-validation of pictures that come from the same photos: a photo is never on both sides."""

from collections.abc import Sequence

import torch
from torch import Tensor


def photo_folds(names: Sequence[str], *, count: int, generator: torch.Generator) -> Tensor:
    """The fold, 0 to count - 1, of each picture, by the name of its photo -> int64 (N,).

    Every fold has as many photos as the others, or one more.
    """
    photos = sorted(set(names))
    if not 2 <= count <= len(photos):
        raise ValueError(f"count is {count}: it must be from 2 to the {len(photos)} photos")
    order = torch.randperm(len(photos), generator=generator).tolist()
    fold = {photo: place % count for photo, place in zip(photos, order, strict=True)}
    return torch.tensor([fold[name] for name in names])


def some_photos(names: Sequence[str], *, count: int, generator: torch.Generator) -> Tensor:
    """Places of the pictures that come from `count` photos, chosen at random -> int64 (M,)."""
    photos = sorted(set(names))
    order = torch.randperm(len(photos), generator=generator)[:count].tolist()
    chosen = {photos[place] for place in order}
    return torch.tensor([place for place, name in enumerate(names) if name in chosen])


def by_photo(values: Tensor, names: Sequence[str]) -> Tensor:
    """Means of values (R, N) over the pictures of each photo -> (R, photos), by name."""
    photos = {name: place for place, name in enumerate(sorted(set(names)))}
    places = torch.tensor([photos[name] for name in names])
    sums = torch.zeros(len(values), len(photos), dtype=values.dtype).index_add_(1, places, values)
    return sums / places.bincount(minlength=len(photos))
