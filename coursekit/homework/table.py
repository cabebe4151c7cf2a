"""A table as spreadsheets save it: any separator, a `sep=` line, empty columns and rows."""

import csv
import io
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from coursekit.errors import CourseError
from coursekit.homework.text import clean, decoded

SEPARATORS = ",;\t"
TOLD = re.compile(r'"?sep=(.)"?[,;\t ]*(?:\r\n?|\n)', re.IGNORECASE)  # Excel's own first line


@dataclass(frozen=True)
class Row:
    """The cells of a row, one for each column, and the line of the file that it begins in.

    fault: why the row has no such cells; empty where it has.
    """

    line: int
    cells: tuple[str, ...]
    fault: str = ""


@dataclass(frozen=True)
class Table:
    """Named columns and the rows below them. Rows and columns that hold nothing are left out."""

    header: Row
    rows: tuple[Row, ...]
    separator: str


def read(path: Path, *, known: Collection[str]) -> Table:
    """The table in a CSV file. CourseError where it cannot be read.

    known: the names of columns that are expected; they decide what separates the cells.
    """
    text = decoded(path)
    told = TOLD.match(text)
    text, before = (text[told.end() :], 1) if told else (text, 0)
    separator = told[1] if told else max(SEPARATORS, key=lambda mark: _fit(text, mark, known))
    try:
        rows = list(_rows(text, separator, before))
    except csv.Error as error:
        raise CourseError(f"{path} is no table ({error}): save it as CSV UTF-8 again") from None
    header = rows[0] if rows else Row(1, ())
    names = _trimmed(header.cells)
    body = [_aligned(row, header, separator) for row in rows[1:]]
    used = [
        column
        for column, name in enumerate(names)
        if name or any(row.cells[column] for row in body if not row.fault)
    ]
    return Table(
        Row(header.line, tuple(names[column] for column in used)),
        tuple(_columns(row, used) for row in body),
        separator,
    )


def _fit(text: str, separator: str, known: Collection[str]) -> tuple[int, int]:
    """How many known columns, and how many columns, the first row has with this separator."""
    try:
        header = next(_rows(text, separator, 0), Row(1, ()))
    except csv.Error:
        return 0, 0
    return sum(name in known for name in header.cells), len(header.cells)


def _rows(text: str, separator: str, before: int) -> Iterator[Row]:
    """The rows that hold anything. before: lines of the file that stand before the text."""
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    line = before + 1
    for cells in lines:
        cleaned = tuple(clean(cell) for cell in cells)
        if any(cleaned):
            yield Row(line, cleaned)
        line = before + lines.line_num + 1


def _trimmed(cells: tuple[str, ...]) -> tuple[str, ...]:
    """The cells without the empty ones at the end."""
    while cells and not cells[-1]:
        cells = cells[:-1]
    return cells


def _aligned(row: Row, header: Row, separator: str) -> Row:
    """The row with as many cells as the header has names, where only empty ones are too many.

    Where commas separate, an unquoted decimal comma adds a cell and moves the rest: there, a row
    may not have more cells than the header's line, empty or not.
    """
    width = len(_trimmed(header.cells))
    comma = separator == "," and len(row.cells) > len(header.cells)
    if len(row.cells) >= width >= len(_trimmed(row.cells)) and not comma:
        return Row(row.line, row.cells[:width])
    hint = "; put a number with a decimal comma into quotes" if comma else ""
    return Row(row.line, (), f"{len(row.cells)} cells where the header has {width}{hint}")


def _columns(row: Row, used: list[int]) -> Row:
    return row if row.fault else Row(row.line, tuple(row.cells[column] for column in used))
