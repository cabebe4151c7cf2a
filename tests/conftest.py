"""Shared by the tests: a small course of fixture notebooks in a folder of its own."""

import shutil
import sys
from pathlib import Path

import pytest

import coursekit as _first  # noqa: F401  before torch: it tells torch's threads how to wait

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture(autouse=True)
def one_thread():
    """A second thread costs small networks much; every test starts from the same seed."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
        sys.modules["torch"].manual_seed(0)


@pytest.fixture
def course(tmp_path, monkeypatch):
    """Copy fixture notebooks, named by number or id, into a course of their own; its folder."""

    def make(*names: str) -> Path:
        lessons = tmp_path / "notebooks"
        lessons.mkdir(exist_ok=True)
        for name in names:
            shutil.copy(next(FIXTURES.glob(f"{name}*.ipynb")), lessons)
        return tmp_path

    for name in ("notebooks", "runs", "reports"):
        monkeypatch.setenv(f"COURSEKIT_{name.upper()}", str(tmp_path / name))
    for name in (
        "COURSEKIT_PROFILE",
        "COURSEKIT_OUT",
        "COURSEKIT_THREADS",
        "COURSEKIT_SET",
        "COURSEKIT_DEBUG",
    ):
        monkeypatch.delenv(name, raising=False)
    return make


@pytest.fixture
def coursekit(capsys):
    """Run the command line in this process: arguments -> (exit code, stdout, stderr)."""
    from coursekit.cli import guarded

    def call(*arguments: str) -> tuple[int, str, str]:
        code = guarded(list(arguments))
        return code, *capsys.readouterr()

    return call
