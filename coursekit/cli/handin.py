"""`coursekit handin`."""

from pathlib import Path
from typing import Annotated

import typer

from coursekit.errors import UsageError, printable
from coursekit.files import existing


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
    """Check a hand-in; with --number and --person also pack it. Nothing in it is run."""
    from coursekit.homework import check
    from coursekit.homework.packing import pack, zip_name

    if (number is None) != (not person):
        raise UsageError(
            "the zip needs both --number N and --person LASTNAME:NUMBER (twice for two people)"
        )
    name = zip_name(number, person) if person and number is not None else ""
    beside = existing(folder, "folder").resolve().parent
    target = existing(out or beside, "folder") / name
    found = check(folder)
    for note in found.notes:
        _say(f"note: {note}", err=True)
    for fault in found.faults:
        _say(fault)
    if found.faults:
        unwritten = "; no zip was written" if name else ""
        _say(f"coursekit: {len(found.faults)} to mend in {folder}{unwritten}", err=True)
        raise typer.Exit(1)
    if name:
        _say(str(pack(folder, found.files, target)))
    else:
        advice = "--number N --person LASTNAME:NUMBER packs them"
        _say(f"{folder}: {len(found.files)} files, nothing to mend; {advice}")


def _say(text: str, *, err: bool = False) -> None:
    """One line, whatever the names of files and pictures hold."""
    typer.echo(printable(text).replace("\n", "\\n"), err=err)
