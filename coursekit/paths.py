"""Where things are. Found from the package, because the notebook runners disagree on the working directory."""

import os
from pathlib import Path

import platformdirs

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
BUNDLED = ROOT / "data"
EXPECTED = ROOT / "tests" / "expected"


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
