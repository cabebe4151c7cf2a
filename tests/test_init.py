"""A wheel works away from the checkout: it brings the course, and `coursekit init` writes it."""

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from coursekit import config
from coursekit.cli import init

BUILT = ("setup.py", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE", "constraints.txt")


def run(*command: object, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        name: text
        for name, text in os.environ.items()
        if not name.startswith(("COURSEKIT_", "PYTHONPATH"))
    }
    environment["JUPYTER_PATH"] = f"{sys.prefix}/share/jupyter"  # the templates beside the packages
    words = [str(word) for word in command]
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True)


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A `coursekit` installed from a wheel beside this environment's packages; its program."""
    home = tmp_path_factory.mktemp("away from it é")
    source = home / "source"
    source.mkdir()
    skip = shutil.ignore_patterns("__pycache__", "node_modules", ".*", "course")
    for name in (*BUILT, *course_names(), "coursekit"):
        path = config.ROOT / name
        if path.is_dir():
            shutil.copytree(path, source / name, ignore=skip)
        elif path.exists():
            shutil.copy(path, source / name)
    options = ("--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check")
    pip = (sys.executable, "-m", "pip")
    done = run(*pip, "wheel", "-q", *options, "-w", home / "wheels", source, folder=home)
    assert done.returncode == 0, done.stderr
    venv.create(home / "venv", with_pip=False, symlinks=True)
    python = home / "venv/bin/python"
    packages = next((home / "venv/lib").glob("python*/site-packages"))
    wheel = next((home / "wheels").glob("*.whl"))
    done = run(*pip, f"--python={python}", "install", "-q", *options, wheel, folder=home)
    assert done.returncode == 0, done.stderr
    ours = next(path for path in sys.path if path.endswith("site-packages"))
    (packages / "beside.pth").write_text(ours, encoding="utf-8")
    return wheel, home / "venv/bin/coursekit"


def course_names() -> list[str]:
    return [path.name for path in init._tops()]


def test_the_wheel_takes_the_course_along_and_nothing_of_the_workshop(installed):
    names = zipfile.ZipFile(installed[0]).namelist()
    carried = {name.removeprefix("coursekit/course/") for name in names if "/course/" in name}
    assert carried == {name for name, _ in init.course()}
    package = installed[0].parents[1] / "source/coursekit"
    ours = [
        path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    ]
    assert {f"coursekit/{path.relative_to(package)}" for path in ours} <= set(names)
    assert not [
        name
        for name in names
        if "__pycache__" in name or name.startswith(("tests/", "data/", "notebooks/"))
    ]


def test_without_a_course_the_way_to_one_is_said(installed, tmp_path):
    done = run(installed[1], "list", folder=tmp_path)
    assert done.returncode == 1 and "`coursekit init FOLDER`" in done.stderr
    assert "Traceback" not in done.stderr and len(done.stderr.splitlines()) == 1


def test_a_course_that_init_wrote_can_be_listed_run_and_reported(installed, tmp_path):
    done = run(installed[1], "init", "my course é", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    home = tmp_path / "my course é"
    assert 'cd "my course é"' in done.stdout
    for command in (
        ("list",),
        ("run", "01", "--profile", "smoke"),
        ("report", "01", "--profile", "smoke"),
    ):
        done = run(installed[1], *command, folder=home / "notebooks")
        assert done.returncode == 0, done.stderr + done.stdout
    assert next((home / "runs/smoke").glob("01_*/results.json"))
    assert next((home / "reports/smoke").glob("01_*.html"))
    done = run(installed[1], "doctor", folder=home)
    assert "MISSING" not in done.stdout, done.stdout


def test_nothing_of_a_persons_is_replaced(tmp_path, coursekit):
    home = tmp_path / "course"
    assert coursekit("init", str(home))[0] == 0
    edited = next((home / "notebooks").glob("01_*.ipynb"))
    edited.write_text("mine")
    gone = next((home / "notebooks").glob("02_*.ipynb"))
    gone.unlink()
    code, said, _ = coursekit("init", str(home))
    assert code == 0 and edited.read_text() == "mine" and gone.is_file()
    assert f"notebooks/{edited.name}." in said and "1 file written" in said


def test_a_file_in_the_place_of_the_folder_is_a_usage_error(tmp_path, coursekit):
    (tmp_path / "file").touch()
    code, _, said = coursekit("init", str(tmp_path / "file"))
    assert code == 2 and "is a file: name a folder" in said


def test_an_installation_without_the_course_says_so(monkeypatch, tmp_path, coursekit):
    monkeypatch.setattr(init, "CARRIED", tmp_path / "none")
    monkeypatch.setattr(config, "IN_CHECKOUT", False)
    code, _, said = coursekit("init", str(tmp_path / "course"))
    assert code == 1 and "install it again" in said


@pytest.mark.parametrize("below", ["", "notebooks", "notebooks/deep"])
def test_the_course_is_found_from_within(monkeypatch, tmp_path, below):
    for name in ("notebooks/deep", "data", "reference"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.setattr(config, "IN_CHECKOUT", False)
    monkeypatch.delenv("COURSEKIT_HOME", raising=False)
    monkeypatch.chdir(tmp_path / below)
    assert config._root() == tmp_path
    monkeypatch.setenv("COURSEKIT_HOME", str(tmp_path / "data"))
    assert config._root() == tmp_path / "data"
