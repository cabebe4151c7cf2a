"""Marks of an assignment: a rubric and a table of what each part earned -> each question, the average, what lateness costs.

The rules of the source: a question counts at most 100, its bonus included, and only then are the questions averaged
(105 and 95 give 97.5); three days late are free, the next four cost 5, 10, 15 and 20 %, and after a week nothing is left.
"""

import csv
import io
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path

from coursekit.errors import CourseError, nearest

EXAMPLE = Path(__file__).parent / "rubric.toml"
PERSON = (
    "student",
    "number",
    "student2",
    "number2",
)  # columns that say whose row it is; the first is required
LATE = "late"  # column: begun days after the deadline


@dataclass(frozen=True)
class Part:
    """One part of a question and the most it can earn. A bonus may be left empty."""

    id: str
    marks: Decimal
    bonus: bool


@dataclass(frozen=True)
class Question:
    """A question and its parts."""

    id: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Rubric:
    """What can be earned, how much of it counts, and what lateness costs."""

    title: str
    cap: Decimal
    questions: tuple[Question, ...]
    free_days: int
    percent: tuple[Decimal, ...]

    @property
    def parts(self) -> list[Part]:
        return [part for question in self.questions for part in question.parts]

    def kept(self, days: int) -> Decimal:
        """Days late -> the share of the mark that is kept, between 0 and 1."""
        if days <= self.free_days:
            return Decimal(1)
        over = days - self.free_days
        return 1 - self.percent[over - 1] / 100 if over <= len(self.percent) else Decimal(0)


@dataclass(frozen=True)
class Submission:
    """One row: who, how many days late, and what each part earned."""

    person: dict[str, str]
    late: int
    earned: dict[str, Decimal]


@dataclass(frozen=True)
class Mark:
    """What came out of a submission. questions: earned, before the cap; counted: after it."""

    submission: Submission
    questions: dict[str, Decimal]
    counted: dict[str, Decimal]
    average: Decimal
    kept: Decimal

    @property
    def final(self) -> Decimal:
        return self.average * self.kept


def mark(rubric: Rubric, submission: Submission) -> Mark:
    """The marks of one submission."""
    earned = {
        question.id: sum((submission.earned[part.id] for part in question.parts), Decimal(0))
        for question in rubric.questions
    }
    counted = {name: min(value, rubric.cap) for name, value in earned.items()}
    return Mark(
        submission,
        earned,
        counted,
        sum(counted.values(), Decimal(0)) / len(counted),
        rubric.kept(submission.late),
    )


def read_rubric(path: Path) -> Rubric:
    """The rubric in a TOML file. CourseError names what is wrong with it."""
    try:
        return _rubric(tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal))
    except OSError as error:
        raise CourseError(
            f"no rubric at {path} ({error.strerror}): `coursekit marks --example FOLDER` writes one to start from"
        ) from None
    except KeyError as error:
        raise CourseError(
            f"{path} has no {error.args[0]!r} where one is needed: compare it with {EXAMPLE.name} of coursekit"
        ) from None
    except (ValueError, TypeError, ArithmeticError, AttributeError) as error:
        raise CourseError(
            f"{path} is not a rubric ({error}): compare it with {EXAMPLE.name} of coursekit"
        ) from None


