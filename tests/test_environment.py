"""Set-up that fails says the way out; set-up that was interrupted, or moved, is made afresh."""

import importlib.util
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from coursekit import config

SCRIPT = config.ROOT / "tools/environment.py"
_spec = importlib.util.spec_from_file_location("environment", SCRIPT)
environment = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(environment)


@pytest.mark.parametrize(
    "said, advice",
    [
        ("OSError: [Errno 28] No space left on device: '/x'", "the disk is full"),
        ("<urlopen error [Errno -3] Temporary failure in name resolution>", "cannot be reached"),
        ("ReadTimeoutError: Read timed out. (read timeout=15)", "cannot be reached"),
        ("ProxyError('Cannot connect to proxy.')", "HTTPS_PROXY"),
        (
            "Could not fetch URL: connection error: Max retries exceeded (SSLCertVerificationError",
            "PIP_CERT",
        ),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "pip cache purge"),
        ("ERROR: Could not install packages: [Errno 13] Permission denied: '/x'", "PIP_CACHE_DIR"),
        ("ERROR: ResolutionImpossible: for help visit", "make PYTHON=python3.12"),
        ("ERROR: No matching distribution found for torch==2.13.0", "make PYTHON=python3.12"),
        ("ERROR: Could not find a version of torch (from versions: none)", "check the connection"),
        ("WARNING: NewConnectionError ... No matching distribution found", "cannot be reached"),
        ("error: subprocess-exited-with-error", "no build of a package fits Python"),
        ("something that nobody thought of", "read pip's message"),
    ],
)
def test_what_pip_says_leads_to_a_way_out(said, advice):
    assert advice in environment.way_out(said, Path(".venv"))


def test_a_python_without_venv_names_the_package_to_install(monkeypatch, tmp_path, capsys):
    said = "The virtual environment was not created successfully because ensurepip is not available"
    failed = subprocess.CompletedProcess([], 1, said, "")
    monkeypatch.setattr(environment, "run", lambda *_: failed)
    assert environment.main(tmp_path / ".venv") == 1
    assert f"apt install python3.{sys.version_info[1]}-venv" in capsys.readouterr().err
    assert not (tmp_path / ".venv").exists()


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """Set-up in a half-made environment, of a project of one package, with no registry in reach."""
    folder = tmp_path_factory.mktemp("begun é")
    project = '[project]\nname = "x"\nversion = "1"\noptional-dependencies.test = ["nosuch-x"]\n'
    (folder / "pyproject.toml").write_text(project)
    (folder / "constraints.txt").touch()
    (folder / ".venv/bin").mkdir(parents=True)
    (folder / ".venv/bin/python").symlink_to(sys.executable)
    given = {name: text for name, text in os.environ.items() if not name.startswith("PIP_")}
    given |= {"PIP_RETRIES": "0", "PIP_CONFIG_FILE": os.devnull}
    done = subprocess.run(
        [sys.executable, str(SCRIPT), ".venv"],
        cwd=folder,
        env={**given, "PIP_INDEX_URL": "http://127.0.0.1:9/simple"},
        capture_output=True,
        text=True,
    )
    return folder / ".venv", done


def test_a_half_made_environment_is_made_again(begun):
    assert "half-made" in begun[1].stdout and (begun[0] / "bin/pip").exists()


def test_a_registry_out_of_reach_is_told_and_taken_up_again(begun):
    folder, done = begun
    assert done.returncode == 1 and "Traceback" not in done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("make: pip could not install") and "check the connection" in last
    assert "run make again" in last and not (folder / ".installed").exists()
    assert environment.unusable(folder) == ""  # and nothing has to be made twice


@pytest.fixture
def made(begun):
    return begun[0]


@pytest.fixture
def whole(made, tmp_path):
    """A copy of it whose programs name the copy."""
    folder = shutil.copytree(made, tmp_path / ".venv", symlinks=True)
    script = folder / "bin/pip"
    script.write_text(script.read_text().replace(str(made), str(folder)))
    return folder


def test_a_whole_environment_is_gone_on_with(whole):
    assert environment.unusable(whole) == ""


def test_no_environment_yet(tmp_path):
    assert environment.unusable(tmp_path / ".venv") == "once"


def test_one_without_pip_is_half_made(tmp_path):
    venv.create(tmp_path / ".venv", with_pip=False, symlinks=True)
    assert "half-made" in environment.unusable(tmp_path / ".venv")


def test_one_that_was_moved_is_made_again(made, tmp_path):
    assert "has moved" in environment.unusable(
        shutil.copytree(made, tmp_path / "moved é", symlinks=True)
    )


def test_a_package_whose_files_came_only_in_part_is_noticed(whole):
    packages = next(whole.glob("lib/python*/site-packages"))
    (packages / "half-1.0.dist-info").mkdir()
    (packages / "half-1.0.dist-info/METADATA").write_text("Name: half\nVersion: 1.0\n")
    assert "interrupted" in environment.unusable(whole)
