"""Refresh a stored notebook: run it as it stands, keep its outputs and its reference results.

Nothing is kept unless every cell ran.
"""

from pathlib import Path

import nbformat

from coursekit import config, files, overrides
from coursekit.config import Variable
from coursekit.errors import CourseError, UsageError
from coursekit.runner import reference
from coursekit.runner.execute import OnCell, execute
from coursekit.runner.lessons import LessonFile
from coursekit.runner.record import Job

LIMIT_BYTES = 1_500_000


def refresh(lesson: LessonFile, *, on_cell: OnCell = lambda *event: None) -> int:
    """Run the notebook with its own parameters, keep its outputs and its reference -> bytes.

    CourseError where a cell failed, the notebook grew too large or the disk refused; both files
    are then as they were.
    """
    if overrides.asked():
        raise UsageError(
            f"{lesson.id} was not refreshed: {Variable.SET} is set, "
            "and stored outputs are those of the stored settings; unset it"
        )
    job = Job(lesson.id, str(lesson.path), str(config.runs() / config.STORED / lesson.id), ())
    outcome = execute(job, on_cell, anew=True)  # a sweep would go on with an earlier table
    results = outcome.results
    if results is None:
        raise _refused(lesson, f"{outcome.error}; see {job.folder}/notebook.ipynb")
    notebook = nbformat.read(Path(job.folder) / "notebook.ipynb", as_version=4)
    if problem := unfit(notebook):
        raise _refused(lesson, problem)
    text = nbformat.writes(tidy(notebook)) + "\n"
    if (size := len(text.encode())) > LIMIT_BYTES:
        raise _refused(lesson, f"{size:,} bytes, at most {LIMIT_BYTES:,}; make figures smaller")
    _keep(lesson.path, text, results)
    return size


def _refused(lesson: LessonFile, problem: str) -> CourseError:
    return CourseError(f"{lesson.id} was not refreshed: {problem}")


def unfit(notebook: nbformat.NotebookNode) -> str:
    """What nbval could not compare in these outputs on another machine, and the way out."""
    if bare := bare_values(notebook):
        return (
            f"cell {bare[0]} ends with a value that nbval would compare digit by digit; "
            "end it with a statement, or show it with lesson.table or lesson.say"
        )
    if noisy := complaining(notebook):
        return f"cell {noisy[0]} writes to stderr, a warning perhaps: mend what it warns of"
    return ""


def _keep(path: Path, text: str, results: dict) -> None:
    """Write the reference and the notebook: both, or neither."""
    target = reference.file(results["profile"], results["lesson"])
    before = target.read_text(encoding="utf-8") if target.exists() else None
    reference.write(results)
    try:
        files.write_text(path, text)
    except CourseError:
        if before is None:
            target.unlink()
        else:
            files.write_text(target, before)
        raise


def bare_values(notebook: nbformat.NotebookNode) -> list[int]:
    """Execution counts of the cells that show the value of their last expression."""
    return [
        cell.execution_count
        for cell in notebook.cells
        if cell.cell_type == "code"
        and any(output.output_type == "execute_result" for output in cell.outputs)
    ]


def complaining(notebook: nbformat.NotebookNode) -> list[int]:
    """Execution counts of the cells that wrote to stderr.

    nbval compares that too, and warnings name this machine's files.
    """
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
