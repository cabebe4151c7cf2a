"""One hand-in in its child process: its folder copied, its variables, its time, its words back."""

import os
import secrets
import select
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from coursekit import config
from coursekit.grading import child, confine

Cells = list[tuple[str, list[tuple[str, str]]]]  # (source, [(exercise, answer as expression)])


@dataclass(frozen=True)
class Limits:
    """What one notebook of a hand-in may take. confined: False only inside a container."""

    seconds: int = 600
    cell_seconds: float = 300.0
    gigabytes: float = 4.0
    profile: str = "smoke"
    seeds: tuple[int, ...] = ()  # of the hidden inputs
    confined: bool = True


def run_once(
    name: str,
    cells: Cells,
    folder: Path,
    limits: Limits,
    seconds: float,
) -> list[dict]:
    """Run the cells in a child once; what it said, as far as its signature is right."""
    with tempfile.TemporaryDirectory(prefix="coursekit-") as work:
        home = Path(work) / "home"
        shutil.copytree(folder, home, symlinks=True)
        reading, writing = os.pipe()
        key = secrets.token_hex(32)
        job = child.Job(
            lesson=name,
            cells=cells,
            key=key,
            pipe=writing,
            seeds=list(limits.seeds),
            work=work,
            readable=_readable(),
            seconds=int(seconds) + 1,
            cell_seconds=limits.cell_seconds,
            gigabytes=limits.gigabytes,
            confined=limits.confined,
        )
        command = [sys.executable, "-m", "coursekit.grading.child"]
        with open(Path(work) / "printed", "wb") as printed:
            process = subprocess.Popen(
                confine.outside(command) if limits.confined else command,
                stdin=subprocess.PIPE,
                stdout=printed,
                stderr=printed,
                cwd=home,
                env=_environment(Path(work), limits.profile),
                pass_fds=[writing],
                start_new_session=True,
            )
        os.close(writing)
        return _heard(process, job, reading, seconds)


def _heard(process: subprocess.Popen, job: child.Job, reading: int, seconds: float) -> list[dict]:
    """Give the child its job, read its pipe until it ends or its time is over, and end it."""
    deadline = time.monotonic() + seconds
    text = b""
    try:
        assert process.stdin is not None
        with process.stdin as pipe:
            pipe.write(job.as_json().encode())
        while (left := deadline - time.monotonic()) > 0:
            if not select.select([reading], [], [], left)[0]:
                break
            if not (piece := os.read(reading, 65536)):
                break
            text = (text + piece)[-10_000_000:]
    except BrokenPipeError:
        pass
    finally:
        os.close(reading)
        process.kill()
        process.wait()
    lines = text.decode(errors="replace").splitlines()
    return [said for line in lines if (said := child.opened(job.key, line))]


def _readable() -> list[str]:
    """What a hand-in may read: Python, the course's code and its data, not its notebooks."""
    python = [sys.prefix, sys.base_prefix, sys.exec_prefix, *sysconfig.get_paths().values()]
    parts = [config.PACKAGE, config.BUNDLED, config.ROOT / "weights", config.REFERENCE]
    return sorted({str(path.resolve()) for path in [*map(Path, python), *parts]})


def _environment(work: Path, profile: str) -> dict[str, str]:
    """The child's variables: places of its own, one thread, nothing of the instructor's."""
    own = {name: str(work) for name in ("HOME", "TMPDIR", "MPLCONFIGDIR", "IPYTHONDIR")}
    variables = config.Variable
    return {
        **own,
        "PATH": os.environ.get("PATH", ""),
        "LANG": "C.UTF-8",
        "MPLBACKEND": "agg",
        "OMP_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(config.PACKAGE.parent),
        variables.HOME.value: str(config.ROOT),
        variables.RUNS.value: str(work / "runs"),
        variables.CACHE.value: str(work / "cache"),
        variables.PROFILE.value: profile,
        variables.PROGRESS.value: "0",
        variables.WORKERS.value: "1",
    }
