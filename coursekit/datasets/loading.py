"""load(): any data set of the course by name, the bundled sample or the full set."""

from collections.abc import Sequence
from typing import Any

from coursekit.datasets import full as full_sets
from coursekit.datasets import samples
from coursekit.datasets.catalog import find
from coursekit.datasets.dataset import Dataset
from coursekit.errors import UsageError


def load(
    name: str,
    *,
    full: bool = False,
    classes: Sequence[str] | None = None,
    size: int | None = None,
    gray: bool | None = None,
    download: bool = True,
    **options: Any,
) -> Dataset:
    """The data set `name`: images uint8 (N, H, W) or (N, H, W, 3), labels int64 (N,), by split.

    full: the real set, from the cache, the system, or downloaded where it has an open address
    (download=False forbids that). size and gray change how pictures are decoded. classes keeps only
    these. Other options go to the sample's own loader, such as patches_per_photo and seed for
    "photos" (samples.py). UsageError on an unknown name or option, DataError without the data.
    """
    entry = find(name)
    if full and options:
        raise UsageError(
            f"datasets.load({name!r}, full=True): {', '.join(options)} is an option of bundled "
            "samples only"
        )
    if full:
        loaded = full_sets.load(entry, size=size, gray=gray, download=download)
    else:
        asked = {key: value for key, value in (("size", size), ("gray", gray)) if value is not None}
        loaded = samples.load(entry, **asked, **options)
    return loaded if classes is None else loaded.only(classes)
