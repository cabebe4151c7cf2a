"""The plan of the house, held by reading the sources: sizes, arrows, no circle, no copy.

The package is read as text and trees; nothing of it is imported. The rules are functions of trees,
so that each can be shown to fail.
"""

import ast
import json
import re
import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "coursekit"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

MODULE_LINES = 250
FUNCTION_LINES = 40
MEDIAN_LINES = 8
COPIED_LINES = 8
# What a notebook's code cell may hold: lines and columns that JupyterLab shows beside its file list
# on a laptop.
CELL_LINES, CELL_COLUMNS = 30, 88

# What the modules of a room may import of other rooms. A name of two parts is one module of a room.
# Reports know notebooks and records as files: which there are and what a run left, no more.
ARROWS = {
    "__init__": {"pairing"},
    "errors": set(),
    "pairing": set(),
    "memory": set(),
    "config": {"errors"},
    "files": {"config", "errors"},
    "runtime": {"config", "errors"},
    "cluster": {"config", "errors"},
    "bounds": {"errors"},
    "overrides": {"bounds", "config", "errors"},
    "results": {"config", "errors"},
    "display": {"errors"},
    "listing": {"config", "display", "errors"},
    "plots": {"display", "errors"},
    "diagrams": {"plots"},
    "frames": {"errors"},
    "exercises": {"datasets", "errors", "metrics", "models", "training", "transforms"},
    "sheets": set(),
    "widgets": {"config", "errors"},
    "weights": {"config", "errors", "files", "models", "transforms"},
    "models": {"errors"},
    "metrics": {"errors", "models"},
    "datasets": {"config", "errors", "files", "runtime"},
    "transforms": {"datasets.batches", "datasets.dataset", "errors"},
    "training": {
        "cluster",
        "config",
        "datasets.batches",
        "errors",
        "files",
        "metrics",
        "models",
        "runtime",
        "transforms.corruptions",
    },
    "lesson": {
        "bounds",
        "config",
        "datasets",
        "display",
        "errors",
        "exercises",
        "files",
        "frames",
        "listing",
        "memory",
        "overrides",
        "runtime",
    },
    "artifacts": {"config", "errors", "files", "lesson"},
    "runner": {"cluster", "config", "datasets", "errors", "files", "overrides"},
    "reports": {
        "config",
        "datasets.catalog",
        "errors",
        "files",
        "results",
        "runner.lessons",
        "runner.record",
    },
    "homework": {"config", "errors", "files", "reports"},
    "grading": {"config", "errors", "exercises", "files", "homework.rubric", "runner.lessons"},
    "site": {"config", "errors", "files", "grading.edition", "reports", "runner"},
    "bench_cases": {"datasets.batches", "errors", "models", "runtime", "training"},
    "bench": {
        "bench_cases",
        "config",
        "datasets.batches",
        "errors",
        "files",
        "models",
        "runtime",
        "training",
    },
    "bench_scale": {"bench", "datasets.batches", "memory", "models", "runtime", "training"},
    "contents": {"config", "errors", "files"},
    "doctor": {"config", "datasets", "errors", "pairing", "runner.progress", "runtime"},
    "cli": {
        "bench",
        "bench_scale",
        "cluster",
        "config",
        "datasets",
        "doctor",
        "errors",
        "files",
        "grading",
        "homework",
        "overrides",
        "reports",
        "runner",
        "runtime",
        "site",
    },
}


def modules() -> dict[str, Path]:
    """Every module of the package by its name without "coursekit.", as in "models.gan"."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" and parts[1:] else parts)] = path
    return found


MODULES = modules()
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}


def imports(tree: ast.AST, known: Iterable[str]) -> set[str]:
    """The package's modules that a tree imports, inside functions too, but not for types alone."""
    found: set[str] = set()
    for node in outside_type_checks(tree):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names if name.name.startswith("coursekit")}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("coursekit"):
            full = {name: f"{node.module}.{name}" for name in (item.name for item in node.names)}
            found |= {
                path if path.partition(".")[2] in known else str(node.module)
                for path in full.values()
            }
        elif isinstance(node, ast.ImportFrom) and node.level:
            raise AssertionError(f"line {node.lineno}: write the whole name, no relative import")
    return {name.partition(".")[2] or "__init__" for name in found}


