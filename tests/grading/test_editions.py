"""Every lesson: its exercises have checks, hints and wrong answers, and a student edition."""

import ast
import re

import nbformat
import pytest

from coursekit import config
from coursekit.exercises.checks import exercises
from coursekit.grading import edition
from coursekit.runner.lessons import lessons

LESSONS = [lesson for lesson in lessons() if exercises(lesson.id)]
FEWEST = 3  # coded exercises of a lesson


def asked(lesson):
    """(exercise, cell) of every check in the notebook."""
    cells = [(cell, "".join(cell["source"])) for cell in lesson.notebook["cells"]]
    code = [(cell, source) for cell, source in cells if cell["cell_type"] == "code"]
    return [(name, cell) for cell, source in code for name, _ in edition.checks(source)]


@pytest.fixture(params=LESSONS, ids=lambda lesson: lesson.id)
def lesson(request):
    return request.param


def test_each_exercise_is_asked_once_in_a_tagged_cell_and_solved(lesson):
    names = [name for name, _ in asked(lesson)]
    assert sorted(names) == sorted(exercises(lesson.id)) and len(names) >= FEWEST
    for name, cell in asked(lesson):
        source = "".join(cell["source"])
        assert edition.BEGIN in source and "exercise" in cell["metadata"]["tags"], name
        said = "".join("".join(output.get("text", "")) for output in cell["outputs"])
        assert f"{name}: correct." in said, name


def test_each_exercise_says_what_it_wants_and_has_two_hints(lesson):
    for name, task in exercises(lesson.id).items():
        assert task.test.__doc__ and len(task.hints) >= 2, name


def test_the_student_edition_has_no_solution_and_is_python(lesson):
    made = edition.student(nbformat.read(lesson.path, as_version=4), lesson.id)
    text = "\n".join(cell.source for cell in made.cells)
    assert edition.BEGIN not in text and edition.END not in text
    stubs = [cell.source for cell in made.cells if "raise NotImplementedError" in cell.source]
    assert len(stubs) >= FEWEST and all("# Your answer." in stub for stub in stubs)
    for source in stubs:
        ast.parse(source)


def test_each_exercise_is_tried_in_the_tests(lesson):
    path = config.ROOT / f"tests/exercises/test_lesson_{lesson.id[:2]}.py"
    text = path.read_text(encoding="utf-8")
    for name in exercises(lesson.id):
        assert len(re.findall(rf"\b{name}\b", text)) >= 2, name
