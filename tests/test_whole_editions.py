"""Every lesson whole, at the smallest scale: the student edition fails only where a solution was
taken out, and the solved one is graded with full marks.

`make editions` runs it, and so does CI. It takes some 30 s a lesson: `make test` leaves it out.
"""

import nbformat
import pytest
from nbclient import NotebookClient

from coursekit import config
from coursekit.exercises.checks import exercises
from coursekit.grading import confine, edition, grade
from coursekit.grading.process import Limits
from coursekit.runner.lessons import lessons

LESSONS = [pytest.param(lesson, id=lesson.id) for lesson in lessons() if exercises(lesson.id)]


@pytest.fixture(params=LESSONS)
def lesson(request):
    return request.param


@pytest.fixture
def solved(lesson):
    return nbformat.read(lesson.path, as_version=4)


def test_the_student_edition_fails_only_where_an_answer_is_missing(
    lesson, solved, tmp_path, monkeypatch
):
    for variable, value in {
        config.Variable.PROFILE: "smoke",
        config.Variable.RUNS: str(tmp_path / "runs"),
        config.Variable.HOME: str(config.ROOT),
        config.Variable.PROGRESS: "0",
        config.Variable.WORKERS: "1",
    }.items():
        monkeypatch.setenv(variable.value, value)
    made = edition.student(solved, lesson.id)
    stubs = [cell.id for cell in made.cells if "raise NotImplementedError" in cell.source]
    may = waiting(solved)
    NotebookClient(made, allow_errors=True, timeout=600, resources=at(tmp_path)).execute()
    failed = {cell.id: error(cell) for cell in made.cells if error(cell)}
    assert set(failed) <= may, {cell: failed[cell] for cell in set(failed) - may}
    assert stubs and not any(right(cell) for cell in made.cells)


def test_the_solved_edition_has_full_marks(lesson, tmp_path):
    folder = tmp_path / "ada"
    folder.mkdir()
    (folder / lesson.path.name).write_bytes(lesson.path.read_bytes())
    limits = Limits(seeds=(11, 12), confined=not confine.problem())
    marks = grade.grade(folder, [lesson.id], limits).marks
    assert {mark.exercise: mark.said for mark in marks if not mark.right} == {}
    assert sorted(mark.exercise for mark in marks) == sorted(exercises(lesson.id))


def at(folder):
    return {"metadata": {"path": str(folder)}}


def waiting(solved):
    """The cells that hold a solution, or read what one of them gives."""
    unsolved, found = set(), set()
    for cell in solved.cells:
        if cell.cell_type != "code":
            continue
        if edition.BEGIN in cell.source or edition.names_used(cell.source) & unsolved:
            unsolved |= edition.names_bound(cell.source)
            found.add(cell.id)
    return found


def error(cell):
    """The error that a cell ended with, as text; empty without one."""
    outputs = cell.get("outputs", [])
    return " ".join(f"{o.ename}: {o.evalue}" for o in outputs if o.output_type == "error")


def right(cell):
    """Whether a check of this cell says that the answer is correct."""
    outputs = cell.get("outputs", [])
    return any(": correct." in o.get("text", "") for o in outputs)
