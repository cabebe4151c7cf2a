"""`coursekit marks`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coursekit.errors import CourseError, UsageError, printable
from coursekit.files import existing, write_text

if TYPE_CHECKING:
    from coursekit.homework.marks import Mark
    from coursekit.homework.rubric import Rubric


def marks(
    rubric: Annotated[
        Path | None, typer.Argument(help="What can be earned: a TOML file.", show_default=False)
    ] = None,
    submissions: Annotated[
        Path | None, typer.Argument(help="What was earned: a CSV file.", show_default=False)
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Where the marks go; else beside the submissions, as NAME-marks.csv.",
            show_default=False,
        ),
    ] = None,
    example: Annotated[
        Path | None,
        typer.Option(
            help="Write the example rubric and an empty table into this folder.", show_default=False
        ),
    ] = None,
) -> None:
    """Marks of an assignment, with bonus, caps and late days: a CSV file, and a table to read."""
    if example:
        _example(example)
        return
    if rubric is None or submissions is None:
        raise UsageError(
            "marks needs a rubric and a table of submissions: coursekit marks RUBRIC "
            "SUBMISSIONS.csv (coursekit marks --example FOLDER writes both to start from)"
        )
    from coursekit.homework.marks import as_csv, mark
    from coursekit.homework.rubric import read_rubric
    from coursekit.homework.submissions import read_submissions

    target = _target(existing(rubric, "file"), existing(submissions, "file"), out)
    rules = read_rubric(rubric)
    rows = [mark(rules, submission) for submission in read_submissions(submissions, rules)]
    write_text(target, as_csv(rules, rows))
    _show(rules, rows)
    typer.echo(printable(str(target)))


def _target(rubric: Path, submissions: Path, out: Path | None) -> Path:
    """Where the marks go. UsageError where they cannot, before anything is read."""
    target = out or submissions.with_name(f"{submissions.stem}-marks.csv")
    existing(target.parent, "folder")
    if target.is_dir():
        raise UsageError(f"{target} is a folder: name a file in it with --out")
    if target.resolve() in (rubric.resolve(), submissions.resolve()):
        raise UsageError(f"--out {target} would overwrite what it is made from: name another file")
    return target


def _show(rubric: "Rubric", rows: "list[Mark]") -> None:
    from coursekit.homework.marks import shown
    from coursekit.runner import progress

    out = progress.console()
    questions = [f"question {question.id}" for question in rubric.questions]
    table = progress.table(out, "student", *questions, "average", "days late", "off", "mark")
    for row in rows:
        person = row.submission.person
        table.add_row(
            ", ".join(person[name] for name in ("student", "student2") if name in person),
            *(_counted(row, name) for name in row.questions),
            shown(row.average),
            str(row.submission.late),
            f"{shown(100 * (1 - row.kept))} %",
            shown(row.final),
        )
    out.print(table)


def _counted(row: "Mark", question: str) -> str:
    """What counts of a question, and what was earned where that is more."""
    from coursekit.homework.marks import shown

    earned, counted = row.questions[question], row.counted[question]
    return shown(counted) + (f" (of {shown(earned)})" if earned > counted else "")


def _example(folder: Path) -> None:
    from coursekit.homework.rubric import EXAMPLE, LATE, PERSON, read_rubric

    rubric, table = folder / "rubric.toml", folder / "submissions.csv"
    if there := [path for path in (rubric, table) if path.exists()]:
        raise CourseError(f"{there[0]} exists already: name another folder")
    header = (*PERSON, LATE, *(part.id for part in read_rubric(EXAMPLE).parts))
    write_text(rubric, EXAMPLE.read_text(encoding="utf-8"))
    write_text(table, ",".join(header) + "\n")
    typer.echo(printable(f"{rubric}\n{table}"))