def outside_type_checks(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node of a tree but those under `if TYPE_CHECKING:`."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting.extend(node.orelse)
        else:
            waiting.extend(ast.iter_child_nodes(node))


def circle(graph: dict[str, set[str]]) -> list[str]:
    """One circle of imports, as the names along it, or nothing."""
    done: set[str] = set()

    def walk(name: str, trail: list[str]) -> list[str]:
        if name in trail:
            return [*trail[trail.index(name) :], name]
        if name in done:
            return []
        for target in sorted(graph.get(name, ())):
            if found := walk(target, [*trail, name]):
                return found
        done.add(name)
        return []

    return next((found for name in sorted(graph) if (found := walk(name, []))), [])


def room(name: str) -> str:
    return name.partition(".")[0]


def against_the_arrows(graph: dict[str, set[str]], arrows: dict[str, set[str]]) -> list[str]:
    """Imports from one room into another that the plan does not have."""
    return [
        f"{name} imports {target}"
        for name, targets in sorted(graph.items())
        for target in sorted(targets)
        if room(name) != room(target) and not {room(target), target} & arrows.get(room(name), set())
    ]


def functions(tree: ast.AST) -> list[tuple[str, int]]:
    """(name, lines) of every function, decorators not counted."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    found = (node for node in ast.walk(tree) if isinstance(node, kinds))
    return [(node.name, (node.end_lineno or node.lineno) - node.lineno + 1) for node in found]


def code_lines(source: str) -> list[tuple[int, str]]:
    """(line number, code without blanks) of the lines that hold code: no comment, no docstring."""
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a cell with magics
        tree = ast.Module([], [])
    texts: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            texts |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines = (
        (number, re.sub(r"\s+|#.*$", "", line)) for number, line in enumerate(source.split("\n"), 1)
    )
    return [(number, line) for number, line in lines if line and number not in texts]


def copies(sources: dict[str, str], *, across: bool = False) -> list[str]:
    """Places where as many code lines as COPIED_LINES are the same; across: in two sources only.

    Imports and lone brackets say nothing: a place counts if most of its lines hold a name.
    """
    seen: dict[tuple[str, ...], list[tuple[str, int]]] = defaultdict(list)
    for name, source in sources.items():
        lines = [(n, line) for n, line in code_lines(source) if not _is_import(line)]
        for start in range(len(lines) - COPIED_LINES + 1):
            window = lines[start : start + COPIED_LINES]
            seen[tuple(line for _, line in window)].append((name, window[0][0]))
    found = []
    for window, places in seen.items():
        telling = sum(bool(re.search(r"[A-Za-z_]{2}", line)) for line in window)
        names = {name for name, _ in places}
        if telling > COPIED_LINES // 2 and len(names if across else places) > 1:
            found.append(" = ".join(f"{name}:{number}" for name, number in places))
    return found


def _is_import(line: str) -> bool:
    return line.startswith(("import", "from"))


def names_of_variables(tree: ast.AST) -> list[str]:
    """The constants that are a variable of the course's, whole; words within a message are not."""
    constants = (node for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return [
        node.value
        for node in constants
        if isinstance(node.value, str) and re.fullmatch(r"COURSEKIT_[A-Z]+", node.value)
    ]


def calls(tree: ast.AST, *names: str) -> list[str]:
    """The calls of these dotted names, as in "os.replace"."""
    found = (ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call))
    return [name for name in found if name in names]


def cells(path: Path) -> Iterator[tuple[str, str]]:
    """(place, source) of every code cell of a notebook."""
    for number, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"]):
        if cell["cell_type"] == "code":
            yield f"{path.stem} cell {number}", "".join(cell["source"])


GRAPH = {name: imports(tree, MODULES) for name, tree in TREES.items()}
CELLS = dict(pair for path in NOTEBOOKS for pair in cells(path))


def test_no_module_is_too_long():
    lines = {
        name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in MODULES.items()
    }
    assert {name: count for name, count in lines.items() if count > MODULE_LINES} == {}


def test_functions_are_short():
    every = [
        (f"{name}.{function}", lines)
        for name, tree in TREES.items()
        for function, lines in functions(tree)
    ]
    assert [pair for pair in every if pair[1] > FUNCTION_LINES] == []
    assert statistics.median(lines for _, lines in every) <= MEDIAN_LINES


def test_no_circle_of_imports():
    assert circle(GRAPH) == []


def test_arrows_run_one_way():
    assert against_the_arrows(GRAPH, ARROWS) == []


def test_the_plan_itself_has_no_circle_and_no_room_that_is_gone():
    assert circle({name: {room(target) for target in to} for name, to in ARROWS.items()}) == []
    rooms = {room(name) for name in MODULES}
    assert set(ARROWS) == rooms
    for targets in ARROWS.values():
        assert {target for target in targets if target not in rooms} <= set(MODULES)


def test_nothing_stands_in_two_places_of_the_package():
    sources = {name: path.read_text(encoding="utf-8") for name, path in MODULES.items()}
    assert copies(sources) == []


def test_nothing_stands_in_two_notebooks():
    whole = {
        path.stem: "\n".join(source for _, source in cells(path) if not _is_start(source))
        for path in NOTEBOOKS
    }
    assert copies(whole, across=True) == []


def _is_start(source: str) -> bool:
    """The cells that every lesson begins with: parameters, Colab's, imports and the start."""
    return "ck.start(" in source or source.startswith(("profile =", "# Only on Google Colab"))


def test_cells_are_short_and_narrow():
    lines = {place: len(source.splitlines()) for place, source in CELLS.items()}
    columns = {place: max(map(len, source.splitlines())) for place, source in CELLS.items()}
    for place in CELLS:
        assert lines[place] <= CELL_LINES, place
        assert columns[place] <= CELL_COLUMNS, place


def test_variables_are_named_and_read_in_config_alone():
    named = {name: names_of_variables(tree) for name, tree in TREES.items() if name != "config"}
    assert {name: found for name, found in named.items() if found} == {}


def test_files_are_replaced_in_one_place():
    """download.py alone takes the place of a file by itself: its part is kept to go on from."""
    replaced = {name: calls(tree, "os.replace", "os.rename") for name, tree in TREES.items()}
    assert {name for name, found in replaced.items() if found} <= {"files", "datasets.download"}


def test_imports_are_seen_wherever_they_stand():
    tree = ast.parse(
        "if TYPE_CHECKING:\n    import coursekit.cli\n"
        "def f():\n    from coursekit.models import gan\n    from coursekit import errors as e\n"
        "    from coursekit.datasets import load"
    )
    known = ["models.gan", "errors", "datasets", "cli"]
    assert imports(tree, known) == {"models.gan", "errors", "datasets"}
    with pytest.raises(AssertionError, match="no relative import"):
        imports(ast.parse("from . import gan"), known)


@pytest.mark.parametrize(
    "graph, found",
    [
        ({"a": {"b"}, "b": {"c"}, "c": set()}, []),
        ({"a": {"b"}, "b": {"c"}, "c": {"b"}}, ["b", "c", "b"]),
        ({"a": {"a"}}, ["a", "a"]),
    ],
)
def test_a_circle_is_found(graph, found):
    assert circle(graph) == found


def test_an_import_against_the_arrows_is_found():
    graph = {"models.gan": {"models.ops", "training.gan"}, "cli.data": {"datasets.catalog"}}
    arrows = {"models": set(), "cli": {"datasets"}}
    assert against_the_arrows(graph, arrows) == ["models.gan imports training.gan"]
    arrows["models"] = {"training.trainer"}
    assert against_the_arrows(graph, arrows) == ["models.gan imports training.gan"]


def test_a_copy_is_found_whatever_its_blanks_and_comments():
    lines = [f"value{number} = work({number})" for number in range(COPIED_LINES)]
    other = "def f():\n" + "\n\n".join(f"    {line}  # again" for line in lines)
    assert copies({"a": "\n".join(lines), "b": other}) == ["a:1 = b:2"]
    assert copies({"a": "\n".join(lines), "b": "\n".join(lines[1:])}) == []
    assert copies({"a": "\n".join(lines * 2)}) and not copies(
        {"a": "\n".join(lines * 2)}, across=True
    )


def test_a_variable_read_elsewhere_is_found():
    assert names_of_variables(ast.parse("os.environ['COURSEKIT_RUNS']")) == ["COURSEKIT_RUNS"]
    assert names_of_variables(ast.parse("print('set COURSEKIT_RUNS')")) == []
    assert calls(ast.parse("os.replace(a, b)"), "os.replace") == ["os.replace"]
