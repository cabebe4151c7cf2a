"""`coursekit handin`."""

from pathlib import Path
from typing import Annotated

import typer

from coursekit.errors import UsageError


def handin(
    folder: Annotated[Path, typer.Argument(help="The folder with notebooks and report.")],
    number: Annotated[
        int | None, typer.Option(help="Of the homework: the n of HW[n].", min=0, show_default=False)
    ] = None,
    person: Annotated[
        list[str] | None,
        typer.Option(help="Who hands in, as LASTNAME:NUMBER; once or twice.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the zip; else beside the folder.", show_default=False),
    ] = None,
) -> None:
    """Check a hand-in against the report rules; with --number and --person also pack it. Nothing in it is run."""
    from coursekit.homework import check, files

    if (number is None) != (not person):
        raise UsageError(
            "the zip needs both --number N and --person LASTNAME:NUMBER (twice for two people)"
        )
    name = files.zip_name(number, person) if person else ""
    found = check(folder)
    for note in found.notes:
        typer.echo(f"note: {note}", err=True)
    for fault in found.faults:
        typer.echo(fault)
    if found.faults:
        typer.echo(
            f"coursekit: {len(found.faults)} to mend in {folder}{'; no zip was written' if name else ''}",
            err=True,
        )
        raise typer.Exit(1)
    if name:
        typer.echo(files.pack(folder, found.files, (out or folder.resolve().parent) / name))
    else:
        typer.echo(
            f"{folder}: {len(found.files)} files, nothing to mend; --number N --person LASTNAME:NUMBER packs them"
        )
