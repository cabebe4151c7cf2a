"""Where things are, the environment variables, and the words that rooms share. Light: no torch.

In a checkout places are found from the package, because the notebook runners disagree on the
working directory; an installed package finds them from the folder that `coursekit init` made.
"""

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

import platformdirs

from coursekit.errors import UsageError

PROFILES = ("smoke", "quick", "full")
FORMATS = ("html", "docx", "pdf")  # of reports
FIGURES = {"image/png": "png", "image/jpeg": "jpg"}  # kinds of figures: their files' suffix
STORED = "stored"  # the folder of runs whose outputs a notebook keeps
THREADS = 1  # other cores are for other lessons, and for the runs of a sweep

PACKAGE = Path(__file__).resolve().parent
IN_CHECKOUT = (PACKAGE.parent / "pyproject.toml").is_file()
NOT_IN_RESULTS = (
    "cli",
    "reports",
    "bench.py",
    "bench_cases.py",
    "doctor.py",
    "grading",
    "homework",
    "results.py",
    "runner",
    "site",
)  # parts of coursekit no lesson imports


def result_code() -> list[Path]:
    """The package's sources that can change a lesson's results, in order."""
    return sorted(
        path
        for path in PACKAGE.rglob("*.py")
        if path.relative_to(PACKAGE).parts[0] not in NOT_IN_RESULTS
    )


class Variable(StrEnum):
    """The environment variables of coursekit, each with what it is for. Nothing else reads them."""

    meaning: str

    def __new__(cls, name: str, meaning: str) -> "Variable":
        member = str.__new__(cls, name)
        member._value_, member.meaning = name, meaning
        return member

    HOME = "COURSEKIT_HOME", "folder of the course, else the checkout, else the one you are in"
    RUNS = "COURSEKIT_RUNS", "folder of executed notebooks, results and checkpoints, else `runs/`"
    REPORTS = "COURSEKIT_REPORTS", "folder of reports, else `reports/`"
    CACHE = "COURSEKIT_CACHE", "folder of the full data sets, else the user's cache folder"
    NOTEBOOKS = "COURSEKIT_NOTEBOOKS", "folder of the lessons, else `notebooks/`"
    PROFILE = "COURSEKIT_PROFILE", "profile of notebooks that you run by hand"
    SET = "COURSEKIT_SET", "settings for one run, as JSON: what `--set` passes on"
    THREADS = "COURSEKIT_THREADS", "threads of one lesson, else 1, which the stored results have"
    WORKERS = "COURSEKIT_WORKERS", "processes of a sweep, else as many as there are cores"
    CLUSTER = "COURSEKIT_CLUSTER", "address of a Dask scheduler, as `tcp://HOST:8786`"
    PROGRESS = "COURSEKIT_PROGRESS", "`0` shows no progress lines"
    DEBUG = "COURSEKIT_DEBUG", "`1` shows where an unexpected error arose"
    CHECK = (
        "COURSEKIT_CHECK",
        "`required`: `tests/test_reference.py` fails where a run is missing",
    )
    OUT = "COURSEKIT_OUT", "folder of the run in progress: the runner sets it for its kernels"


def value(variable: Variable) -> str:
    """A variable's text, empty where it is not set."""
    return os.environ.get(variable, "")


def put(variable: Variable, text: str | None) -> None:
    """Set a variable for this process and those it starts; None takes it away."""
    if text is None:
        os.environ.pop(variable, None)
    else:
        os.environ[variable] = text


def _root() -> Path:
    """The course's folder: the one named, the checkout, else the one that we are in or below."""
    if value(Variable.HOME):
        return Path(value(Variable.HOME)).resolve()
    if IN_CHECKOUT:
        return PACKAGE.parent
    here = Path.cwd()
    courses = (folder for folder in (here, *here.parents) if _is_course(folder))
    return next(courses, here)


def _is_course(folder: Path) -> bool:
    return all((folder / name).is_dir() for name in ("notebooks", "data", "reference"))


ROOT = _root()
NOTEBOOKS = ROOT / "notebooks"
BUNDLED = ROOT / "data"
WEIGHTS = ROOT / "weights"
REFERENCE = ROOT / "reference"


def recovery() -> str:
    """How to get the course's files again where some are missing or damaged."""
    if IN_CHECKOUT:
        return "restore it with git"
    return "go to the folder that `coursekit init FOLDER` made, or make one"


def cache() -> Path:
    """Folder of the downloaded and decoded full sets."""
    return Path(value(Variable.CACHE) or platformdirs.user_cache_dir("coursekit"))


def runs() -> Path:
    """Folder of executed notebooks, results and checkpoints."""
    return Path(value(Variable.RUNS) or ROOT / "runs")


def reports() -> Path:
    """Folder of rendered reports."""
    return Path(value(Variable.REPORTS) or ROOT / "reports")


def notebooks() -> Path:
    """Folder of the lessons."""
    return Path(value(Variable.NOTEBOOKS) or NOTEBOOKS)


def run_folder() -> Path | None:
    """The folder that the runner gave to this kernel, or None where a person runs the notebook."""
    return Path(value(Variable.OUT)) if value(Variable.OUT) else None


def interactive_runs() -> Path:
    """Where notebooks that a person runs leave their results, apart from the runner's record."""
    return runs() if value(Variable.RUNS) else runs() / "interactive"


def quiet() -> bool:
    """True where progress lines are switched off."""
    return value(Variable.PROGRESS) == "0"


def debugging() -> bool:
    """True where unexpected errors show their traceback."""
    return value(Variable.DEBUG) == "1"


@contextmanager
def without_warnings() -> Iterator[None]:
    """Warnings are for programmers: none is shown unless Python or COURSEKIT_DEBUG asks for it."""
    with warnings.catch_warnings():
        if not sys.warnoptions and not debugging():
            warnings.simplefilter("ignore")
        yield


def cluster_address() -> str | None:
    """The Dask scheduler that the environment names, or None."""
    return value(Variable.CLUSTER) or None


def thread_count() -> int:
    """Threads for torch: those asked for, else the one that the stored outputs were made with."""
    return _whole(Variable.THREADS) or THREADS


def worker_limit() -> int | None:
    """Worker processes asked for, or None."""
    return _whole(Variable.WORKERS)


def _whole(variable: Variable) -> int | None:
    """A variable's whole number from 1, None where it is not set. UsageError on anything else."""
    if variable not in os.environ:
        return None
    text = value(variable)
    if not (text.isascii() and text.isdecimal()) or int(text) < 1:
        raise UsageError(f"{variable} is {text!r}: give a whole number from 1, or unset it")
    return int(text)


def side_by_side(jobs: int) -> int:
    """At most `jobs` lessons at a time, and no more than there are cores for, but one.

    Threads that share a core wait for each other at every step: measured here, 2 threads on
    1 core trained the denoiser in bfloat16 20 times slower than 1 thread did.
    """
    return max(1, min(jobs, cores() // thread_count()))


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
