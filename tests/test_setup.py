"""The set-up holds together: what is asked for, what is pinned, what conda installs, and the commands people are told."""

import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import distributions

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from coursekit import config, doctor

PROJECT = tomllib.loads((config.ROOT / "pyproject.toml").read_text())["project"]
PINS = {canonicalize_name(name): Version(version) for name, version in doctor.pins()}
REQUIREMENTS = [
    Requirement(each) for each in PROJECT["dependencies"] + PROJECT["optional-dependencies"]["test"]
]
PROMISED = (
    "jupyterlab",
    "torch",
    "torchvision",
    "matplotlib",
    "papermill",
    "nbval",
    "pillow",
    "scikit-image",
)
MAKEFILE = (config.ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda each: each.name)
def test_what_is_asked_for_is_pinned_to_a_version_that_satisfies_it(requirement):
    assert PINS[canonicalize_name(requirement.name)] in requirement.specifier


def test_promised_packages_are_asked_for():
    assert set(PROMISED) <= {canonicalize_name(each.name) for each in REQUIREMENTS}
    assert {"torch": Version("2.13.0"), "torchvision": Version("0.28.0")}.items() <= PINS.items()


def test_constraints_pin_public_versions_exactly_and_once():
    lines = (config.ROOT / "constraints.txt").read_text().split("\n")
    assert lines.pop() == "" and lines == sorted(lines, key=str.lower)
    assert len(PINS) == len(lines)  # every line is name==version
    assert not [name for name, version in PINS.items() if version.local]


def test_everything_installed_here_is_pinned():
    own = {"coursekit", "pip", "setuptools", "wheel"}
    installed = {canonicalize_name(each.name) for each in distributions()} - own
    needed = _closure(set(canonicalize_name(each.name) for each in REQUIREMENTS)) & installed
    assert needed <= PINS.keys()


def test_conda_installs_the_same(tmp_path):
    environment = yaml.safe_load((config.ROOT / "environment.yml").read_text())
    names = [each for each in environment["dependencies"] if isinstance(each, str)]
    pip = next(each["pip"] for each in environment["dependencies"] if isinstance(each, dict))
    assert pip == ["-c constraints.txt", "-e .[test]"] and "pip" in names
    python = next(each for each in names if each.startswith("python=")).removeprefix("python=")
    assert Version(python) in Requirement(f"python{PROJECT['requires-python']}").specifier
    assert environment["name"] == PROJECT["name"]


@pytest.mark.parametrize("target", ["reports", "test", "lab", "bench", "exact", "clean", "setup"])
def test_make_knows_its_targets(target):
    done = subprocess.run(
        ["make", "--dry-run", target], cwd=config.ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_reports_are_made_in_the_format_that_is_asked_for():
    for given, shown in (([], "--format html "), (["FORMAT=docx,pdf"], "--format docx,pdf ")):
        assert (
            shown
            in subprocess.run(
                ["make", "--dry-run", "reports", *given],
                cwd=config.ROOT,
                capture_output=True,
                text=True,
            ).stdout
        )


def test_commands_in_the_readme_and_docs_exist():
    text = "\n".join(
        path.read_text()
        for path in [config.ROOT / "README.md", *sorted((config.ROOT / "docs").glob("*.md"))]
    )
    code = "\n".join(
        block or span
        for block, span in re.findall(r"```[a-z]*\n(.*?)```|`([^`\n]+)`", text, re.DOTALL)
    )
    assert set(re.findall(r"^make ([a-z]+)", code, re.MULTILINE)) <= TARGETS
    assert set(re.findall(r"^coursekit ([a-z]+)", code, re.MULTILINE)) <= {
        "list",
        "run",
        "report",
        "store",
        "handin",
        "marks",
        "data",
        "doctor",
        "bench",
    }


def test_ci_runs_the_two_commands_without_asking_anything():
    script = config.ROOT / ".ci/run"
    assert os.access(script, os.X_OK)
    assert "set -euo pipefail" in script.read_text()
    assert re.findall(r"^make (.*) </dev/null$", script.read_text(), re.MULTILINE) == [
        "test",
        "reports PROFILE=smoke",
    ]


def _make(folder, *arguments: str) -> subprocess.CompletedProcess:
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        (folder / name).write_text((config.ROOT / name).read_text())
    return subprocess.run(["make", *arguments, "setup"], cwd=folder, capture_output=True, text=True)


def test_an_old_or_missing_python_is_refused_in_one_clear_line(tmp_path):
    old = tmp_path / "python3.9"
    old.write_text(
        f'#!/bin/sh\nexec {sys.executable} -c "import sys; sys.version_info = (3, 9); sys.version = \'3.9.2 \'; exec(sys.argv[1])" "$2"\n'
    )
    old.chmod(0o755)
    done = _make(tmp_path, f"PYTHON={old}")
    assert (
        done.returncode != 0
        and f"Python 3.11 or newer is needed and {old} is 3.9.2" in done.stderr + done.stdout
    )
    done = _make(tmp_path, "PYTHON=nopython")
    assert done.returncode != 0 and "no program 'nopython'" in done.stderr + done.stdout
    assert not (tmp_path / ".venv").exists()


def test_nothing_is_installed_twice(tmp_path):
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv/.installed").touch()
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_text((config.ROOT / name).read_text())
        os.utime(tmp_path / name, (0, 0))
    done = subprocess.run(
        ["make", "PYTHON=nopython", "setup"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0 and "Nothing to be done" in done.stdout


def _closure(names: set[str]) -> set[str]:
    """The packages and everything they need here, by what is installed."""
    known = {canonicalize_name(each.name): each for each in distributions()}
    found, waiting = set(), set(names)
    while waiting:
        name = waiting.pop()
        found.add(name)
        needs = (
            [Requirement(each) for each in (known[name].requires or [])] if name in known else []
        )
        plain = {
            canonicalize_name(each.name)
            for each in needs
            if not each.marker or each.marker.evaluate({"extra": ""})
        }
        waiting |= plain - found
    return found & known.keys()
