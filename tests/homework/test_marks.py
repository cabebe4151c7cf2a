"""Marks: the source's worked example, every late day, and rows that are wrong."""

import csv
import errno
from decimal import Decimal

import pytest

from coursekit.homework.rubric import EXAMPLE, read_rubric

RUBRIC = read_rubric(EXAMPLE)
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
    """Mark rows by the small rubric -> (exit code, stdout, stderr, rows of the CSV or None)."""

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
        "line 5: d: 'nan' is not a number",
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


@pytest.mark.parametrize("name", ["=1+1", "+x", "-x", "@x", "＝x"])
def test_a_name_is_never_a_formula(given, name):
    _, out, _, rows = given(f"{name},1,0,1,,1,1")
    assert rows[0]["student"] == f"'{name}" and name in out


@pytest.mark.parametrize("name", ["Ada [/x]", "[red]Ada", "Ada\\", ":smile:", "[link=x]Ada[/]"])
def test_a_name_is_never_markup(given, name):
    code, out, err, rows = given(f"{name},1,0,1,,1,1", rubric=SMALL.replace('"2"', '"[/2]"'))
    assert (code, err) == (0, "") and name in out and rows[0]["student"] == name
    assert "question [/2]" in out


def test_a_name_moves_no_cursor_and_keeps_its_script(given):
    _, out, _, rows = given("\x1b[31mAda\x07,1,0,1,,1,1", "می\u200cترا,2,0,1,,1,1")
    assert "\x1b" not in out and "\\x1b[31mAda" in out and "می\u200cترا" in out
    assert rows[0]["student"] == "\x1b[31mAda\x07"


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
    assert code == 1 and f"line {1 if header else 2}" in err and message in err and rows is None


@pytest.mark.parametrize(
    "change, message",
    [
        (("cap = 100", ""), "has no 'cap'"),
        (("marks = 60", "marks = -60"), "-60 where a number above 0"),
        (('"d"', '"c"'), "two parts are called 'c'"),
        (('id = "2"', 'id = "1"'), "two questions are called '1'"),
        (('"d"', '" "'), "a part whose id is empty"),
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
    best = ",".join(str(part.marks) for part in RUBRIC.parts)
    with open(table, "a", encoding="utf-8") as file:
        file.write(f"Ada,1,Bob,2,4,{best}\n")
    code, out, _ = coursekit("marks", rubric, table, "--out", str(tmp_path / "out.csv"))
    assert code == 0 and "Ada, Bob" in out and out.split()[-2:] == ["95", str(tmp_path / "out.csv")]
    assert coursekit("marks", "--example", str(tmp_path / "hw"))[0] == 1
    assert "would overwrite" in coursekit("marks", rubric, table, "--out", table)[2]


@pytest.mark.parametrize(
    "arguments, message",
    [
        ([], "needs a rubric and a table"),
        (["{0}/rubrik.toml", "{0}/class.csv"], "did you mean rubric.toml?"),
        (["{0}/rubric.toml", "{0}/clas.csv"], "did you mean class.csv?"),
        (["{0}/gone/rubric.toml", "{0}/class.csv"], "there is no file"),
        (["{0}", "{0}/class.csv"], "is a folder"),
        (["{0}/rubric.toml", "{0}/class.csv", "--out", "{0}/gone/x.csv"], "there is no folder"),
        (["{0}/rubric.toml", "{0}/class.csv", "--out", "{0}"], "is a folder: name a file in it"),
        (["{0}/rubric.toml", "{0}/class.csv", "--out", "{0}/class.csv"], "would overwrite"),
    ],
)
def test_what_is_not_there_is_a_wrong_usage(tmp_path, coursekit, arguments, message):
    (tmp_path / "rubric.toml").write_text(SMALL)
    (tmp_path / "class.csv").write_text(f"{HEADER}\nA,1,0,1,,1,1\n")
    code, out, err = coursekit("marks", *(part.format(tmp_path) for part in arguments))
    assert (code, out) == (2, "") and message in err and err.count("\n") == 1
    assert len(list(tmp_path.iterdir())) == 2


def test_a_disk_that_takes_no_marks_is_told_in_one_line(given, coursekit, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("coursekit.files.os.fsync", full)
    code, out, err, rows = given("A,1,0,100,5,60,40")
    assert (code, out, rows) == (1, "", None) and "the disk is full" in err
    assert err.count("\n") == 1 and len(list(tmp_path.iterdir())) == 2
    (tmp_path / "file").write_text("")
    code, _, err = coursekit("marks", "--example", str(tmp_path / "file" / "folder"))
    assert code == 1 and "cannot write rubric.toml" in err
