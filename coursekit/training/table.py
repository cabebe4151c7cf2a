"""The table of a sweep: JSON lines on disk, written whole or not at all, by one sweep at a time."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from filelock import FileLock, Timeout

from coursekit import files
from coursekit.errors import CourseError


def read(path: Path | None) -> dict[str, dict]:
    """Key -> row {"settings", "results", "seconds"} of finished runs. CourseError if damaged."""
    if path is None or not path.exists():
        return {}
    names = ("settings", "results", "seconds")
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return {row["key"]: {name: row[name] for name in names} for row in rows}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CourseError(
            f"the table {path} is damaged ({type(error).__name__}): delete it and run again"
        ) from error


def write(path: Path | None, rows: dict[str, dict]) -> None:
    """Write all rows, where there is a path. CourseError where that cannot be."""
    if path is None:
        return
    try:
        files.write_text(
            path, "".join(json.dumps({"key": key, **row}) + "\n" for key, row in rows.items())
        )
    except CourseError as error:
        raise type(error)(
            f"the table {path}: {error}; run again, it goes on with what is not in it"
        ) from None


@contextmanager
def locked(path: Path | None) -> Iterator[None]:
    """Only one sweep at a time fills a table."""
    if path is not None:
        with files.disk_errors(path.name, path):
            path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(f"{path}.lock", timeout=0) if path is not None else nullcontext():
            yield
    except Timeout:
        raise CourseError(f"another sweep is filling {path} right now: wait for that one") from None
