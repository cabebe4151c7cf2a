"""load(): any data set of the course by name, the bundled sample or the full set."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from coursekit.datasets import cache, decoders, manage, samples, sources
from coursekit.datasets.archives import opened
from coursekit.datasets.catalog import Entry, find
from coursekit.datasets.dataset import Dataset, Split
from coursekit.errors import DataError, UsageError


def load(
    name: str,
    *,
    full: bool = False,
    classes: Sequence[str] | None = None,
    size: int | None = None,
    gray: bool | None = None,
    download: bool = True,
    **options: object,
) -> Dataset:
    """The data set `name`: images uint8 (N, H, W) or (N, H, W, 3), labels int64 (N,), by split.

    full: the real set, from the cache, the system, or downloaded where it has an open address (download=False forbids
    that). size and gray change how pictures are decoded. classes keeps only these. Other options go to the sample's
    own loader, such as patches_per_photo and seed for "photos" (samples.py).
    """
    entry = find(name)
    if full:
        if options:
            raise UsageError(
                f"datasets.load({name!r}, full=True): {', '.join(options)} is an option of bundled samples only"
            )
        loaded = full_set(entry, size=size, gray=gray, download=download)
    else:
        chosen = {
            key: value for key, value in (("size", size), ("gray", gray)) if value is not None
        }
        loaded = samples.load(entry, **chosen, **options)
    return loaded if classes is None else loaded.only(classes)


def full_set(
    entry: Entry, *, size: int | None = None, gray: bool | None = None, download: bool = True
) -> Dataset:
    """The real set, decoded once into the cache and memory-mapped. DataError with advice where it cannot be had."""
    source = None if entry.sample_only else sources.find(entry)
    if source is None and not entry.sample_only and entry.remotes and download:
        manage.download(entry.name)
        source = sources.find(entry)
    if source is None:
        raise DataError(f"the full {entry.name} is not on this machine. {entry.advice}")
    folder = decoded(entry, source, size=size, gray=gray)
    splits, classes, report = cache.read(folder)
    if entry.layout == "pairs":
        splits = {name: halves(split) for name, split in splits.items()}
    return Dataset(
        entry.name, "full", entry.title, entry.license, source.sha256, classes, splits, report
    )


def decoded(
    entry: Entry, source: sources.Source, *, size: int | None = None, gray: bool | None = None
) -> Path:
    """The folder of the set's arrays, built if need be."""
    if entry.layout == "idx" and (size is not None or gray is not None):
        raise UsageError(f"{entry.name} is always 28x28 and gray: leave size and gray away")
    options = {
        "size": entry.size if size is None else size,
        "gray": entry.gray if gray is None else gray,
    }
    build = partial(_build, entry, source, options)
    return cache.cached(cache.key(entry.name, source.sha256, layout=entry.layout, **options), build)


def halves(split: Split) -> Split:
    """Pairs side by side, images (N, S, 2S, 3) -> images (N, S, S, 3) the left, targets the right; views."""
    middle = split.images.shape[2] // 2
    return Split(
        split.images[:, :, :middle], split.labels, split.names, split.images[:, :, middle:]
    )


def _build(entry: Entry, source: sources.Source, options: dict, folder: Path) -> dict:
    extra = (
        {"classes": samples.CLASSES.get(entry.name, decoders.DIGITS)}
        if entry.layout == "idx"
        else {}
    )
    sources.check_content(entry, source)
    try:
        with opened(source.path, scratch=folder) as members:
            return decoders.LAYOUTS[entry.layout](members, folder, **options, **extra)
    except DataError as error:
        raise DataError(f"{entry.name} cannot be read from {source.path.name}: {error}") from None
