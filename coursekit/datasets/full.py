"""Full sets: brought into the cache from a download or a person's files, decoded once, mapped."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from coursekit import files
from coursekit.datasets import cache, decoders, sources
from coursekit.datasets.archives import opened
from coursekit.datasets.dataset import Dataset, halves
from coursekit.datasets.download import Progress
from coursekit.datasets.entry import Entry
from coursekit.datasets.report import SHOWN, Report
from coursekit.datasets.sources import Source
from coursekit.errors import DataError, UsageError

LISTING = "left-out.txt"  # beside the source: every file that was left out


@dataclass(frozen=True)
class Added:
    """What add or download brought: counts maps split to number of pictures.

    listing: the file that names all that was left out, where a line cannot.
    """

    name: str
    origin: str
    sha256: str
    counts: dict[str, int]
    classes: list[str]
    report: Report
    listing: Path | None = None

    def __str__(self) -> str:
        counts = ", ".join(f"{count:,} {split}" for split, count in self.counts.items())
        classes = f" in {len(self.classes)} classes" if len(self.classes) > 1 else ""
        listing = f"; all that was left out: {self.listing}" if self.listing else ""
        return f"{self.name}: {counts}{classes}; {self.report}{listing}"


def load(
    entry: Entry, *, size: int | None = None, gray: bool | None = None, download: bool = True
) -> Dataset:
    """The real set, decoded once into the cache and memory-mapped.

    download=False forbids to fetch it. DataError with advice where it cannot be had.
    """
    source = None if entry.sample_only else sources.find(entry)
    if source is None and not entry.sample_only and entry.remotes and download:
        fetch(entry)
        source = sources.find(entry)
    if source is None:
        raise DataError(f"the full {entry.name} is not on this machine. {entry.advice}")
    return _read(entry, source, _decoded(entry, source, size=size, gray=gray))


def fetch(entry: Entry, progress: Progress | None = None, **options: Any) -> Added:
    """Fetch the set from its official addresses. options go to download.fetch."""
    try:
        added = bring(
            entry, lambda folder: sources.stage_downloaded(entry, folder, progress, **options)
        )
        sources.forget_partial(entry, keep_checked=False)
        return added
    except DataError as error:
        sources.forget_partial(entry, keep_checked=True)
        raise DataError(
            f"{entry.name} could not be downloaded: {error} {entry.elsewhere}"
        ) from None


def bring(entry: Entry, stage: Callable[[Path], Source]) -> Added:
    """Stage a source beside the cache's own, decode it, and only then let it take its place."""
    home = sources.home(entry)
    with files.lock(f"set-{entry.name}"), files.whole_folder(home) as folder:
        source = stage(folder)
        loaded = _read(entry, source, _decoded(entry, source))
        report = loaded.report
        listing = len(report.unread) > SHOWN
        if listing:
            files.write_text(folder / LISTING, report.listing())
    counts = {name: len(split) for name, split in loaded.splits.items()}
    return Added(
        entry.name,
        source.origin,
        source.sha256,
        counts,
        loaded.classes,
        report,
        home / LISTING if listing else None,
    )


def _decoded(
    entry: Entry, source: Source, *, size: int | None = None, gray: bool | None = None
) -> Path:
    """The folder of the set's arrays, built if need be."""
    if entry.layout == "idx" and (size is not None or gray is not None):
        raise UsageError(f"{entry.name} is always 28x28 and gray: leave size and gray away")
    options = {
        "size": entry.size if size is None else size,
        "gray": entry.gray if gray is None else gray,
    }
    key = cache.key(entry.name, source.sha256, layout=entry.layout, **options)
    return cache.cached(key, partial(_build, entry, source, options))


def _build(entry: Entry, source: Source, options: dict, folder: Path) -> dict:
    sources.check_content(entry, source)
    try:
        with opened(source.path, scratch=folder) as members:
            members.left_out.extend(source.left_out)
            return decoders.DECODERS[entry.layout](entry, members, folder, **options)
    except DataError as error:
        raise DataError(f"{entry.name} cannot be read: {error}") from None


def _read(entry: Entry, source: Source, folder: Path) -> Dataset:
    splits, classes, report = cache.read(folder)
    left_out = sorted({*report.left_out, *source.left_out})
    report = replace(report, left_out=tuple(left_out))
    if entry.layout == "pairs":
        splits = {name: halves(split) for name, split in splits.items()}
    return Dataset(
        entry.name, "full", entry.title, entry.license, source.sha256, classes, splits, report
    )
