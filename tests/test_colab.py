"""The cell that installs the course on Colab: the same in every notebook, and nothing at home."""

import builtins
import importlib.util
import sys
from types import ModuleType, SimpleNamespace

import nbformat
import pytest
from nbformat import v4

from coursekit import config

NOTEBOOKS = sorted((config.ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture
def tool(monkeypatch):
    """tools/colab.py as a module."""
    path = config.ROOT / "tools" / "colab.py"
    spec = importlib.util.spec_from_file_location("colab_tool", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def commands(monkeypatch):
    """Colab's module is there, and what would be installed is only noted."""
    asked = []
    shell = SimpleNamespace(run_line_magic=lambda name, line: asked.append((name, line)))
    monkeypatch.setitem(sys.modules, "google.colab", ModuleType("google.colab"))
    monkeypatch.setattr(builtins, "get_ipython", lambda: shell, raising=False)
    return asked


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_each_notebook_has_the_cell_once_before_coursekit_is_imported(tool, path):
    code = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert [tool.TAG in cell.metadata.get("tags", []) for cell in code].index(True) == 1
    assert sum(tool.TAG in cell.metadata.get("tags", []) for cell in code) == 1
    assert code[1].source == tool.CELL
    assert "import coursekit" in code[2].source
    assert code[1].outputs == []


def test_at_home_it_installs_nothing(tool, monkeypatch):
    monkeypatch.setattr(builtins, "get_ipython", lambda: pytest.fail("asked"), raising=False)
    exec(tool.CELL, {})


def test_on_colab_it_installs_the_course_and_never_torch(tool, commands):
    notebook = a_notebook()
    tool.put(notebook, "ada/course")
    exec(notebook.cells[2].source, {})
    assert commands == [("pip", "install --quiet git+https://github.com/ada/course")]


def test_a_copy_that_says_no_repository_asks_for_it(tool, commands):
    with pytest.raises(SystemExit, match="owner/name"):
        exec(tool.CELL, {})
    assert commands == []


def test_putting_it_twice_changes_the_name_and_counts_stay_in_order(tool):
    notebook = a_notebook()
    tool.put(notebook, "ada/course")
    tool.put(notebook, "grace/course")
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == [1, 2, 3]
    assert code[2].outputs[0].execution_count == 3
    assert "grace/course" in code[1].source and "ada" not in code[1].source


def test_a_name_that_is_no_repository_is_refused(tool):
    with pytest.raises(SystemExit, match="OWNER/NAME"):
        tool.main("https://github.com/ada")


def a_notebook():
    shown = v4.new_output("execute_result", {"text/plain": "1"}, execution_count=2)
    return v4.new_notebook(
        cells=[
            v4.new_markdown_cell("# Title"),
            v4.new_code_cell("profile = 'quick'", metadata={"tags": ["parameters"]}),
            v4.new_code_cell("1", execution_count=2, outputs=[shown]),
        ]
    )
