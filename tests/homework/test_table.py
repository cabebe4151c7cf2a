"""Tables of marks as spreadsheets of many countries save them, and what is refused and why."""

import csv
import io
from decimal import Decimal

import pytest

from coursekit.homework.rubric import read_rubric
from coursekit.homework.submissions import read_submissions
from coursekit.homework.text import ascii_digits, number

RUBRIC = """
cap = 100
[late]
free_days = 3
percent = [5]
[[question]]
id = "1"
parts = [
    { id = "a", marks = 2000 },
    { id = "b, c", marks = 60 },
    { id = "d", marks = 5, bonus = true },
]
"""
HEADER = ["student", "number", "late", "a", "b, c", "d"]
ROWS = [["Turing", "810199", "0", "57.5", "38", ""], ["زهرا", "۸۱۰۲۰۰", "۱", "٩٠", "۱۲٫۵", "5"]]
EARNED = [[Decimal("57.5"), 38, 0], [90, Decimal("12.5"), 5]]


@pytest.fixture
def read(tmp_path):
    """Read a table of these bytes by a rubric of these bytes -> submissions."""

    def call(table: bytes, rubric: bytes = RUBRIC.encode()):
        (tmp_path / "rubric.toml").write_bytes(rubric)
        (tmp_path / "class.csv").write_bytes(table)
        return read_submissions(tmp_path / "class.csv", read_rubric(tmp_path / "rubric.toml"))

    return call


def table(*rows: list[str], separator: str = ";", end: str = "\r\n") -> str:
    """The rows as a spreadsheet writes them."""
    out = io.StringIO()
    csv.writer(out, delimiter=separator, lineterminator=end).writerows(rows)
    return out.getvalue()


def refused(read, text: str | bytes) -> str:
    """Why this table is refused, in one line."""
    with pytest.raises(Exception, match="line|workbook|table|UTF-8") as caught:
        read(text.encode() if isinstance(text, str) else text)
    assert caught.type.__name__ == "CourseError" and "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le-bom", "utf-32"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("first", ["", "sep={}\r\n", '"sep={}"\r\n', "SEP={},,,\r\n"])
def test_encodings_separators_and_their_line(read, encoding, separator, first):
    text = first.format(separator) + table(HEADER, *ROWS, separator=separator)
    content = (
        b"\xff\xfe" + text.encode("utf-16-le")
        if encoding == "utf-16-le-bom"
        else text.encode(encoding)
    )
    found = read(content)
    assert [list(row.earned.values()) for row in found] == EARNED
    assert found[1].person == {"student": "زهرا", "number": "810200"} and found[1].late == 1


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_and_a_rubric_with_a_byte_order_mark(read, end):
    rubric = RUBRIC.encode("utf-8-sig")
    assert len(read(table(HEADER, *ROWS, end=end).encode(), rubric)) == 2
    assert len(read(table(HEADER, *ROWS, end=end).encode(), RUBRIC.encode("utf-16"))) == 2


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_empty_columns_and_rows_are_nothing(read, separator):
    empty = [""] * 9
    rows = [empty, [*HEADER[:3], "", *HEADER[3:], "", ""], ["", " "]]
    rows += [[*row[:3], "", *row[3:], *[""] * count] for row, count in zip(ROWS, (0, 2))]
    found = read(table(*rows, empty, empty, separator=separator).encode())
    assert [list(row.earned.values()) for row in found] == EARNED


def test_empty_cells_that_the_header_lacks_are_nothing_unless_commas_could_have_moved(read):
    text = table(HEADER, [*ROWS[0], "", ""])
    assert list(read(text.encode())[0].earned.values()) == EARNED[0]
    assert "8 cells" in refused(read, text.replace(";", ",").replace("b, c", '"b, c"'))


@pytest.mark.parametrize(
    "cell, value",
    [
        ("57,5", "57.5"),
        ("57.5", "57.5"),
        ("57٫5", "57.5"),
        ("۵۷٫۵", "57.5"),
        ("٥٧,٥", "57.5"),
        ("0,125", "0.125"),
        ("1234", "1234"),
        ("1٫250", "1.25"),
        (",5", "0.5"),
        ("5,", "5"),
        ("+5", "5"),
        ("12,3456", "12.3456"),
        ("\u200f۵\u200e", "5"),
        ("\xa05 ", "5"),
    ],
)
def test_decimal_commas_and_digits_of_other_scripts(read, cell, value):
    row = ["Turing", "1", "0", cell, "1", ""]
    assert read(table(HEADER, row).encode())[0].earned["a"] == Decimal(value)


