"""Where things are. Found from the package, because the notebook runners disagree on the working directory."""

import os
from pathlib import Path

import platformdirs

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
BUNDLED = ROOT / "data"
EXPECTED = ROOT / "tests" / "expected"
NOT_IN_RESULTS = ("cli", "reports", "bench.py", "doctor.py", "handin", "marks.py")     # parts of coursekit no lesson imports


def result_code() -> list[Path]:
    """The package's sources that can change a lesson's results, in order."""
    home = ROOT / "coursekit"
    return sorted(path for path in home.rglob("*.py") if path.relative_to(home).parts[0] not in NOT_IN_RESULTS)


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
