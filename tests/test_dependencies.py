"""Every import is declared, every declared package is imported, exact pins stand in one file."""

import ast
import json
import re
import sys
import tomllib
from importlib.metadata import distributions, packages_distributions, requires

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from coursekit import config

PROJECT = tomllib.loads((config.ROOT / "pyproject.toml").read_text())["project"]
RUNTIME = [Requirement(line) for line in PROJECT["dependencies"]]
SITE = [Requirement(line) for line in PROJECT["optional-dependencies"]["site"]]
DEVELOPMENT = [Requirement(line) for line in PROJECT["optional-dependencies"]["test"]]
LINES = (config.ROOT / "constraints.txt").read_text().split("\n")
PINS = [Requirement(line) for line in LINES if line]
PROGRAMS = {  # not imported: commands of the Makefile, plugins of pytest, types for mypy
    "codespell": "codespell_lib",
    "jupyterlab": "jupyter lab",
    "mypy": "$(BIN)/mypy",
    "myst-nb": '"myst_nb"',
    "nbval": "--nbval",
    "pandas-stubs": "$(BIN)/mypy",
    "pytest-xdist": "--dist",
    "ruff": "$(BIN)/ruff",
    "sphinx-book-theme": '"sphinx_book_theme"',
    "sphinx-copybutton": '"sphinx_copybutton"',
    "sphinx-design": '"sphinx_design"',
    "sphinx-togglebutton": '"sphinx_togglebutton"',
    "types-requests": "$(BIN)/mypy",
}
OPTIONAL = {"kagglehub", "pillow_heif", "pycocotools"}  # used where a person installed them
PYTHONS = ("3.11.2", "3.12.0", "3.13.0")  # 3.11.2 is Debian 12's own


def sources(*folders: str) -> list[tuple[str, str]]:
    """(file, Python text) of the modules below these folders and of the notebooks' code cells."""
    found = [("setup.py", (config.ROOT / "setup.py").read_text())] if "tools" in folders else []
    for folder in folders:
        for path in sorted((config.ROOT / folder).rglob("*.py")):
            if "node_modules" not in path.parts:
                found.append((str(path.relative_to(config.ROOT)), path.read_text(encoding="utf-8")))
        for path in sorted((config.ROOT / folder).glob("*.ipynb")):
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
            code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
            found += [(path.name, re.sub(r"^\s*[%!].*$", "", text, flags=re.M)) for text in code]
    return found


def imported(text: str) -> set[str]:
    """The top-level modules that Python code imports, wherever it does."""
    names = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return {name.partition(".")[0] for name in names}


def foreign(files: list[tuple[str, str]]) -> dict[str, str]:
    """Module -> a file that imports it, of the modules that are neither Python's nor ours."""
    ours = {"coursekit"} | {
        path.stem for folder in ("data/build", "tests", "tools", "tools/weights")
        for path in (config.ROOT / folder).glob("*.py")
    }  # fmt: skip
    own = ours | set(sys.stdlib_module_names) | OPTIONAL
    return {name: file for file, text in files for name in imported(text) - own}


def names(requirements: list[Requirement]) -> set[str]:
    return {canonicalize_name(requirement.name) for requirement in requirements}


def undeclared(modules: dict[str, str], declared: set[str]) -> list[str]:
    known = packages_distributions()
    return sorted(
        f"{module} in {file}"
        for module, file in modules.items()
        if not {canonicalize_name(name) for name in known.get(module, [])} & declared
    )


def unused(modules: dict[str, str], declared: set[str]) -> list[str]:
    known = packages_distributions()
    used = {canonicalize_name(name) for module in modules for name in known.get(module, [])}
    return sorted(declared - used - PROGRAMS.keys())


def test_everything_that_lessons_import_is_declared():
    assert undeclared(foreign(sources("coursekit", "notebooks")), names([*RUNTIME, *SITE])) == []


def test_everything_that_tests_and_tools_import_is_declared():
    files = sources("coursekit", "notebooks", "tests", "tools", "data/build")
    assert undeclared(foreign(files), names(RUNTIME + SITE + DEVELOPMENT)) == []


