"""What `coursekit data` does, as plain functions: status, download, add, verify.

They print nothing.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from coursekit import config, files
from coursekit.datasets import cache, full, samples, sources
from coursekit.datasets.catalog import ENTRIES, find
from coursekit.datasets.download import Progress
from coursekit.datasets.entry import Entry
from coursekit.datasets.full import Added
from coursekit.errors import DataError


def status() -> list[dict]:
    """A row for each set: name, title, license, bundled (bool), full, sample, megabytes, advice.

    full is "added", "downloaded", "system", "damaged: …" or ""; megabytes are of the download.
    """
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


def download(name: str, progress: Progress | None = None, **options: Any) -> Added:
    """Fetch the full set from its official address.

    progress(bytes, of how many or None, file); options go to download.fetch.
    """
    entry = find(name)
    return full.fetch(entry, progress, **options) if entry.remotes else _kaggle(entry)


def add(name: str, path: Path | str) -> Added:
    """Take a person's folder or archive as the full set `name`: copied into the cache, decoded.

    UsageError where there is no such path, DataError where it cannot be the set.
    """
    return _add(find(name), Path(path).expanduser())


def verify(names: Iterable[str] | None = None) -> list[dict]:
    """A row for each file of samples, sources and arrays: name, kind, file, ok, problem.

    All content is read.
    """
    entries = ENTRIES if names is None else [find(name) for name in names]
    return [row for entry in entries for row in _verify(entry)]


def _add(entry: Entry, path: Path) -> Added:
    if entry.sample_only:
        raise DataError(f"{entry.advice}: nothing can be added to it")
    files.existing(path)
    return full.bring(entry, lambda folder: sources.stage_added(entry, path, folder))


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
    return _add(entry, Path(folder))


def _full(entry: Entry) -> str:
    try:
        source = None if entry.sample_only else sources.find(entry)
    except DataError as error:
        return f"damaged: {error}"
    return source.origin if source else ""


def _verify(entry: Entry) -> list[dict]:
    bundled = samples.problems(entry.name) if entry.bundled else {}
    rows = [_row(entry, "bundled", file, problem) for file, problem in bundled.items()]
    try:
        source = None if entry.sample_only else sources.find(entry)
        if source:
            found = sources.problems(source)
            sources.check_content(entry, source)
            rows += [_row(entry, source.origin, file, problem) for file, problem in found.items()]
    except DataError as error:
        rows.append(_row(entry, "full", entry.name, str(error)))
    for folder in sorted((config.cache() / "arrays").glob(f"{entry.name}-" + "[0-9a-f]" * 16)):
        bad = {**dict.fromkeys(_files(folder), ""), **cache.problems(folder, thorough=True)}
        rows += [
            _row(entry, "decoded", f"{folder.name}/{file}", problem)
            for file, problem in bad.items()
        ]
    return rows


def _files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _row(entry: Entry, kind: str, file: str, problem: str) -> dict:
    return {"name": entry.name, "kind": kind, "file": file, "ok": not problem, "problem": problem}