@pytest.mark.parametrize(
    "cell, reason",
    [
        ("1,250", "could be 1.250 or 1250"),
        ("1.250", "could be 1.250 or 1250"),
        ("۱,۲۵۰", "could be 1.250 or 1250"),
        ("1.234,5", "thousands set apart"),
        ("1,234.5", "thousands set apart"),
        ("1 234", "thousands set apart"),
        ("1'234", "thousands set apart"),
        ("1٬234", "thousands set apart"),
        ("1,234,567", "thousands set apart"),
        ("1e2", "is not a number"),
        ("1_0", "is not a number"),
        ("½", "is not a number"),
        ("05. Jul", "is not a number"),
        ("nan", "is not a number"),
        (",", "is not a number"),
        ("-1", "is not between 0 and 2000"),
        ("−1", "is not between 0 and 2000"),
        ("2000,5", "is not between 0 and 2000"),
    ],
)
def test_what_could_be_two_numbers_or_is_none_is_refused(read, cell, reason):
    error = refused(read, table(HEADER, ["Turing", "1", "0", cell, "1", ""]))
    assert "line 2: a: " in error and reason in error


def test_three_decimals_behind_a_point_are_sure_where_commas_separate(read):
    row = ["Turing", "1", "0", "33.333", "1", ""]
    assert read(table(HEADER, row, separator=",").encode())[0].earned["a"] == Decimal("33.333")
    assert number("1.250") == Decimal("1.25") and ascii_digits("a۱٢߃²") == "a123²"


@pytest.mark.parametrize(
    "first, second, same",
    [
        ("A;810199", "B;۸۱۰۱۹۹", True),
        ("A;810199", "B;٨١٠١٩٩", True),
        ("A;810199", 'B;"=""810199"""', True),
        ("A;810199", "B;\u200e810199", True),
        ("A;", "a;", True),
        ("A;", "A;7", True),
        ("A;7", "A;", True),
        ("e\u0301;", "\u00e9;", True),
        ("A;7", "A;8", False),
        ("A;0810199", "B;810199", False),
    ],
)
def test_one_student_stays_one_student(read, first, second, same):
    text = "\n".join(
        [";".join(f'"{name}"' for name in HEADER), f"{first};0;1;1;", f"{second};0;1;1;"]
    )
    if same:
        assert "line 3: " in (error := refused(read, text)) and "is in line 2 already" in error
    else:
        assert len(read(text.encode())) == 2


def test_two_in_a_row_are_two_students(read):
    header = 'student;number;student2;number2;late;a;"b, c";d\n'
    assert "7 is in line 2 already" in refused(read, f"{header}A;7;B;۷;0;1;1;\n")
    assert read(f"{header}A;007;B;8;0;1;1;\n".encode())[0].person["number"] == "007"


@pytest.mark.parametrize(
    "content, reason",
    [
        ('student;late;a;"b, c";d\nA;0;1;1\n', "line 2: 4 cells where the header has 5"),
        ('student,late,a,"b, c",d\nA,0,57,5,1,\n', "line 2: 6 cells where the header has 5; put"),
        ('student;late;a;"b, c";d;\nA;0;1;1;;7\n', "6 cells where the header has 5"),
        ('student;late;;a;"b, c";d\nA;0;x;1;1;\n', "column 3 has no name, but line 2 holds 'x'"),
        ('student;number;late;a;"b, c";d\nA;8,10E+08;0;1;1;\n', "was shortened"),
        ('sep=;\nstudent;late;a;"b, c";d\n\nA;0;x;1;1;\n', "line 4: a: 'x' is not a number"),
        ('student;late;a;"b, c";d\n"A;0;1;1;\n', "is no table"),
        ("", "line 1: no column 'student'"),
        (b"PK\x03\x04rest", "is a workbook"),
        (b"student;late\nJos\xe9;0\n", "line 2: is not UTF-8"),
        (b"student\0;late", "is no text file"),
    ],
)
def test_what_is_not_a_table_is_refused_with_its_place(read, content, reason):
    assert reason in refused(read, content)