def test_everything_declared_is_imported():
    assert unused(foreign(sources("coursekit", "notebooks")), names(RUNTIME)) == []
    files = sources("coursekit", "notebooks", "tests", "tools", "data/build")
    assert unused(foreign(files), names(SITE + DEVELOPMENT)) == []


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_is_not_imported_is_run(name):
    texts = [(config.ROOT / "Makefile").read_text()]
    texts += [path.read_text() for path in (config.ROOT / "tools").glob("*.py")]
    texts.append((config.PACKAGE / "site" / "theme" / "conf.py").read_text())
    assert any(PROGRAMS[name] in text for text in texts)


def test_an_undeclared_and_an_unused_package_are_found():
    modules = foreign([("a.py", "def f():\n    import yaml.nodes\nfrom . import b\nimport nosuch")])
    assert modules == {"yaml": "a.py", "nosuch": "a.py"}
    assert undeclared(modules, {"pyyaml"}) == ["nosuch in a.py"]
    assert undeclared(modules, set()) == ["nosuch in a.py", "yaml in a.py"]
    assert unused(modules, {"pyyaml", "pooch", "nbval"}) == ["pooch"]


@pytest.mark.parametrize("requirement", RUNTIME + SITE + DEVELOPMENT, ids=lambda line: line.name)
def test_what_is_declared_is_a_range(requirement):
    operators = {part.operator for part in requirement.specifier}
    assert ">=" in operators and operators <= {">=", "<", "!="}


def test_pins_are_exact_public_sorted_and_single():
    lines = LINES[:-1]
    assert LINES[-1] == "" and lines == sorted(lines, key=str.lower)
    assert len({canonicalize_name(pin.name) for pin in PINS}) == len(PINS)
    for pin in PINS:
        (part,) = pin.specifier
        assert part.operator == "==" and "*" not in part.version and not Version(part.version).local


def refused(metadata: list[tuple[str, str]], python: str) -> list[str]:
    return [name for name, asked in metadata if python not in SpecifierSet(asked)]


@pytest.mark.parametrize("python", PYTHONS)
def test_every_pinned_version_admits_every_python_that_is_promised(python):
    """By what the installed packages ask; `make resolve` asks the registry too."""
    pinned = {(canonicalize_name(pin.name), str(pin.specifier)) for pin in PINS}
    here = [
        (item.metadata["Name"], item.metadata.get("Requires-Python"))
        for item in distributions()
        if (canonicalize_name(item.metadata["Name"]), f"=={item.version.partition('+')[0]}")
        in pinned
        and item.metadata.get("Requires-Python")
    ]
    assert len(here) > 100 and refused(here, python) == []
    assert Version(python) in SpecifierSet(PROJECT["requires-python"])


def test_a_pin_that_a_python_cannot_take_is_found():
    metadata = [("soupsieve", ">=3.11.5"), ("six", "!=3.0.*,>=2.7")]
    assert refused(metadata, "3.11.2") == ["soupsieve"] and refused(metadata, "3.12.0") == []


def needs(known: dict, name: str) -> set[str]:
    """The packages that an installed one asks for on this platform, without its extras."""
    lines = requires(known[name].metadata["Name"]) if name in known else None
    asked = [Requirement(line) for line in lines or []]
    return names([line for line in asked if not line.marker or line.marker.evaluate({"extra": ""})])


def test_everything_that_is_needed_here_is_pinned():
    known = {canonicalize_name(item.metadata["Name"]): item for item in distributions()}
    found, waiting = set(), names(RUNTIME + SITE + DEVELOPMENT)
    while waiting:
        found |= waiting
        waiting = set().union(*(needs(known, name) for name in waiting)) - found
    chosen_by_torch = re.compile(r"nvidia-.*|cuda-.*|triton")
    missing = (found & known.keys()) - names(PINS)
    assert [name for name in missing if not chosen_by_torch.fullmatch(name)] == []
