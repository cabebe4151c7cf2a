"""What `coursekit data` does, as plain functions: catalog, status, download, add, verify. They print nothing."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from coursekit import config, files
from coursekit.datasets import cache, sources
from coursekit.datasets.catalog import ENTRIES, Entry, find
from coursekit.datasets.download import Progress
from coursekit.datasets.report import Report
from coursekit.errors import DataError


@dataclass(frozen=True)
class Added:
    """What add or download brought: counts maps split to number of pictures."""

    name: str
    origin: str
    sha256: str
    counts: dict[str, int]
    classes: list[str]
    report: Report

    def __str__(self) -> str:
        counts = ", ".join(f"{count:,} {split}" for split, count in self.counts.items())
        classes = f" in {len(self.classes)} classes" if len(self.classes) > 1 else ""
        return f"{self.name}: {counts}{classes}; {self.report}"


def status() -> list[dict]:
    """A row for each set: name, title, license, bundled (bool), full ("added", "downloaded", "system", "damaged: …" or
    ""), sample, megabytes (of the download), advice."""
    return [
        {
            "name": entry.name,
            "title": entry.title,
            "license": entry.license,
            "bundled": entry.bundled,
            "full": _full(entry),
            "sample": entry.sample,
            "megabytes": entry.megabytes,
            "advice": entry.advice,
        }
        for entry in ENTRIES
    ]


def download(name: str, progress: Progress | None = None, **options: float) -> Added:
    """Fetch the full set from its official address. progress(bytes, of how many or None, file); options go to fetch."""
    entry = find(name)
    if not entry.remotes:
        return _kaggle(entry)
    try:
        added = _bring(
            entry, lambda folder: sources.stage_downloaded(entry, folder, progress, **options)
        )
        sources.forget_partial(entry, keep_checked=False)
        return added
    except DataError as error:
        sources.forget_partial(entry, keep_checked=True)
        raise DataError(f"{name} could not be downloaded: {error} {entry.elsewhere}") from None


def add(name: str, path: Path | str) -> Added:
    """Take a folder or archive that someone has as the full set `name`; it is copied into the cache and decoded."""
    entry, path = find(name), Path(path).expanduser()
    if entry.sample_only:
        raise DataError(f"{entry.advice}: nothing can be added to it")
    return _bring(entry, lambda folder: sources.stage_added(entry, path, folder))


def verify(names: Iterable[str] | None = None) -> list[dict]:
    """A row for each file of samples, sources and arrays: name, kind, file, ok, problem. All content is read."""
    entries = ENTRIES if names is None else [find(name) for name in names]
    return [row for entry in entries for row in _verify(entry)]


def _bring(entry: Entry, stage: Callable[[Path], sources.Source]) -> Added:
    """Stage a source beside the cache's own, decode it, and only then let it take its place."""
    from coursekit.datasets import loading  # sets needs download

    with files.lock(f"set-{entry.name}"), files.whole_folder(sources.home(entry)) as folder:
        source = stage(folder)
        arrays_folder = loading.decoded(entry, source)
    splits, classes, report = cache.read(arrays_folder)
    counts = {name: len(split) for name, split in splits.items()}
    return Added(entry.name, source.origin, source.sha256, counts, classes, report)


def _kaggle(entry: Entry) -> Added:
    """Through kagglehub where it is installed and logged in; otherwise the advice."""
    if not entry.kaggle:
        raise DataError(f"{entry.name} cannot be downloaded. {entry.advice}")
    try:
        import kagglehub

        folder = kagglehub.dataset_download(entry.kaggle)
    except ImportError:
        raise DataError(
            f"{entry.name} cannot be downloaded without a login. {entry.advice}"
        ) from None
    except Exception as error:  # kagglehub's own errors share no base class
        raise DataError(f"Kaggle gave no {entry.name}: {error}. {entry.advice}") from None
    return add(entry.name, folder)


def _full(entry: Entry) -> str:
    try:
        source = None if entry.sample_only else sources.find(entry)
    except DataError as error:
        return f"damaged: {error}"
    return source.origin if source else ""


def _verify(entry: Entry) -> list[dict]:
    from coursekit.datasets import samples

    rows = []
    if entry.bundled:
        rows += [
            _row(entry, "bundled", file, problem)
            for file, problem in samples.problems(entry.name).items()
        ]
    try:
        source = None if entry.sample_only else sources.find(entry)
        found = sources.problems(source) if source else {}
        if source:
            sources.check_content(entry, source)
        rows += [_row(entry, source.origin, file, problem) for file, problem in found.items()]
    except DataError as error:
        rows.append(_row(entry, "full", entry.name, str(error)))
    for folder in sorted((config.cache() / "arrays").glob(f"{entry.name}-" + "[0-9a-f]" * 16)):
        bad = cache.problems(folder, thorough=True)
        files = {**dict.fromkeys(_files(folder), ""), **bad}
        rows += [
            _row(entry, "decoded", f"{folder.name}/{file}", problem)
            for file, problem in files.items()
        ]
    return rows


def _files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _row(entry: Entry, kind: str, file: str, problem: str) -> dict:
    return {"name": entry.name, "kind": kind, "file": file, "ok": not problem, "problem": problem}
