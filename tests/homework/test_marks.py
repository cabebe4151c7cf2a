"""Marks: the source's worked example, every late day, and rows that are wrong."""

import csv
from decimal import Decimal

import pytest

from coursekit.homework import marks

RUBRIC = marks.read_rubric(marks.EXAMPLE)
SMALL = """
title = "Two questions"
cap = 100
[late]
free_days = 3
percent = [5, 10, 15, 20]
[[question]]
id = "1"
parts = [{ id = "a", marks = 100 }, { id = "b", marks = 5, bonus = true }]
[[question]]
id = "2"
parts = [{ id = "c", marks = 60 }, { id = "d", marks = 40 }]
"""
HEADER = "student,number,late,a,b,c,d"


@pytest.fixture
def given(tmp_path, coursekit):
    """Mark these rows by the small rubric -> (exit code, stdout, stderr, rows of the CSV or None)."""

    def call(*rows: str, rubric: str = SMALL, header: str = HEADER):
        (tmp_path / "rubric.toml").write_text(rubric)
        (tmp_path / "class.csv").write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
        result = coursekit("marks", str(tmp_path / "rubric.toml"), str(tmp_path / "class.csv"))
        written = tmp_path / "class-marks.csv"
        return *result, list(
            csv.DictReader(written.open(encoding="utf-8"))
        ) if written.exists() else None

    return call


def test_the_example_is_the_source_s_rubric():
    first, second = RUBRIC.questions
    sections = {
        name: sum(part.marks for part in first.parts if part.id.startswith(name))
        for name in ("1-1", "1-2", "1-3", "1-4", "1-5")
    }
    assert sections["1-1"] + sections["1-2"] == 50 and [
        sections[name] for name in ("1-3", "1-4", "1-5")
    ] == [30, 20, 5]
    assert [part.marks for part in second.parts] == [5, 10, 15, 10, 10, 10, 15, 15, 10, 5]
    assert [part.marks for part in RUBRIC.parts if part.bonus] == [5, 5] and RUBRIC.cap == 100


def test_105_and_95_give_97_5(given):
    code, out, _, rows = given("A,1,0,100,5,60,35")
    assert (
        code == 0
        and rows[0]["question 1"] == "105"
        and rows[0]["question 1 counted"] == "100"
        and rows[0]["mark"] == "97.5"
    )
    assert "100 (of 105)" in out and "97.5" in out
    assert {rows[0][name] for name in "abcd"} == {"100", "5", "60", "35"}


@pytest.mark.parametrize(
    "days, kept",
    [
        (0, 1),
        (1, 1),
        (2, 1),
        (3, 1),
        (4, "0.95"),
        (5, "0.90"),
        (6, "0.85"),
        (7, "0.80"),
        (8, 0),
        (365, 0),
    ],
)
def test_every_late_day(given, days, kept):
    assert RUBRIC.kept(days) == Decimal(kept)
    row = given(f"A,1,{days},80,,60,20")[3][0]  # a bonus left empty counts as nothing
    assert Decimal(row["mark"]) == 80 * Decimal(kept) and Decimal(row["average"]) == 80
    assert Decimal(row["percent off"]) == 100 * (1 - Decimal(kept))


def test_bad_rows_are_all_named_and_nothing_is_written(given):
    code, out, err, rows = given(
        "A,1,0,100,5,60,40",
        "B,2,0,101,,60,40",
        ",3,x,1,,1,",
        "D,4,0,1,,-1,nan",
        "E,5,1.5,1,,1,1",
        "F,6,0,1",
        "G,1,0,1,,1,1",
    )
    assert (code, out, rows) == (1, "", None)
    for wanted in (
        "line 3: a: 101 is not between 0 and 100",
        "line 4: student: empty",
        "line 4: late: 'x' is not a number",
        "line 4: d: empty",
        "line 5: c: -1 is not between 0 and 60",
        "line 5: d: nan is not between",
        "line 6: late: 1.5 is not a whole number of days",
        "line 7: 4 cells where the header has 7",
        "line 8: 1 is in line 2 already",
    ):
        assert wanted in err, wanted
    assert "line 2:" not in err and err.count("\n") == 1


