"""Closed and full disks: one line with the way out, nothing half-written, later lessons run."""

import ctypes
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from coursekit import doctor

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits as Linux has them")

COMMAND = [sys.executable, "-c", "from coursekit.cli import main; main()"]
NOBODY = 65534
PR_CAPBSET_DROP, DAC_OVERRIDE, DAC_READ_SEARCH = 24, 1, 2  # of Linux


def parts(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.name.endswith(".part")]


def test_a_file_where_a_run_should_be_fails_that_lesson_only(course, coursekit):
    folder = course("01", "07")
    (folder / "runs/quick").mkdir(parents=True)
    (folder / "runs/quick/01_good").write_text("not a folder")
    code, _, err = coursekit("run")
    first, second = err.splitlines()[:2]
    assert code == 1 and first.startswith("01_good: FAILED: cannot write its run to ")
    assert "set COURSEKIT_RUNS to a folder of yours" in first
    assert second.startswith("07_shows: ran in") and not parts(folder)


@pytest.mark.parametrize("command", ["run", "refresh"])
def test_a_file_where_all_runs_should_be_is_told(course, coursekit, command):
    folder = course("01")
    (folder / "runs").write_text("not a folder")
    code, _, err = coursekit(command, "1")
    assert code == 1 and err.count("\n") == 1 and "COURSEKIT_RUNS" in err
    assert "Traceback" not in err


def test_a_folder_of_another_user_is_told(course):
    folder = course("01", "07")
    runs = folder / "runs"
    runs.mkdir()
    _close(runs, 0o555)
    done = _without_privileges("run")
    lines = done.stderr.splitlines()
    assert done.returncode == 1 and "Traceback" not in done.stderr
    for line, lesson in zip(lines, ("01_good", "07_shows")):
        assert line.startswith(f"{lesson}: FAILED: cannot write its run to ")
        assert "Permission denied" in line and "COURSEKIT_RUNS" in line
    assert os.listdir(runs) == []
    _close(runs, 0o700)
    assert "01_good" in _without_privileges("list").stdout
    runs.chmod(0o755)


def test_doctor_says_which_folder_may_not_be_written(monkeypatch, tmp_path):
    (tmp_path / "home").write_text("not a folder")
    monkeypatch.setenv("COURSEKIT_RUNS", str(tmp_path / "home"))
    monkeypatch.setenv("COURSEKIT_CACHE", str(tmp_path / "home/cache"))
    for finding, variable in zip(doctor._disk(), ("COURSEKIT_RUNS", "COURSEKIT_CACHE")):
        assert finding.state == doctor.NOTE and "may not be written" in finding.detail
        assert f"set {variable} to a folder of yours" in finding.advice


def _close(folder: Path, mode: int) -> None:
    """The folder is another user's where that can be arranged, else closed by its mode alone."""
    folder.chmod(mode)
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)


def _without_privileges(command: str) -> subprocess.CompletedProcess:
    """Run a command for which permissions hold, as they do for root only when told so."""
    drop = ctypes.CDLL(None).prctl if os.geteuid() == 0 else lambda *what: 0

    def powerless():
        for capability in (DAC_OVERRIDE, DAC_READ_SEARCH):
            drop(PR_CAPBSET_DROP, capability, 0, 0, 0)

    return subprocess.run([*COMMAND, command], capture_output=True, text=True, preexec_fn=powerless)


def test_a_full_disk_fails_the_run_and_leaves_no_part(course):
    """No file may grow beyond 2,000 bytes: the notebook does not fit, the kernel's own files do."""
    folder = course("01")

    def small():
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))

    done = subprocess.run([*COMMAND, "run"], capture_output=True, text=True, preexec_fn=small)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "FAILED" in done.stderr and "the disk is full" in done.stderr
    assert "COURSEKIT_RUNS" in done.stderr and not parts(folder)


def test_a_record_that_cannot_be_kept_makes_the_run_fail(course, coursekit, monkeypatch):
    """A run without its record would be taken for none: it says so now, not next time."""
    from coursekit.errors import CourseError
    from coursekit.runner import record

    def full(path, text):
        raise CourseError("cannot write run.json (the disk is full): free some space")

    folder = course("01")
    monkeypatch.setattr(record.files, "write_text", full)
    code, _, err = coursekit("run")
    assert code == 1 and "01_good: FAILED: cannot write run.json (the disk is full)" in err
    assert not (folder / "runs/quick/01_good/run.json").exists()
    monkeypatch.undo()


def test_half_a_record_counts_as_none(course, coursekit):
    folder = course("01")
    assert coursekit("run")[0] == 0
    kept = folder / "runs/quick/01_good/run.json"
    json.loads(kept.read_text())
    kept.write_text(kept.read_text()[:20])
    assert "ran in" in coursekit("run")[2]
