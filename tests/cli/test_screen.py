"""What reaches the screen: names as they are, whole on a narrow one, and no warning."""

import json
import os
import re
import shutil
import subprocess
import sys
import warnings

import pytest

from coursekit.runner import progress
from coursekit.runner.record import Outcome

WILD = ["[/x]", "[bold]b", "[link=http://a]c[/link]", ":smile:", "\\[/x]", "\x1b[31mred", "a\rb"]
LESSON = "05_colorization_paintings"


@pytest.fixture
def terminal(monkeypatch):
    """As if on a terminal that is so many columns wide."""

    def wide(columns: int) -> None:
        for name, value in {"COLUMNS": columns, "TTY_COMPATIBLE": 1, "TERM": "xterm"}.items():
            monkeypatch.setenv(name, str(value))
        monkeypatch.setenv("NO_COLOR", "1")

    return wide


@pytest.mark.parametrize("wild", WILD)
@pytest.mark.parametrize("columns", [0, 40, 120])
def test_tables_show_any_text_as_it_is(terminal, capsys, wild, columns):
    if columns:
        terminal(columns)
    out = progress.console()
    outcomes = [Outcome(LESSON, "failed", 1.0, f"no file {wild}"), Outcome(wild, "ran", 2.0)]
    out.print(progress.summary(out, outcomes))
    out.print(wild)
    shown = capsys.readouterr().out
    expected = wild.replace("\x1b", r"\x1b").replace("\r", r"\r")
    assert shown.count(expected) == 3 and "\x1b[31m" not in shown


@pytest.mark.parametrize("wild", WILD)
def test_live_bars_show_any_name_as_it_is(terminal, capsys, wild):
    terminal(100)
    out = progress.console()
    with progress.Download(out) as bar:
        bar(1, 2, wild)
    with progress.Bars(out, []) as bars:
        bars.done(Outcome("01_good", "failed", 1.0, wild))
    assert "01_good: FAILED: " in capsys.readouterr().out


@pytest.mark.parametrize("columns", [27, 40, 60, 80, 100])
def test_lesson_names_stay_whole(terminal, capsys, columns):
    terminal(columns)
    out = progress.console()
    error = (
        "FileNotFoundError: /a/very/long/path/without/a/single/blank/in/it/at/all.csv is missing"
    )
    out.print(progress.summary(out, [Outcome(LESSON, "failed", 99.9, error)] * 2))
    lines = re.sub(r"\x1b\[\d*m", "", capsys.readouterr().out).splitlines()
    assert sum(LESSON in line for line in lines) == 2 and max(map(len, lines)) <= columns
    told = "".join("".join(lines).split())
    assert "FAILED" in told and "…" not in told


def test_every_lesson_is_listed_whole_in_40_columns(terminal, coursekit):
    from coursekit.runner.lessons import lessons

    terminal(40)
    lines = coursekit("list")[1].splitlines()
    for lesson in lessons():
        assert any(line.strip() == lesson.id for line in lines), lesson.id


def test_a_bar_keeps_its_lesson_whole_in_40_columns(terminal, capsys):
    terminal(40)
    out = progress.console()
    with progress.Bars(out, [progress.Job(LESSON, "", "", ())]) as bars:
        bars.cell(LESSON, 3, 60)
        bars.bars.refresh()
    assert LESSON in capsys.readouterr().out


@pytest.mark.parametrize("command", ["list", "doctor", "run", "data list", "data verify"])
def test_markup_in_the_course_s_own_path_crashes_nothing(
    course, coursekit, monkeypatch, tmp_path, command
):
    folder = course("02")
    strange = tmp_path / "a [" / "x] [bold] b"
    shutil.copytree(folder / "notebooks", strange / "notebooks")
    for name in ("notebooks", "runs", "reports"):
        monkeypatch.setenv(f"COURSEKIT_{name.upper()}", str(strange / name))
    monkeypatch.setenv("COURSEKIT_CACHE", str(strange / "[/cache]"))
    code, out, err = coursekit(*command.split())
    assert "unexpected" not in err and (command != "run" or code == 1)
    if command == "doctor":
        assert "[/cache]" in out


@pytest.mark.parametrize("error", ["[/x] is gone", "[bold]", "\x1b[2J cleared"])
def test_markup_in_an_error_is_shown(course, coursekit, error):
    import nbformat

    folder = course("01", "07")
    path = folder / "notebooks/01_good.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[2].source = f"raise OSError({error!r})"
    nbformat.write(notebook, path)
    code, _, err = coursekit("run", "1", "7")
    assert code == 1 and err.count("OSError: " + error.replace("\x1b", r"\x1b")) == 2


def test_no_warning_reaches_the_screen(course, coursekit, monkeypatch, recwarn):
    course("01")

    def noisy(names):
        warnings.warn("old-fashioned", DeprecationWarning, stacklevel=1)
        warnings.warn("a picture is odd", UserWarning, stacklevel=1)
        return []

    monkeypatch.setattr("coursekit.runner.lessons.find", noisy)
    assert coursekit("list")[2] == "" and not recwarn.list


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_no_warning_of_a_library_reaches_the_screen(course, jobs):
    """nbformat warns of cells without an id; with two jobs it does so in two other processes."""
    folder = course("01", "07")
    for path in (folder / "notebooks").iterdir():
        notebook = json.loads(path.read_text())
        for cell in notebook["cells"]:
            cell.pop("id", None)
        path.write_text(json.dumps({**notebook, "nbformat": 4, "nbformat_minor": 5}))
    command = [sys.executable, "-c", "from coursekit.cli import main; main()", "run"]
    environment = {**os.environ, "COURSEKIT_THREADS": "1"}
    done = subprocess.run(
        [*command, "--jobs", jobs], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0 and "arning" not in done.stderr, done.stderr
    assert done.stderr.count("\n") == 5  # a line a lesson, and the table


def test_warnings_are_shown_to_who_asks_for_them(course, coursekit, monkeypatch):
    course("01")
    monkeypatch.setenv("COURSEKIT_DEBUG", "1")
    monkeypatch.setattr(
        "coursekit.runner.lessons.find", lambda names: warnings.warn("odd", stacklevel=1) or []
    )
    with pytest.warns(UserWarning, match="odd"):
        coursekit("list")
