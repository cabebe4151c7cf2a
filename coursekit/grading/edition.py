"""The student edition: the stored lesson, its solutions taken out.

A solution stands between two comments that nbgrader knows too. Whole lines only.
"""

import ast
import re
from collections.abc import Iterator
from copy import deepcopy

from nbformat import NotebookNode

from coursekit.errors import CourseError
from coursekit.exercises.checks import exercises

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
ANSWERS = re.compile(r"<details>\s*<summary>\s*Answer.*?</details>\s*", re.DOTALL | re.IGNORECASE)
YOURS = "*Your answer:*\n"
TAG = "exercise"
OUTPUTS = ("kept", "cleared", "none")  # of cells that need an answer; none: of no cell at all


def student(
    notebook: NotebookNode, lesson: str, *, outputs: str = "cleared", answers: bool = True
) -> NotebookNode:
    """The student edition of a solved notebook, as a new one.

    outputs: those of cells that need an answer are "kept" or "cleared"; "none": no cell has any.
    answers: whether the folded answers of written questions stay. CourseError on marks that do
    not close.
    """
    made = deepcopy(notebook)
    unsolved: set[str] = set()  # names that an answer gives
    for number, cell in enumerate(made.cells):
        if cell.cell_type == "markdown" and not answers:
            cell.source = ANSWERS.sub(YOURS, cell.source)
        if cell.cell_type != "code":
            continue
        solved = BEGIN in cell.source
        needs = bool(names_used(cell.source) & unsolved)
        if solved:
            cell.source = stub(cell.source, lesson, place=number)
        if solved or needs:
            unsolved |= names_bound(cell.source)
        if solved or outputs == "none" or (needs and outputs == "cleared"):
            cell.outputs, cell.execution_count = [], None
    made.metadata["coursekit"] = {"edition": "student", "lesson": lesson}
    return made


def stub(source: str, lesson: str, *, place: int = 0) -> str:
    """An exercise's cell as a student gets it."""
    return stripped(source, _returns(source, lesson), place=place)


def stripped(source: str, returns: str = "", *, place: int = 0) -> str:
    """A cell's source with a stub for each solution and without hidden tests."""
    lines, inside = [], ""
    for line in source.split("\n"):
        mark = line.strip()
        if mark in (BEGIN, HIDDEN[0]):
            if inside:
                raise CourseError(f"cell {place}: {mark} stands within another: close that first")
            inside = {BEGIN: END, HIDDEN[0]: HIDDEN[1]}[mark]
            if mark == BEGIN:
                lines += _unsolved(line, returns)
        elif mark in (END, HIDDEN[1]):
            if mark != inside:
                raise CourseError(f"cell {place}: {mark} closes nothing")
            inside = ""
        elif not inside:
            lines.append(line)
    if inside:
        raise CourseError(f"cell {place}: {inside} is missing")
    return "\n".join(lines)


def checks(source: str) -> list[tuple[str, str]]:
    """(exercise, answer as an expression) of every lesson.check("name", answer) in a cell."""
    return [
        (str(call.args[0].value), ast.unparse(call.args[1]))  # type: ignore[attr-defined]
        for call in _calls(source)
    ]


def names_bound(source: str) -> set[str]:
    """The names that a cell gives to functions, classes, imports and values."""
    found = set()
    for node in ast.walk(_tree(source)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return found


def names_used(source: str) -> set[str]:
    """The names that a cell reads."""
    nodes = (node for node in ast.walk(_tree(source)) if isinstance(node, ast.Name))
    return {node.id for node in nodes if isinstance(node.ctx, ast.Load)}


def _unsolved(line: str, returns: str) -> list[str]:
    """What stands in the place of a solution, indented as its first mark is."""
    indent = line[: len(line) - len(line.lstrip())]
    words = f"{indent}# Your answer. The check wants: {returns}" if returns else ""
    return [*([words] if words else []), f"{indent}raise NotImplementedError"]


def _returns(source: str, lesson: str) -> str:
    """What the cell's exercise asks for: the first line of its check's docstring."""
    known = exercises(lesson)
    asked = [known[name].test.__doc__ for name, _ in checks(source) if name in known]
    return " ".join((asked[0] or "").strip().split("\n\n")[0].split()) if asked else ""


def _calls(source: str) -> Iterator[ast.Call]:
    for node in ast.walk(_tree(source)):
        if (
            isinstance(node, ast.Call)
            and ast.unparse(node.func) == "lesson.check"
            and len(node.args) == 2
            and isinstance(node.args[0], ast.Constant)
        ):
            yield node


def _tree(source: str) -> ast.Module:
    """The tree of a cell, its magics left out; an empty one where it is no Python."""
    lines = ["" if line.lstrip()[:1] in "%!?" else line for line in source.split("\n")]
    try:
        return ast.parse("\n".join(lines))
    except SyntaxError:
        return ast.Module([], [])
