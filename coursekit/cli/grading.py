"""`coursekit assign` and `coursekit grade`."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coursekit.cli.lessons import Lessons
from coursekit.errors import UsageError, nearest, printable
from coursekit.files import existing, write_text

if TYPE_CHECKING:
    from coursekit.grading.grade import Graded


def assign(
    names: Lessons = None,
    to: Annotated[
        Path | None, typer.Option(help="The folder for the notebooks.", show_default=False)
    ] = None,
    outputs: Annotated[
        str, typer.Option(help="Of cells that need an answer: kept or cleared; none: of no cell.")
    ] = "cleared",
    answers: Annotated[
        bool, typer.Option(help="Keep the folded answers of written questions.")
    ] = True,
) -> None:
    """Write the student edition of lessons: exercises without their solutions."""
    import nbformat

    from coursekit.grading import edition
    from coursekit.runner import lessons

    if to is None:
        raise UsageError("where to? coursekit assign 01 --to FOLDER")
    if outputs not in edition.OUTPUTS:
        raise UsageError(f"unknown --outputs {outputs!r}: {nearest(outputs, edition.OUTPUTS)}")
    found = lessons.find(names or [])
    _empty_of(to, [lesson.path.name for lesson in found])
    for lesson in found:
        notebook = nbformat.read(lesson.path, as_version=4)
        made = edition.student(notebook, lesson.id, outputs=outputs, answers=answers)
        target = to / lesson.path.name
        to.mkdir(parents=True, exist_ok=True)
        write_text(target, nbformat.writes(made) + "\n")
        typer.echo(printable(str(target)))


def grade(
    folder: Annotated[Path, typer.Argument(help="Hand-ins: a folder for each student.")],
    lesson: Annotated[
        list[str] | None,
        typer.Option(help="A lesson to grade; else all that were handed in.", show_default=False),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(help="Folder for marks and feedback; else FOLDER-grades.", show_default=False),
    ] = None,
    profile: Annotated[str, typer.Option(help="At which the notebooks run.")] = "smoke",
    minutes: Annotated[float, typer.Option(help="For one notebook.", min=0.01)] = 10.0,
    memory: Annotated[float, typer.Option(help="For one notebook, in gigabytes.", min=0.5)] = 4.0,
    seeds: Annotated[int, typer.Option(help="Hidden inputs to try.", min=0, max=100)] = 3,
    trust_container: Annotated[
        bool,
        typer.Option("--trust-container", help="Do not shut hand-ins in: a container does."),
    ] = False,
) -> None:
    """Run hand-ins, mark their exercises, write marks.csv, rubric.toml and a page for each."""
    import secrets

    from coursekit.grading import grade as grading
    from coursekit.runner import lessons

    lessons.profile(profile)
    folders = grading.hand_ins(folder)
    names = grading.assigned(folders, lesson or [])
    limits = grading.Limits(
        seconds=max(1, round(minutes * 60)),
        gigabytes=memory,
        profile=profile,
        seeds=tuple(secrets.randbelow(2**31) + 1 for _ in range(seeds)),
        confined=not trust_container,
    )
    target = to or existing(folder, "folder").resolve().with_name(f"{folder.resolve().name}-grades")
    _write(target, (grading.grade(one, names, limits) for one in folders))


def _write(target: Path, graded: "Iterable[Graded]") -> None:
    """A line and a page for each student as soon as it is graded, then the table and its rubric."""
    from coursekit.grading import feedback

    done = []
    for one in graded:
        right = sum(mark.right for mark in one.marks)
        typer.echo(printable(f"{one.student}: {right} of {len(one.marks)}"))
        (target / "feedback").mkdir(parents=True, exist_ok=True)
        write_text(target / "feedback" / feedback.file_name(one.student), feedback.page(one))
        done.append(one)
    write_text(target / "marks.csv", feedback.table(done))
    write_text(target / "rubric.toml", feedback.rubric(done))
    typer.echo(printable(str(target / "marks.csv")))


def _empty_of(folder: Path, names: list[str]) -> None:
    """UsageError where a notebook is there already: it may hold somebody's answers."""
    there = [name for name in names if (folder / name).exists()]
    if there:
        raise UsageError(
            f"{folder / there[0]} is there already and may hold answers: name another folder"
        )
