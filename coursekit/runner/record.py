"""What is known of a past run: whether it succeeded, and whether it would come out the same today.

`runs/PROFILE/LESSON/run.json` holds the state and the key of the run: hashes of the notebook's
sources, of coursekit's, of the cards of the data it used, and its settings. A run whose key still
fits is not repeated.
"""

import json
import os
from dataclasses import dataclass, replace
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from coursekit import config, files
from coursekit.config import Variable
from coursekit.runner.lessons import LessonFile

PACKAGES = ("torch", "torchvision", "numpy", "pillow", "scikit-image")
ENVIRONMENT = (
    Variable.THREADS,
    Variable.SET,
    "ATEN_CPU_CAPABILITY",
    "ONEDNN_MAX_CPU_ISA",
    "MKL_CBWR",
)


@dataclass(frozen=True)
class Job:
    """One lesson to run: where it is read, where it writes, and its parameters (name, value)."""

    lesson: str
    source: str
    folder: str
    parameters: tuple[tuple[str, object], ...]

    @property
    def settings(self) -> dict:
        """Everything outside the files that decides the results."""
        versions = {name: version(name) for name in PACKAGES}
        return {**dict(self.parameters), **environment(), **versions}


@dataclass(frozen=True)
class Outcome:
    """How a lesson's run ended. state: ran, current (not repeated), failed or stopped."""

    lesson: str
    state: str
    seconds: float = 0.0
    error: str = ""
    results: dict | None = None

    @property
    def claims(self) -> str:
        """Claims held of claims made, as in "5 of 6"."""
        made = (self.results or {}).get("claims", [])
        return f"{sum(bool(claim['holds']) for claim in made)} of {len(made)}" if made else ""


def environment() -> dict[str, str]:
    """What of the environment decides results, as far as it is set."""
    return {str(name): os.environ[name] for name in ENVIRONMENT if name in os.environ}


def folder(profile: str, lesson: str) -> Path:
    """Where a lesson's run of a profile is kept."""
    return config.runs() / profile / lesson


def key(job: Job, used: dict[str, str]) -> dict:
    """What decides the results of this job, as hashes and settings.

    used: the data sets it reads, name -> kind.
    """
    sources = LessonFile(Path(job.source)).sources
    return {
        "notebook": _digest(json.dumps(sources).encode()),
        "coursekit": _package(),
        "data": {name: [kind, _data(name, kind)] for name, kind in sorted(used.items())},
        "settings": job.settings,
    }


def outdated(job: Job) -> str:
    """Why the job has to run: the first reason, or nothing when the last run still stands."""
    past = load(job.folder)
    if past is None:
        return "not run yet"
    if past.state != "ran":
        return "the last run failed"
    stored = _json(Path(job.folder) / "run.json").get("key", {})
    now = key(job, {name: kind for name, (kind, _) in stored.get("data", {}).items()})
    changed = [name for name in now if now[name] != stored.get(name)]
    return f"{changed[0]} changed" if changed else ""


def load(run: Path | str) -> Outcome | None:
    """The last run kept in this folder, or None. Half a record counts as none."""
    run = Path(run)
    record, results = _json(run / "run.json"), _json(run / "results.json")
    if not record or not os.path.exists(run / "notebook.ipynb"):
        return None
    outcome = Outcome(
        run.name, record.get("state", ""), record.get("seconds", 0.0), record.get("error", "")
    )
    if outcome.state != "ran":
        return outcome
    return replace(outcome, results=results) if results else None


def save(job: Job, outcome: Outcome) -> None:
    """Keep how the run ended, whole or not at all."""
    data = (outcome.results or {}).get("data", {})
    used = {name: source.get("kind", "bundled") for name, source in data.items()}
    content = {
        "state": outcome.state,
        "seconds": round(outcome.seconds, 2),
        "error": outcome.error,
        "key": key(job, used),
    }
    text = json.dumps(content, indent=1, default=str) + "\n"
    files.write_text(Path(job.folder) / "run.json", text)


def forget(job: Job) -> None:
    """Remove the record and results of an earlier run, so that a new one cannot be taken for it."""
    for name in ("run.json", "results.json"):
        (Path(job.folder) / name).unlink(missing_ok=True)


def results(run: Path | str) -> dict:
    """A run's results.json, or an empty dict."""
    return _json(Path(run) / "results.json")


def _json(path: Path) -> dict:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _package() -> str:
    """Hash of the sources that lessons import."""
    home = config.PACKAGE
    return _digest(
        b"".join(
            f"{path.relative_to(home)}\0".encode() + path.read_bytes()
            for path in config.result_code()
        )
    )


def _data(name: str, kind: str) -> str:
    """Hash that stands for a data set's files: of a sample's card (checksums) or of a full set."""
    if kind == "full":
        from coursekit.datasets import catalog, sources

        source = sources.find(catalog.find(name))
        return source.sha256 if source else ""
    card = config.BUNDLED / name / "card.toml"
    return _digest(card.read_bytes()) if card.exists() else ""


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()