def test_an_earlier_result_survives_a_bad_table(given, tmp_path):
    given("A,1,0,100,5,60,40")
    before = (tmp_path / "class-marks.csv").read_bytes()
    assert given("A,1,0,100,5,60,400")[0] == 1
    assert (tmp_path / "class-marks.csv").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "class-marks.csv",
        "class.csv",
        "rubric.toml",
    ]


def test_spreadsheets_of_other_countries_are_read(given):
    row = given("زهرا;۱۲;0;۹۰;۵;50;40", header="\ufeff" + HEADER.replace(",", ";"))[3][0]
    assert (
        row["student"] == "زهرا"
        and row["number"] == "۱۲"
        and row["question 1"] == "95"
        and row["mark"] == "92.5"
    )


def test_a_name_is_never_a_formula_or_markup(given):
    _, out, _, rows = given('"=1+1, [red]",1,0,1,,1,1')
    assert rows[0]["student"] == "'=1+1, [red]" and "=1+1, [red]" in out


@pytest.mark.parametrize(
    "header, message",
    [
        ("student,number,late,a,b,c", "no column 'd'"),
        ("student,late,a,b,c,e", "unknown column 'e': Valid: d."),
        ("student,late,a,a,b,c,d", "column 'a' twice"),
        ("", "no column 'student'"),
    ],
)
def test_a_header_that_does_not_fit_is_explained(given, header, message):
    code, _, err, rows = given("A,0,1,1,1,1", header=header)
    assert code == 1 and "line 1" in err and message in err and rows is None


@pytest.mark.parametrize(
    "change, message",
    [
        (("cap = 100", ""), "has no 'cap'"),
        (("marks = 60", "marks = -60"), "-60 where a number above 0"),
        (('"d"', '"c"'), "two parts are called 'c'"),
        (('"d"', '"late"'), "'late' is a column of its own"),
        (("cap", "cap ="), "is not a rubric"),
        (("20]", "200]"), "outside 0 to 100"),
        (
            ('parts = [{ id = "c", marks = 60 }, { id = "d", marks = 40 }]', "parts = []"),
            "without parts",
        ),
    ],
)
def test_a_rubric_that_is_none_is_explained(given, change, message):
    code, _, err, rows = given("A,1,0,1,,1,1", rubric=SMALL.replace(*change))
    assert code == 1 and message in err and rows is None


def test_the_example_can_be_written_and_filled_in(tmp_path, coursekit):
    code, out, _ = coursekit("marks", "--example", str(tmp_path / "hw"))
    rubric, table = out.split()
    assert code == 0
    table_text = open(table, encoding="utf-8").read()
    best = ",".join(str(part.marks) for part in RUBRIC.parts)
    open(table, "w", encoding="utf-8").write(table_text + f"Ada,1,Bob,2,4,{best}\n")
    code, out, _ = coursekit("marks", rubric, table, "--out", str(tmp_path / "out.csv"))
    assert code == 0 and "Ada, Bob" in out and out.split()[-2:] == ["95", str(tmp_path / "out.csv")]
    assert coursekit("marks", "--example", str(tmp_path / "hw"))[0] == 1
    assert "would overwrite" in coursekit("marks", rubric, table, "--out", table)[2]


def test_marks_needs_both_files(tmp_path, coursekit):
    assert coursekit("marks")[0] == 2 and "needs a rubric and a table" in coursekit("marks")[2]
    assert (
        "no rubric at" in coursekit("marks", str(tmp_path / "no.toml"), str(tmp_path / "no.csv"))[2]
    )
    assert "cannot read" in coursekit("marks", str(marks.EXAMPLE), str(tmp_path / "no.csv"))[2]
