"""What comes out of grading: a table for `coursekit marks`, its rubric, a page for each student."""

import csv
import html
import io
import json
import re
from collections.abc import Sequence

from coursekit.grading.grade import Graded, Mark
from coursekit.homework.rubric import LATE, PERSON

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #bbb;padding:.4rem;"
    "text-align:left;vertical-align:top}.right{color:#006b4f}.wrong{color:#9a3b00}"
)


def table(graded: Sequence[Graded]) -> str:
    """A CSV with a row for each student and a column for each exercise, 1 or 0."""
    parts = _parts(graded)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([PERSON[0], LATE, *parts])
    for one in graded:
        earned = {mark.part: int(mark.right) for mark in one.marks}
        writer.writerow([_harmless(one.student), 0, *(earned[part] for part in parts)])
    return text.getvalue()


def rubric(graded: Sequence[Graded]) -> str:
    """The rubric that goes with the table: a question a lesson, a mark an exercise."""
    by_lesson: dict[str, list[Mark]] = {}
    for mark in graded[0].marks:
        by_lesson.setdefault(mark.lesson, []).append(mark)
    most = max(map(len, by_lesson.values()))
    lines = ['title = "Exercises"', f"cap = {most}", "", "[late]", "free_days = 3"]
    lines += ["percent = [5, 10, 15, 20]"]
    for lesson, marks in by_lesson.items():
        parts = ", ".join(f"{{ id = {json.dumps(mark.part)}, marks = 1 }}" for mark in marks)
        lines += ["", "[[question]]", f'id = "{lesson[:2]}"', f"parts = [{parts}]"]
    return "\n".join(lines) + "\n"


def page(graded: Graded) -> str:
    """The feedback page of one student: nothing of hidden inputs stands in it."""
    name, right = html.escape(graded.student), sum(mark.right for mark in graded.marks)
    rows = "\n".join(_row(mark) for mark in graded.marks)
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in graded.notes)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{name}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body>\n'
        f"<h1>{name}</h1>\n<p>{right} of {len(graded.marks)} exercises are right.</p>\n"
        "<table><thead><tr><th>lesson</th><th>exercise</th><th>mark</th><th>what the check says"
        f"</th></tr></thead><tbody>\n{rows}\n</tbody></table>\n"
        + (f"<h2>Notes</h2><ul>{notes}</ul>\n" if notes else "")
        + "</body></html>\n"
    )


def file_name(student: str) -> str:
    """A file's name for a student's page."""
    return re.sub(r"[^\w.-]+", "_", student) + ".html"


def _row(mark: Mark) -> str:
    kind, said = ("right", "") if mark.right else ("wrong", mark.said)
    cells = [mark.lesson, mark.exercise, f"{int(mark.right)} of 1", said]
    body = "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)
    return f'<tr class="{kind}">{body}</tr>'


def _parts(graded: Sequence[Graded]) -> list[str]:
    return list(dict.fromkeys(mark.part for one in graded for mark in one.marks))


def _harmless(cell: str) -> str:
    """A name that a spreadsheet would take for a formula, told apart by an apostrophe."""
    return f"'{cell}" if cell[:1] in "=+-@" else cell
