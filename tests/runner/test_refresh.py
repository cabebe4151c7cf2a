"""`coursekit refresh`: outputs and reference are kept, both or neither."""

import json

import nbformat
import pytest

from coursekit import files
from coursekit.errors import CourseError
from coursekit.runner import reference


def test_refresh_keeps_outputs_and_reference_of_a_notebook_that_ran(
    course, coursekit, monkeypatch, tmp_path
):
    folder = course("01")
    monkeypatch.setattr(reference.config, "REFERENCE", tmp_path / "reference")
    left = folder / "runs/stored/01_good/grid.jsonl"
    left.parent.mkdir(parents=True)
    left.write_text("finished runs of an earlier refresh")
    code, _, err = coursekit("refresh", "01")
    assert code == 0 and "01_good: " in err and not left.exists()
    notebook = nbformat.read(folder / "notebooks/01_good.ipynb", as_version=4)
    code_cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code_cells] == list(range(1, len(code_cells) + 1))
    assert code_cells[1].outputs[0].text == "fine\n" and "papermill" not in notebook.metadata
    assert json.loads(reference.file("quick", "01_good").read_text())["measures"]["b_score"] == {
        "value": 21.5,
        "rel": 0.05,
    }


@pytest.mark.parametrize(
    "source, reason",
    [
        ("0.1 + 0.2", "cell 2 ends with a value"),
        ("import warnings; warnings.warn('old-fashioned')", "cell 2 writes to stderr"),
    ],
)
def test_refresh_refuses_what_nbval_would_stumble_over(
    course, coursekit, monkeypatch, tmp_path, source, reason
):
    folder = course("01")
    monkeypatch.setattr(reference.config, "REFERENCE", tmp_path / "reference")
    path = folder / "notebooks/01_good.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[2].source = source
    nbformat.write(notebook, path)
    code, _, err = coursekit("refresh", "01")
    assert code == 1 and f"01_good was not refreshed: {reason}" in err
    assert not nbformat.read(path, as_version=4).cells[2].outputs


def test_refresh_refuses_changed_settings(course, coursekit, monkeypatch, tmp_path):
    folder = course("01")
    monkeypatch.setenv("COURSEKIT_SET", '{"epochs": "8"}')
    before = (folder / "notebooks/01_good.ipynb").read_bytes()
    code, _, err = coursekit("refresh", "1")
    assert (
        code == 2
        and "COURSEKIT_SET is set" in err
        and (folder / "notebooks/01_good.ipynb").read_bytes() == before
    )


def test_refresh_leaves_a_notebook_that_fails_as_it_was(course, coursekit, monkeypatch, tmp_path):
    folder = course("02")
    monkeypatch.setattr(reference.config, "REFERENCE", tmp_path / "reference")
    before = (folder / "notebooks/02_error.ipynb").read_bytes()
    code, _, err = coursekit("refresh", "02")
    assert code == 1 and "02_error was not refreshed: ZeroDivisionError" in err
    assert (folder / "notebooks/02_error.ipynb").read_bytes() == before and not (
        tmp_path / "reference"
    ).exists()


def test_where_the_notebook_cannot_be_written_the_reference_is_as_it_was(
    course, coursekit, monkeypatch, tmp_path
):
    """Both or neither, whether there was a reference before or not."""
    course("01")
    monkeypatch.setattr(reference.config, "REFERENCE", tmp_path / "reference")
    write, target = files.write_text, reference.file("quick", "01_good")

    def refuse(path, text):
        if path.suffix == ".ipynb":
            raise CourseError("cannot write 01_good.ipynb")
        write(path, text)

    monkeypatch.setattr(files, "write_text", refuse)
    for before in (None, '{"measures": {}}'):
        if before is not None:
            target.write_text(before)
        code, _, err = coursekit("refresh", "1")
        assert code == 1 and "cannot write 01_good.ipynb" in err
        assert (target.read_text() if target.exists() else None) == before


def test_one_lesson_that_fails_does_not_stop_the_others(course, coursekit, monkeypatch, tmp_path):
    course("01", "02")
    monkeypatch.setattr(reference.config, "REFERENCE", tmp_path / "reference")
    code, _, err = coursekit("refresh", "2", "1")
    assert code == 1 and "02_error was not refreshed" in err and "01_good: " in err
    assert reference.file("quick", "01_good").exists()


def test_the_old_name_says_the_new_one(coursekit):
    code, _, err = coursekit("store")
    assert (code, err) == (2, "coursekit: unknown command 'store': it is called refresh now.\n")
