"""The README tells the truth: its results are those kept in reference/full, its files and lessons exist."""

import ast
import json
import re
import shlex

import pytest

from coursekit import config, overrides
from coursekit.runner.lessons import PROFILES, lessons

TEXT = (config.ROOT / "README.md").read_text(encoding="utf-8")
ROWS = [
    tuple(cell.strip() for cell in line.strip("|").split("|"))
    for line in TEXT.splitlines()
    if line.startswith("|")
]
INSTRUCTORS = (config.ROOT / "docs/instructors.md").read_text(encoding="utf-8").replace("\\\n", "")
RESULTS = [
    row for row in ROWS if len(row) == 6 and row[4] in PROFILES
]  # lesson, figure, source, ours, profile, seconds


def reference(number: str, profile: str) -> dict:
    return json.loads(
        next((config.REFERENCE / profile).glob(f"{number}_*.json")).read_text(encoding="utf-8")
    )


@pytest.mark.parametrize("row", RESULTS, ids=lambda row: row[1])
def test_results_are_those_measured(row):
    """Ours is the measure named with the figure; a baseline beside it bears the name of its own."""
    lesson, figure, source, ours, profile, seconds = row
    kept = reference(lesson, profile)
    for naming, shown in ((figure, ours), (source, source)):
        if name := re.search(r"`([a-z0-9_]+)`", naming):
            number, percent = re.match(r"\**([\d.]+)( %)?", shown).groups()
            digits = len(number.partition(".")[2]) + (2 if percent else 0)
            value = kept["measures"][name.group(1)]["value"]
            assert float(number) / (100 if percent else 1) == pytest.approx(
                value, abs=0.51 * 10**-digits
            ), name.group(1)
    assert float(seconds) == pytest.approx(kept["run"]["seconds"], abs=1)


def test_runs_at_another_size_are_those_of_the_references():
    """The commands for instructors say what the references were run with, each of them and nothing else."""
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
        number: {name: ast.literal_eval(text) for name, text in overrides.from_pairs(pairs).items()}
        for number, pairs in told.items()
    }
    assert json.loads(json.dumps(read)) == {
        number: changed for number, changed in kept.items() if changed
    }


def test_every_lesson_has_its_row_and_its_results():
    for lesson in lessons():
        assert [row for row in ROWS if row[0] == lesson.title], lesson.title
        assert [row for row in RESULTS if row[0] == lesson.id[:2]], f"no results of {lesson.id}"


def test_files_named_in_the_readme_exist():
    for name in re.findall(r"\]\(([\w./-]+)\)", TEXT) + re.findall(
        r"`((?:data|tests|coursekit)/[\w./-]*)`", TEXT
    ):
        assert (config.ROOT / name).exists(), name
