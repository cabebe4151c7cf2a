"""`coursekit init`: the course in a folder of one's own, where there is no checkout."""

import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from coursekit import config, files
from coursekit.errors import CourseError, UsageError

LEFT_OUT = ("build", "ruff.toml", "__pycache__")  # the workshop's: it needs a checkout
CARRIED = config.PACKAGE / "course"  # what a wheel takes along
SHOWN = 5  # file names in a message


def init(
    folder: Annotated[Path, typer.Argument(help="A new folder, or one to complete.")],
) -> None:
    """Write notebooks, samples and references into a folder, to work there."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{str(folder)!r} is a file: name a folder")
    written, kept = fill(folder)
    if kept:
        more = f" and {len(kept) - SHOWN} more" if len(kept) > SHOWN else ""
        names = ", ".join(kept[:SHOWN])
        print(f"Kept as they are, since they differ from the course's: {names}{more}.")
    print(f"{len(written)} {'file' if len(written) == 1 else 'files'} written to {folder}.")
    print(f'Next: cd "{folder}", then coursekit list, or jupyter lab notebooks.')


def fill(folder: Path) -> tuple[list[str], list[str]]:
    """Write the course's files that a folder lacks; the written ones, and those that differ.

    No file is ever replaced. CourseError where this installation has no course, or a disk is full.
    """
    written, kept = [], []
    for name, source in course():
        target, content = folder / name, source.read_bytes()
        if not os.path.lexists(target):
            files.write_bytes(target, content)
            written.append(name)
        elif not target.is_file() or target.read_bytes() != content:
            kept.append(name)
    return written, kept


def course() -> Iterator[tuple[str, Path]]:
    """(name within the course, file) of everything that belongs to it, in order."""
    for top in _tops():
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            parts = path.relative_to(top.parent).parts
            if path.is_file() and not any(_left_out(part) for part in parts):
                yield str(Path(*parts)), path


def _tops() -> list[Path]:
    """The course's folders and files, in this package or in the checkout around it."""
    if CARRIED.is_dir():
        return sorted(CARRIED.iterdir())
    if not config.IN_CHECKOUT:
        raise CourseError(
            "this coursekit came without the course: install it again from its source"
        )
    home = config.PACKAGE.parent
    project = tomllib.loads((home / "pyproject.toml").read_text(encoding="utf-8"))
    listed = [home / name for name in project["tool"]["coursekit"]["course"]]
    return [path for path in listed if path.exists()]


def _left_out(part: str) -> bool:
    return part in LEFT_OUT or part.startswith(".")
