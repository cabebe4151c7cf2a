"""`coursekit marks`."""

from pathlib import Path
from typing import Annotated

import typer

from coursekit.errors import CourseError, UsageError


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
    """Marks of an assignment: questions capped, bonus, late days, the average. Writes a CSV file and shows a table."""
    if example:
        return _example(example)
    if rubric is None or submissions is None:
        raise UsageError(
            "marks needs a rubric and a table of submissions: coursekit marks RUBRIC SUBMISSIONS.csv "
            "(coursekit marks --example FOLDER writes both to start from)"
        )
    from coursekit.homework import marks as course

    rules = course.read_rubric(rubric)
    rows = [course.mark(rules, each) for each in course.read_submissions(submissions, rules)]
    target = out or submissions.with_name(f"{submissions.stem}-marks.csv")
    if target.resolve() in (rubric.resolve(), submissions.resolve()):
        raise UsageError(f"--out {target} would overwrite what it is made from: name another file")
    if not target.parent.is_dir():
        raise UsageError(
            f"there is no folder {target.parent}: make it first, or name another with --out"
        )
    course.write(target, course.as_csv(rules, rows))
    _show(rules, rows)
    typer.echo(target)


def _show(rubric, rows) -> None:
    from rich.markup import escape

    from coursekit.homework.marks import shown
    from coursekit.runner import progress

    out = progress.console()
    table = progress.table(
        out,
        "student",
        *(f"question {question.id}" for question in rubric.questions),
        "average",
        "days late",
        "off",
        "mark",
    )
    for row in rows:
        person, earned = row.submission.person, row.questions
        cells = [
            shown(row.counted[name])
            + (f" (of {shown(earned[name])})" if earned[name] > rubric.cap else "")
            for name in earned
        ]
        names = ", ".join(person[name] for name in ("student", "student2") if name in person)
        table.add_row(
            escape(names),
            *cells,
            shown(row.average),
            str(row.submission.late),
            f"{shown(100 * (1 - row.kept))} %",
            shown(row.final),
        )
    out.print(table)


def _example(folder: Path) -> None:
    from coursekit.homework.marks import EXAMPLE, LATE, PERSON, read_rubric

    rubric, table = folder / "rubric.toml", folder / "submissions.csv"
    if there := [path for path in (rubric, table) if path.exists()]:
        raise CourseError(f"{there[0]} exists already: name another folder")
    folder.mkdir(parents=True, exist_ok=True)
    rubric.write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    table.write_text(
        ",".join((*PERSON, LATE, *(part.id for part in read_rubric(EXAMPLE).parts))) + "\n",
        encoding="utf-8",
    )
    typer.echo(f"{rubric}\n{table}")
