"""Where things are, how many threads compute, and the words that several rooms share. Light: torch is not imported.

Places are found from the package, because the notebook runners disagree on the working directory.
"""

import os
from pathlib import Path

import platformdirs

from coursekit.errors import UsageError

PROFILES = ("smoke", "quick", "full")
FORMATS = ("html", "docx", "pdf")  # of reports
THREADS = 1  # other cores are for other lessons, and for the runs of a sweep

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
BUNDLED = ROOT / "data"
REFERENCE = ROOT / "reference"
NOT_IN_RESULTS = (
    "cli",
    "reports",
    "bench.py",
    "doctor.py",
    "homework",
    "runner",
)  # parts of coursekit no lesson imports


def result_code() -> list[Path]:
    """The package's sources that can change a lesson's results, in order."""
    home = ROOT / "coursekit"
    return sorted(
        path for path in home.rglob("*.py") if path.relative_to(home).parts[0] not in NOT_IN_RESULTS
    )


def cache() -> Path:
    """Folder of the downloaded and decoded full sets (COURSEKIT_CACHE overrides)."""
    return Path(os.environ.get("COURSEKIT_CACHE") or platformdirs.user_cache_dir("coursekit"))


def runs() -> Path:
    """Folder of executed notebooks, results and checkpoints (COURSEKIT_RUNS overrides)."""
    return Path(os.environ.get("COURSEKIT_RUNS") or ROOT / "runs")


def reports() -> Path:
    """Folder of rendered reports (COURSEKIT_REPORTS overrides)."""
    return Path(os.environ.get("COURSEKIT_REPORTS") or ROOT / "reports")


def notebooks() -> Path:
    """Folder of the lessons (COURSEKIT_NOTEBOOKS overrides)."""
    return Path(os.environ.get("COURSEKIT_NOTEBOOKS") or NOTEBOOKS)


def thread_count() -> int:
    """Threads for torch: COURSEKIT_THREADS, else the one that the stored outputs were made with."""
    value = os.environ.get("COURSEKIT_THREADS")
    if value is not None:
        if not value.isdecimal() or int(value) < 1:
            raise UsageError(
                f"COURSEKIT_THREADS is {value!r}: give a whole number from 1, or unset it"
            )
        return int(value)
    return THREADS


def side_by_side(jobs: int) -> int:
    """At most `jobs` lessons at a time, and no more than there are cores for, but one.

    Threads that share a core wait for each other at every step: measured here, 2 threads on 1 core trained the
    denoiser in bfloat16 20 times slower than 1 thread did.
    """
    return max(1, min(jobs, cores() // thread_count()))


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
