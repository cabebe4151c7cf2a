"""`coursekit data list | download | add | verify`."""

from pathlib import Path
from typing import Annotated

import typer

from coursekit.cli.names import OPTIONS
from coursekit.errors import UsageError, nearest, printable

app = typer.Typer(help="The data sets: bundled samples and full sets.", **OPTIONS)


@app.command("list")
def list_() -> None:
    """The data sets, what of them is on this machine, and how to get the rest."""
    from coursekit.datasets import catalog, manage
    from coursekit.runner import progress

    out, rows = progress.console(), manage.status()
    shown = progress.table(out, "name", "title", "license", "bundled", "full set")
    for row in rows:
        shown.add_row(
            row["name"],
            row["title"],
            row["license"],
            "yes" if row["bundled"] else "-",
            row["full"] or "-",
        )
    out.print(shown)
    out.print()
    sample_only = {entry.name for entry in catalog.ENTRIES if entry.sample_only}
    for row in rows:
        if not row["full"] and row["name"] not in sample_only:
            out.print(f"{row['name']}: {row['advice']}", markup=False, highlight=False)


@app.command()
def download(names: Annotated[list[str], typer.Argument(help="Data sets.")]) -> None:
    """Fetch full data sets, held to their checksums.

    What was fetched before a stop is not fetched again.
    """
    from coursekit.datasets import manage
    from coursekit.runner import progress

    _known(names)
    for name in names:
        with progress.Download(progress.console(stderr=True)) as bar:
            added = manage.download(name, progress=bar)
        typer.echo(printable(str(added)))


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Data set.")],
    path: Annotated[Path, typer.Argument(help="A folder or an archive that you have.")],
) -> None:
    """Take a full data set from a folder or an archive that is already here."""
    from coursekit.datasets import manage

    _known([name])
    typer.echo(printable(str(manage.add(name, path))))


@app.command()
def verify(
    names: Annotated[
        list[str] | None, typer.Argument(help="Data sets; none means all.", show_default=False)
    ] = None,
) -> None:
    """Compare the files of data sets on this machine with their checksums."""
    from coursekit.datasets import manage
    from coursekit.runner import progress

    _known(names or [])
    out, rows = progress.console(), manage.verify(names or None)
    shown = progress.table(out, "name", "kind", "file", "ok", "problem")
    for row in rows:
        shown.add_row(
            row["name"], row["kind"], row["file"], "yes" if row["ok"] else "NO", row["problem"]
        )
    out.print(shown if rows else "Nothing to verify: no file of these sets is on this machine.")
    if not all(row["ok"] for row in rows):
        raise typer.Exit(1)


def _known(names: list[str]) -> None:
    from coursekit.datasets import catalog

    valid = [entry.name for entry in catalog.ENTRIES]
    if unknown := [name for name in names if name not in valid]:
        raise UsageError(f"unknown data set {unknown[0]!r}: {nearest(unknown[0], valid)}")
