"""README and docs tell the truth: their tables are generated, what they name and type exists."""

import ast
import importlib.util
import json
import re
import shlex
from dataclasses import replace

import pytest
import typer

from coursekit import config, overrides, results
from coursekit.cli import app
from coursekit.errors import DataError
from coursekit.runner.lessons import lessons

spec = importlib.util.spec_from_file_location("tables", config.ROOT / "tools/tables.py")
tables = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tables)

PAGES = {page: (config.ROOT / page).read_text(encoding="utf-8") for page in tables.PAGES}
TEXT, RESULTS = PAGES["README.md"], PAGES["docs/results.md"]
INSTRUCTORS = PAGES["docs/instructors.md"].replace("\\\n", "")
CODE = "\n".join(re.findall(r"```bash\n(.*?)```", "\n".join(PAGES.values()), re.DOTALL))


@pytest.mark.parametrize("page", PAGES)
def test_tables_are_as_they_would_be_generated(page):
    """Written otherwise in results.toml, reference/ or config.py: `python tools/tables.py`."""
    assert tables.filled(PAGES[page]) == PAGES[page]


def test_every_table_stands_on_a_page():
    shown = {name for text in PAGES.values() for _, name, _, _ in tables.MARKED.findall(text)}
    assert shown == {row.table for row in results.rows()} | {"variables"}


def test_a_table_that_went_stale_is_written_anew():
    stale = RESULTS.replace(results.rows()[0].value, "0.9999")
    assert stale != RESULTS and tables.filled(stale) == RESULTS
    with pytest.raises(KeyError, match="nonsense"):
        tables.filled("<!-- table: nonsense -->\n<!-- end -->")


def test_a_row_shows_its_measure_with_unit_note_and_baseline(tmp_path, monkeypatch):
    monkeypatch.setattr(config, "REFERENCE", tmp_path)
    (tmp_path / "quick").mkdir()
    kept = {"measures": {"a": {"value": 0.4567}, "b": {"value": 0.25}}, "run": {"seconds": 12.6}}
    (tmp_path / "quick/01_x.json").write_text(json.dumps(kept))
    row = results.Row("t", "01", "quick", "figure", "a", 1, unit="%", note="here", source="9 %")
    assert (row.value, row.ours, row.against, row.seconds) == ("45.7 %", "45.7 % here", "9 %", 12.6)
    rival = replace(row, digits=3, unit="", source="", baseline="b", where="by the mean")
    assert (rival.value, rival.against) == ("0.457", "0.250 by the mean")
    with pytest.raises(DataError, match="'gone', which the quick reference of lesson 01"):
        print(replace(row, measure="gone").value)
    with pytest.raises(DataError, match="no full reference of lesson 01"):
        print(replace(row, profile="full").value)


@pytest.mark.parametrize("text", ["[[row]", "[[row]]\nlessn = '01'", "x = 1"])
def test_results_that_cannot_be_read_are_told(tmp_path, monkeypatch, text):
    monkeypatch.setattr(config, "ROOT", tmp_path)
    assert results.rows() == []
    (tmp_path / "results.toml").write_text(text)
    with pytest.raises(DataError, match=r"results.toml cannot be read"):
        results.rows()


def typed(text):
    """A setting's value as the command line reads it: what is no literal is text."""
    try:
        return ast.literal_eval(text)
    except ValueError:
        return text


def test_runs_at_another_size_are_those_of_the_references():
    """The commands for instructors say what the references were run with, and nothing else."""
    told = {}
    for line in re.findall(
        r"^coursekit run .* --profile full --set .*$", INSTRUCTORS, re.MULTILINE
    ):
        words = shlex.split(line, comments=True)
        told[words[2]] = [word for before, word in zip(words, words[1:]) if before == "--set"]
    kept = {
        path.name[:2]: json.loads(path.read_text(encoding="utf-8"))["run"].get("changed", {})
        for path in (config.REFERENCE / "full").glob("*.json")
    }
    read = {
        number: {name: typed(text) for name, text in overrides.from_pairs(pairs).items()}
        for number, pairs in told.items()
    }
    assert json.loads(json.dumps(read)) == {
        number: changed for number, changed in kept.items() if changed
    }


def test_the_readme_is_read_in_two_minutes():
    assert len(TEXT.splitlines()) <= 120


def test_every_lesson_has_its_row_and_its_results():
    shown = {row.lesson for row in results.rows()}
    assert [row.lesson for row in results.rows() if row.table == "headlines"] == [
        lesson.id[:2] for lesson in lessons()
    ]
    for lesson in lessons():
        assert f"| {lesson.title} |" in TEXT and lesson.id[:2] in shown, lesson.id


def test_files_named_on_the_pages_exist():
    for page, text in PAGES.items():
        folder = (config.ROOT / page).parent
        for name in re.findall(r"\]\(([\w./-]+)\)", text):
            assert (folder / name).exists(), (page, name)
        for name in re.findall(r"`((?:data|tests|coursekit|tools|reference)/[\w./-]*)`", text):
            assert (config.ROOT / name).exists(), (page, name)


def test_commands_on_the_pages_exist():
    """Every `coursekit WORD --option` and `make TARGET` that a reader is told to type."""
    commands = typer.main.get_command(app).commands
    for line in re.findall(r"^coursekit .*$", CODE.replace("\\\n", ""), re.MULTILINE):
        words = shlex.split(line, comments=True)[1:]
        command = commands[words[0]]
        if hasattr(command, "commands"):
            command = command.commands[words[1]]
        options = {
            name
            for parameter in command.params
            for name in (*parameter.opts, *parameter.secondary_opts)
        }
        assert {word for word in words if word.startswith("--")} <= options, line
    targets = re.findall(r"^([a-z]+):", (config.ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"^make ([a-z]+)", CODE, re.MULTILINE)) <= set(targets)


def test_every_variable_is_told_to_instructors():
    for variable in config.Variable:
        assert f"| `{variable}` | {variable.meaning} |" in INSTRUCTORS
