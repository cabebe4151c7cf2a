"""Writes the cell that installs the course on Google Colab into every notebook.

    python tools/colab.py OWNER/NAME     the repository on GitHub where this copy is published

Run it once before you publish; it changes nothing else.
"""

import re
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode, v4

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
TAG = "colab"
UNKNOWN = "OWNER/NAME"
CELL = """\
# Only on Google Colab: install the course, keep Colab's own torch. Elsewhere: nothing.
import sys

repository = "OWNER/NAME"  # the copy on GitHub that this notebook was opened from
if "google.colab" in sys.modules:
    if repository == "OWNER/NAME":
        raise SystemExit("Say above where on GitHub this course is: owner/name.")
    course = f"git+https://github.com/{repository}"
    get_ipython().run_line_magic("pip", f"install --quiet {course}")"""


def put(notebook: NotebookNode, repository: str) -> None:
    """Write the cell for this repository, after the cell tagged "parameters"."""
    source = CELL.replace(UNKNOWN, repository, 1)
    tags = [cell.metadata.get("tags", []) for cell in notebook.cells]
    there = [number for number, names in enumerate(tags) if TAG in names]
    if there:
        notebook.cells[there[0]].source = source
        return
    after = next(number for number, names in enumerate(tags) if "parameters" in names)
    notebook.cells.insert(after + 1, v4.new_code_cell(source, id=TAG, metadata={"tags": [TAG]}))
    renumber(notebook)


def renumber(notebook: NotebookNode) -> None:
    """Execution counts 1, 2, 3, ... in order; the new cell has no output to keep."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for count, cell in enumerate(code, 1):
        cell.execution_count = count
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = count


def main(repository: str) -> None:
    """Every notebook of the course."""
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
        sys.exit(f"colab: {repository!r} is not OWNER/NAME, as in ada/course")
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        put(notebook, repository)
        nbformat.write(notebook, path)


if __name__ == "__main__":
    main(*sys.argv[1:2] or [UNKNOWN])
