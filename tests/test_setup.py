"""The set-up holds together: the Makefile, conda, CI, and the commands people are told."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from coursekit import config, doctor
from coursekit.cli import app

PROJECT = tomllib.loads((config.ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = [line for lines in PROJECT["optional-dependencies"].values() for line in lines]
PINS = {canonicalize_name(name): Version(version) for name, version in doctor.pins()}
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
TARGETS = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE)) - {"again"}
COPIED = ("Makefile", "pyproject.toml", "constraints.txt", "setup.py", "tools/environment.py")
STUB = '#!/bin/sh\nprintf "%s %s [%s]\\n" "${0##*/}" "$*" "$COURSEKIT_RUNS" >> "$LOG"\n'
PROGRAMS = ("python", "coursekit", "jupyter", "ruff", "mypy")
CALLS = {  # what each target calls, in a checkout that is set up
    "setup": [],
    "reports": ["coursekit run --profile quick", "coursekit report --profile quick --format html"],
    "check": ["ruff format --check", "ruff check", "mypy", "python tools/spelling.py"],
    "test": [
        "python -m pytest .* tests --ignore",
        "python -m pytest .*--nbval .*01_x.ipynb .*/runs/nbval]",
        "python -m pytest .*test_reference.py .*/runs/nbval]",
    ],
    "editions": ["python -m pytest .*tests/test_whole_editions.py"],
    "site": ["coursekit site --to site"],
    "weights": ["python tools/weights"],
    "lab": ["jupyter lab notebooks --allow-root --port 9"],
    "bench": ["coursekit bench"],
    "exact": ["python .*--nbval .*/runs/exact/default]", "python .*test_reference.py -k 01_x"] * 4,
    "resolve": ["python tools/resolve.py"],
    "clean": [],
    "distclean": [],
}


def make(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", *arguments],
        cwd=folder,
        env={**os.environ, "MAKEFLAGS": "", **variables},
        capture_output=True,
        text=True,
    )


@pytest.fixture
def checkout(tmp_path):
    """What set-up needs of a checkout, in a folder with a space and a letter beyond ASCII."""
    folder = tmp_path / "my course é"
    for name in COPIED:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(config.ROOT / name, folder / name)
    return folder


@pytest.fixture
def ready(checkout):
    """A checkout that is set up, with programs that only write down how they were called."""
    programs = checkout / ".venv/bin"
    programs.mkdir(parents=True)
    for name in PROGRAMS:
        (programs / name).write_text(STUB)
        (programs / name).chmod(0o755)
    for name in ("notebooks", "tests", "coursekit"):
        (checkout / name).mkdir()
    (checkout / "notebooks/01_x.ipynb").touch()
    (checkout / ".venv/.installed").write_text(f"{checkout}\n")
    return checkout


@pytest.mark.parametrize("target", CALLS)
def test_every_target_works_in_a_folder_with_a_space_and_other_letters(ready, target):
    log = ready / "calls"
    log.touch()
    arguments = [target, "LESSON=01_x", "ARGS=--allow-root --port 9", "PYTHON=nopython"]
    done = make(ready, *arguments, LOG=str(log))
    assert done.returncode == 0, done.stderr
    calls = log.read_text().splitlines()
    assert len(calls) == len(CALLS[target])
    for call, pattern in zip(calls, CALLS[target]):
        pattern = pattern.replace("/exact/default]", "/exact/[a-z0-9-]+]").replace("]", "\\]")
        assert re.match(pattern.replace("[a-z0-9-\\]+\\]", "[a-z0-9-]+\\]"), call), call
        runs = call[call.rindex("[") + 1 : -1]
        assert not runs or runs.startswith(f"{ready}/runs/")


def test_every_target_is_tried_and_explained():
    assert {*CALLS, "help"} == TARGETS
    said = make(config.ROOT, "help").stdout
    assert set(re.findall(r"^make ([a-z]+)", said, re.MULTILINE)) == TARGETS - {"help", "setup"}


def test_lab_tells_root_which_option_it_needs(ready, monkeypatch):
    programs = ready / "programs"
    programs.mkdir()
    (programs / "id").write_text("#!/bin/sh\necho 0\n")
    (programs / "id").chmod(0o755)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    done = make(ready, "lab", LOG=str(ready / "calls"), PATH=path)
    assert done.returncode != 0 and "make lab ARGS=--allow-root" in done.stdout
    assert not (ready / "calls").exists()


@pytest.mark.parametrize("given, shown", [([], "html"), (["FORMAT=docx,pdf"], "docx,pdf")])
def test_reports_are_made_in_the_format_that_is_asked_for(given, shown):
    assert f"--format {shown} " in make(config.ROOT, "--dry-run", "reports", *given).stdout


def test_an_old_python_is_refused_in_one_clear_line(checkout):
    old = checkout / "python3.9"
    fake = "import sys; sys.version_info = (3, 9); sys.version = '3.9.2 '; exec(sys.argv[1])"
    old.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{fake}" "$2"\n')
    old.chmod(0o755)
    done = make(checkout, f"PYTHON={old}", "setup")
    assert done.returncode != 0
    assert f"Python 3.11 or newer is needed and {old} is 3.9.2" in done.stderr + done.stdout
    assert not (checkout / ".venv").exists()


def test_a_missing_python_is_refused_in_one_clear_line(checkout):
    done = make(checkout, "PYTHON=nopython", "setup")
    assert done.returncode != 0 and "no program 'nopython'" in done.stderr + done.stdout
    assert not (checkout / ".venv").exists()


def test_a_python_in_a_folder_with_a_space_or_in_the_home_is_found(checkout):
    home = checkout / "home of mine"
    home.mkdir()
    (home / "python").write_text("#!/bin/sh\necho called with $1; exit 0\n")
    (home / "python").chmod(0o755)
    for name in (home / "python", "~/python"):
        done = make(checkout, f"PYTHON={name}", "setup", HOME=str(home))
        assert "called with tools/environment.py" in done.stdout, done.stderr


def test_nothing_is_installed_twice(ready):
    done = make(ready, "PYTHON=nopython", "setup")
    assert done.returncode == 0 and "Nothing to be done" in done.stdout


@pytest.mark.parametrize("change", ["pyproject.toml", "constraints.txt", "moved", "unfinished"])
def test_it_is_installed_again_when_something_changed(ready, change):
    folder = ready
    if change == "moved":
        folder = ready.rename(ready.with_name("elsewhere"))
    elif change == "unfinished":
        (ready / ".venv/.installed").unlink()
    else:
        later = (ready / ".venv/.installed").stat().st_mtime + 10
        os.utime(ready / change, (later, later))
    done = make(folder, "PYTHON=nopython", "setup")
    assert done.returncode != 0 and "no program 'nopython'" in done.stdout


def test_promised_packages_are_asked_for():
    asked = PROJECT["dependencies"] + EXTRAS
    assert set(PROMISED) <= {canonicalize_name(Requirement(line).name) for line in asked}
    assert {"torch": Version("2.13.0"), "torchvision": Version("0.28.0")}.items() <= PINS.items()


@pytest.mark.parametrize("line", PROJECT["dependencies"] + EXTRAS)
def test_what_is_asked_for_is_pinned_to_a_version_that_satisfies_it(line):
    requirement = Requirement(line)
    assert PINS[canonicalize_name(requirement.name)] in requirement.specifier


def test_conda_installs_the_same():
    environment = yaml.safe_load((config.ROOT / "environment.yml").read_text())
    lines = [line for line in environment["dependencies"] if isinstance(line, str)]
    pip = next(line["pip"] for line in environment["dependencies"] if isinstance(line, dict))
    versions = dict(line.split("=") for line in lines if "=" in line)
    assert pip == ["-c constraints.txt", "-e .[site,test]"] and "pip" in lines
    assert Version(versions["python"]) in Requirement(f"x{PROJECT['requires-python']}").specifier
    assert Version(versions["pytorch-cpu"]) == PINS["torch"]
    assert Version(versions["torchvision"]) == PINS["torchvision"]
    assert environment["name"] == PROJECT["name"]


def test_commands_in_the_readme_and_docs_exist():
    pages = [config.ROOT / "README.md", config.ROOT / "CONTRIBUTING.md"]
    pages += sorted((config.ROOT / "docs").glob("*.md"))
    text = "\n".join(path.read_text() for path in pages)
    found = re.findall(r"```[a-z]*\n(.*?)```|`([^`\n]+)`", text, re.DOTALL)
    code = "\n".join(block or span for block, span in found)
    assert set(re.findall(r"^make ([a-z]+)", code, re.MULTILINE)) <= TARGETS
    assert set(re.findall(r"^coursekit ([a-z]+)", code, re.MULTILINE)) <= commands()


def commands() -> set[str]:
    names = {item.name or item.callback.__name__ for item in app.registered_commands}
    return names | {group.name for group in app.registered_groups}


def test_ci_runs_everything_without_asking_anything():
    script = config.ROOT / ".ci/run"
    text = script.read_text()
    assert os.access(script, os.X_OK) and "set -euo pipefail" in text
    assert re.findall(r"^make (.*) </dev/null$", text, re.MULTILINE) == [
        "check",
        "test",
        "editions",
        "reports PROFILE=smoke",
    ]


def test_the_workflow_runs_it_and_keeps_the_reports():
    workflow = yaml.safe_load((config.ROOT / ".github/workflows/ci.yml").read_text())
    (job,) = workflow["jobs"].values()
    assert ".ci/run" in [step.get("run") for step in job["steps"]]
    kept = next(step for step in job["steps"] if "upload-artifact" in step.get("uses", ""))
    assert kept["with"]["path"] == "reports/" and kept["if"] == "always()"


def test_the_citation_names_this_version_and_license():
    citation = yaml.safe_load((config.ROOT / "CITATION.cff").read_text())
    assert {key: citation[key] for key in ("version", "license")} == {
        "version": PROJECT["version"],
        "license": PROJECT["license"],
    }
    assert citation["cff-version"] and citation["message"] and citation["authors"]