def read_submissions(path: Path, rubric: Rubric) -> list[Submission]:
    """The rows of a CSV file. CourseError lists every bad row with its line and the reason; then none is taken."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(f"cannot read {path} ({error}): give a CSV file in UTF-8") from None
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text))
    header = [name.strip() for name in next(lines, [])]
    if faults := _header_faults(header, rubric):
        raise CourseError(f"{path}, line 1: {'; '.join(faults)}")
    found, faults, seen = [], [], {}
    for cells in lines:
        if any(cell.strip() for cell in cells):
            submission, wrong = _row(header, cells, rubric)
            wrong += _twice(submission, seen, lines.line_num)
            faults += [f"line {lines.line_num}: {each}" for each in wrong]
            found.append(submission)
    if faults or not found:
        raise CourseError(
            f"{path} was not marked, nothing was written: {'; '.join(faults) or 'it holds no submission'}"
        )
    return found


def as_csv(rubric: Rubric, marks: list[Mark]) -> str:
    """Every mark as a row: who, days late, parts, questions before and after the cap, average, per cent off, mark."""
    people = [name for name in PERSON if any(name in each.submission.person for each in marks)]
    questions = [question.id for question in rubric.questions]
    header = [
        *people,
        LATE,
        *(part.id for part in rubric.parts),
        *(f"question {name}" for name in questions),
        *(f"question {name} counted" for name in questions),
        "average",
        "percent off",
        "mark",
    ]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    for each in marks:
        parts = [shown(each.submission.earned[part.id]) for part in rubric.parts]
        sums = [shown(of[name]) for of in (each.questions, each.counted) for name in questions]
        who = [_harmless(each.submission.person.get(name, "")) for name in people]
        writer.writerow(
            [
                *who,
                each.submission.late,
                *parts,
                *sums,
                shown(each.average),
                shown(100 * (1 - each.kept)),
                shown(each.final),
            ]
        )
    return out.getvalue()


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)


def shown(value: Decimal) -> str:
    """A mark with at most two decimals, halves rounded up."""
    text = f"{value.quantize(Decimal('0.01'), ROUND_HALF_UP):f}"
    return text.rstrip("0").rstrip(".")


def _rubric(content: Mapping) -> Rubric:
    questions = tuple(
        Question(
            str(each["id"]),
            tuple(
                Part(str(part["id"]), _positive(part["marks"]), bool(part.get("bonus", False)))
                for part in each["parts"]
            ),
        )
        for each in content["question"]
    )
    late = content["late"]
    rubric = Rubric(
        str(content.get("title", "")),
        _positive(content["cap"]),
        questions,
        int(late["free_days"]),
        tuple(Decimal(each) for each in late["percent"]),
    )
    names = [part.id for part in rubric.parts]
    if not names or not all(question.parts for question in questions):
        raise ValueError("a question without parts")
    if doubled := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"two parts are called {doubled[0]!r}")
    if clash := [name for name in names if name in (*PERSON, LATE)]:
        raise ValueError(f"{clash[0]!r} is a column of its own and cannot be a part")
    if not all(0 <= each <= 100 for each in rubric.percent):
        raise ValueError("late percent outside 0 to 100")
    return rubric


def _positive(value: object) -> Decimal:
    number = Decimal(value)
    if not number.is_finite() or number <= 0:
        raise ValueError(f"{value} where a number above 0 is needed")
    return number


def _header_faults(header: list[str], rubric: Rubric) -> list[str]:
    parts = [part.id for part in rubric.parts]
    valid = [*PERSON, LATE, *parts]
    missing = [name for name in (PERSON[0], LATE, *parts) if name not in header]
    faults = [f"no column {name!r}" for name in missing]
    faults += [
        f"unknown column {name!r}: {nearest(name, missing or valid)}"
        for name in header
        if name not in valid
    ]
    return faults + [
        f"column {name!r} twice" for name in dict.fromkeys(header) if header.count(name) > 1
    ]


def _row(header: list[str], cells: list[str], rubric: Rubric) -> tuple[Submission, list[str]]:
    """One row and what is wrong with it."""
    if len(cells) != len(header):
        return Submission({}, 0, {}), [f"{len(cells)} cells where the header has {len(header)}"]
    row = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
    person = {name: row[name] for name in PERSON if row.get(name)}
    faults = [] if person.get(PERSON[0]) else [f"{PERSON[0]}: empty"]
    late, wrong = _number(row[LATE], Decimal(10_000), empty=False)
    faults += (
        [f"{LATE}: {wrong}"]
        if wrong
        else [f"{LATE}: {row[LATE]} is not a whole number of days"]
        if late % 1
        else []
    )
    earned = {}
    for part in rubric.parts:
        earned[part.id], wrong = _number(row[part.id], part.marks, empty=part.bonus)
        faults += [f"{part.id}: {wrong}"] if wrong else []
    return Submission(person, int(late), earned), faults


def _number(cell: str, most: Decimal, *, empty: bool) -> tuple[Decimal, str]:
    """A cell as a number from 0 to most, or what is wrong with it. empty: nothing counts as 0."""
    if not cell:
        return Decimal(0), "" if empty else "empty; write 0 where nothing was earned"
    try:
        value = Decimal(cell.replace("٫", "."))
    except InvalidOperation:
        return Decimal(0), f"{cell!r} is not a number"
    if not value.is_finite() or not 0 <= value <= most:
        return Decimal(0), f"{cell} is not between 0 and {shown(most)}"
    return value, ""


def _twice(submission: Submission, seen: dict[str, int], line: int) -> list[str]:
    """A person whose row there is already, by number where there is one."""
    person = submission.person
    keys = {person.get(number) or person.get(name) for name, number in (PERSON[:2], PERSON[2:])} - {
        None
    }
    faults = [f"{key} is in line {seen[key]} already" for key in sorted(keys) if key in seen]
    seen.update({key: line for key in keys if key not in seen})
    return faults


def _separator(text: str) -> str:
    """What parts the cells: whichever of comma, semicolon and tab the first line has most of."""
    first = text.partition("\n")[0]
    return max(",;\t", key=first.count)


def _harmless(cell: str) -> str:
    """A name that a spreadsheet would take for a formula gets an apostrophe before it."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
