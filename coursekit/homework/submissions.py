"""What was handed in and what each part of it earned: a table, read whole or not at all."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from coursekit.errors import CourseError, nearest
from coursekit.homework import table
from coursekit.homework.rubric import LATE, PERSON, Part, Rubric
from coursekit.homework.table import Row, Table
from coursekit.homework.text import ascii_digits, number

MOST_DAYS = Decimal(10_000)
PEOPLE = (PERSON[:2], PERSON[2:])  # the columns of a name and of its number
KEPT_TEXT = re.compile(r'="(.*)"')  # how a spreadsheet is told to leave the zeros of a number
SHORTENED = re.compile(r"\d+[.,]?\d*E\+?\d+", re.IGNORECASE)  # 8,10E+08: digits are lost


@dataclass(frozen=True)
class Submission:
    """One row: who, how many days late, and what each part earned."""

    person: dict[str, str]
    late: int
    earned: dict[str, Decimal]


@dataclass
class Seen:
    """The lines in which students stand so far, by number and by name."""

    numbers: dict[str, int] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    unnumbered: dict[str, int] = field(default_factory=dict)  # by name, where no number is given

    def line_of(self, name: str, digits: str) -> int | None:
        """Where this student stands already; only a number tells two of one name apart."""
        if digits:
            return self.numbers.get(digits) or self.unnumbered.get(name)
        return self.names.get(name)

    def add(self, name: str, digits: str, line: int) -> None:
        self.names.setdefault(name, line)
        (self.numbers if digits else self.unnumbered).setdefault(digits or name, line)


def read_submissions(path: Path, rubric: Rubric) -> list[Submission]:
    """The rows of a CSV file. CourseError lists every bad row with its line and the reason."""
    content = table.read(path, known={*PERSON, LATE, *(part.id for part in rubric.parts)})
    if faults := _header_faults(content, rubric):
        raise CourseError(f"{path}, line {content.header.line}: {'; '.join(faults)}")
    found, faults, seen = [], [], Seen()
    for row in content.rows:
        submission, wrong = _submission(content, row, rubric)
        wrong += _twice(submission, seen, row.line)
        faults += [f"line {row.line}: {fault}" for fault in wrong]
        found.append(submission)
    if faults or not found:
        reason = "; ".join(faults) or "it holds no submission"
        raise CourseError(f"{path} was not marked, nothing was written: {reason}")
    return found


def _header_faults(content: Table, rubric: Rubric) -> list[str]:
    header = content.header.cells
    needed = (PERSON[0], LATE, *(part.id for part in rubric.parts))
    missing = [name for name in needed if name not in header]
    valid = {*PERSON, *needed}
    faults = [f"no column {name!r}" for name in missing]
    faults += [
        f"unknown column {name!r}: {nearest(name, missing or [*PERSON, *needed[1:]])}"
        for name in header
        if name and name not in valid
    ]
    twice = [name for name in dict.fromkeys(header) if name and header.count(name) > 1]
    return [*faults, *(f"column {name!r} twice" for name in twice), *_unnamed(content)]


def _unnamed(content: Table) -> Iterator[str]:
    """Columns without a name that hold something nevertheless."""
    for column, name in enumerate(content.header.cells):
        holds = [row for row in content.rows if not row.fault and row.cells[column]]
        if not name and holds:
            cell = holds[0].cells[column]
            yield f"column {column + 1} has no name, but line {holds[0].line} holds {cell!r} there"


def _submission(content: Table, row: Row, rubric: Rubric) -> tuple[Submission, list[str]]:
    """One row and what is wrong with it."""
    if row.fault:
        return Submission({}, 0, {}), [row.fault]
    cells = dict(zip(content.header.cells, row.cells, strict=True))
    person, faults = _person(cells)
    point = content.separator == ","
    late, wrong = _earned(cells[LATE], MOST_DAYS, point=point)
    if late % 1:
        wrong = f"{cells[LATE]} is not a whole number of days"
    faults += [f"{LATE}: {wrong}"] if wrong else []
    earned = {}
    for part in rubric.parts:
        earned[part.id], wrong = _part(cells[part.id], part, point=point)
        faults += [f"{part.id}: {wrong}"] if wrong else []
    return Submission(person, int(late), earned), faults


def _person(cells: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """Names and numbers of a row, numbers in digits 0 to 9, and what is wrong with them."""
    person = {name: cells[name] for name in PERSON if cells.get(name)}
    faults = [] if person.get(PERSON[0]) else [f"{PERSON[0]}: empty"]
    for _, column in PEOPLE:
        if column in person:
            person[column] = ascii_digits(KEPT_TEXT.sub(r"\1", person[column]))
            if SHORTENED.fullmatch(person[column]):
                advice = "format the column as text and write it again"
                faults.append(f"{column}: {person[column]} was shortened; {advice}")
    return person, faults


def _part(cell: str, part: Part, *, point: bool) -> tuple[Decimal, str]:
    """What a part earned, or what is wrong. A bonus may be empty."""
    return (Decimal(0), "") if part.bonus and not cell else _earned(cell, part.marks, point=point)


def _earned(cell: str, most: Decimal, *, point: bool) -> tuple[Decimal, str]:
    """A cell as a number from 0 to most, or what is wrong with it."""
    if not cell:
        return Decimal(0), "empty; write 0 where nothing was earned"
    try:
        value = number(cell, point=point)
    except ValueError as error:
        return Decimal(0), str(error)
    wrong = "" if 0 <= value <= most else f"{cell} is not between 0 and {most.normalize():f}"
    return value, wrong


def _twice(submission: Submission, seen: Seen, line: int) -> list[str]:
    """Students who have a row already: by number, or by name where a number is not given."""
    faults = []
    for name, digits in _people(submission):
        if before := seen.line_of(name.casefold(), digits):
            faults.append(f"{digits or name} is in line {before} already")
        seen.add(name.casefold(), digits, line)
    return faults


def _people(submission: Submission) -> list[tuple[str, str]]:
    """(name, number) of one or two students; what is not given is empty."""
    pairs = [
        (submission.person.get(name, ""), submission.person.get(digits, ""))
        for name, digits in PEOPLE
    ]
    return [pair for pair in pairs if any(pair)]
