"""`coursekit report`."""

from pathlib import Path
from typing import Annotated

import typer

from coursekit import config
from coursekit.cli.lessons import Lessons, Profile
from coursekit.config import FORMATS
from coursekit.errors import UsageError, nearest

Formats = Annotated[str, typer.Option(help="html, docx, pdf, or several with commas.")]
Code = Annotated[bool, typer.Option("--code", help="Put the code into an appendix.")]


def report(
    names: Lessons = None,
    profile: Profile = "quick",
    format: Formats = "html",
    code: Code = False,
) -> None:
    """Make reports of lessons that ran, or of any executed .ipynb file. Nothing is run again."""
    from coursekit.runner import lessons

    formats = _formats(format)
    lessons.profile(profile)
    files = [Path(name) for name in names or [] if _is_foreign(name)]
    others = [name for name in names or [] if Path(name) not in files]
    chosen = lessons.find(others) if others or not files else []
    from coursekit.reports.render import render, render_file

    done = [render_file(path, formats=formats, code=code) for path in files]
    done += [render(chosen, profile=profile, formats=formats, code=code)] if chosen else []
    for _, warnings in done:
        for warning in warnings:
            typer.echo(f"coursekit: {' '.join(warning.split())}", err=True)
    for written, _ in done:
        for path in written:
            typer.echo(path)


def _formats(text: str) -> list[str]:
    """The formats of "html,pdf". UsageError on one there is not, and on none."""
    formats = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in formats if name not in FORMATS] or ([] if formats else [text])
    if unknown:
        raise UsageError(f"unknown format {unknown[0]!r}: {nearest(unknown[0], FORMATS)}")
    return formats


def _is_foreign(name: str) -> bool:
    """Whether a name is a notebook outside the course. UsageError for one that is not there."""
    path, home = Path(name), config.notebooks()
    inside = path.absolute().parent.resolve() == home.resolve()
    if path.is_dir():
        raise UsageError(f"{name!r} is a folder: {_notebooks(path, name)}")
    if path.suffix != ".ipynb" or inside or (path.parent == Path(".") and _lesson(path)):
        return False
    if not path.is_file():
        raise UsageError(f"there is no file {name!r}: {_notebooks(path.parent, path.name)}")
    return True


def _lesson(path: Path) -> bool:
    """Whether a bare file name that is no file here is that of a lesson."""
    return not path.exists() and (config.notebooks() / path.name).is_file()


def _notebooks(folder: Path, name: str) -> str:
    """Advice: the notebooks of a folder, the nearest first."""
    known = sorted(path.name for path in folder.glob("*.ipynb")) if folder.is_dir() else []
    return nearest(name, known) if known else f"there are no notebooks in {str(folder)!r}"
