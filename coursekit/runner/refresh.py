"""Refresh a stored notebook: run it as it stands, keep its outputs and its reference results only when every cell ran."""

import os
from pathlib import Path

import nbformat

from coursekit import config, overrides
from coursekit.errors import CourseError, UsageError
from coursekit.runner import reference
from coursekit.runner.execute import OnCell, execute
from coursekit.runner.lessons import LessonFile
from coursekit.runner.record import Job

LIMIT_BYTES = 1_500_000


def store(lesson: LessonFile, *, on_cell: OnCell = lambda *event: None) -> int:
    """Run the notebook with its own parameters and write its outputs into it -> bytes, and reference beside them.

    CourseError where a cell failed or the notebook grew too large; both files are then as they were.
    """
    if overrides.asked():
        raise UsageError(
            f"{lesson.id} was not stored: {overrides.VARIABLE} is set, and stored outputs are those of the stored settings"
        )
    job = Job(lesson.id, str(lesson.path), str(config.runs() / "stored" / lesson.id), ())
    outcome = execute(job, on_cell, anew=True)  # a sweep would go on with an earlier store's table
    if outcome.state != "ran":
        raise CourseError(
            f"{lesson.id} was not stored: {outcome.error}; see {job.folder}/notebook.ipynb"
        )
    notebook = nbformat.read(Path(job.folder) / "notebook.ipynb", as_version=4)
    if bare := bare_values(notebook):
        raise CourseError(
            f"{lesson.id} was not stored: cell {bare[0]} ends with a value that nbval would compare digit by digit; "
            "end it with a statement, or show it with lesson.table or lesson.say"
        )
    if noisy := complaining(notebook):
        raise CourseError(
            f"{lesson.id} was not stored: cell {noisy[0]} writes to stderr, a warning perhaps: mend what it warns of"
        )
    text = nbformat.writes(tidy(notebook)) + "\n"
    if (size := len(text.encode())) > LIMIT_BYTES:
        raise CourseError(
            f"{lesson.id} was not stored: {size:,} bytes, at most {LIMIT_BYTES:,}; make figures smaller"
        )
    _replace(lesson.path, text)
    reference.write(outcome.results)
    return size


def bare_values(notebook: nbformat.NotebookNode) -> list[int]:
    """Execution counts of the cells that show the value of their last expression."""
    return [
        cell.execution_count
        for cell in notebook.cells
        if cell.cell_type == "code"
        and any(output.output_type == "execute_result" for output in cell.outputs)
    ]


def complaining(notebook: nbformat.NotebookNode) -> list[int]:
    """Execution counts of the cells that wrote to stderr: nbval compares that too, and warnings name this machine's files."""
    return [
        cell.execution_count
        for cell in notebook.cells
        if cell.cell_type == "code"
        and any(output.get("name") == "stderr" for output in cell.outputs)
    ]


def tidy(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Drop what differs from run to run: timings, the runner's own metadata, random cell ids."""
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            **{key: value for key, value in notebook.metadata.items() if key == "coursekit"},
        }
    )
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:02d}"
        cell.metadata = nbformat.from_dict(
            {key: value for key, value in cell.metadata.items() if key == "tags"}
        )
    return notebook


def _replace(path: Path, text: str) -> None:
    temporary = path.with_suffix(".part")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)
