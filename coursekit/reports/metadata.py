"""What a report says of a run beside its results: title, course, when, where, with which settings,
data and versions.
"""

import tomllib
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from nbformat import NotebookNode

from coursekit import config
from coursekit.runner import record
from coursekit.runner.record import Outcome

COURSE = "coursekit: a reproducible notebook course on generative deep learning"


@dataclass(frozen=True)
class ReportMetadata:
    """facts: (name, value) under the title; appendix: (title, header, rows) of each table at the
    end.
    """

    title: str
    facts: list[tuple[str, str]]
    failure: str = ""
    course: str = COURSE
    appendix: list[tuple[str, list[str], list[list[str]]]] = field(default_factory=list)


MACHINE = ("date", "processor", "device", "threads", "precision", "seconds", "peak_gb", "seed")


def of_run(run: Path, notebook: NotebookNode, *, profile: str) -> ReportMetadata:
    """Those of a lesson's run, from its folder."""
    results, outcome = record.results(run), record.load(run)
    return ReportMetadata(
        title_of(notebook, run.name),
        facts(results, profile=profile, finished=finished(notebook), outcome=outcome),
        failure(run),
        appendix=appendix(results),
    )


def of_file(path: Path, notebook: NotebookNode) -> ReportMetadata:
    """Those of any executed notebook, of which nothing is known but what it says itself."""
    return ReportMetadata(title_of(notebook, path.stem), [("notebook", path.name)], course="")


def title_of(notebook: NotebookNode, default: str) -> str:
    """The first heading of a notebook's prose, or the default."""
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    lines = [line for text in texts for line in text.splitlines() if line.startswith("#")]
    return next((line.lstrip("#").strip() for line in lines), default) or default


def machine_of(results: dict) -> str:
    """What a run was computed on."""
    device = results.get("device", "")
    return f"{results.get('processor', '')} ({device})" if device else ""


def failure(run: Path) -> str:
    """Why a run did not finish, or nothing."""
    outcome = record.load(run)
    if outcome is None:
        return "It was interrupted."
    return outcome.error if outcome.state != "ran" else ""


def facts(
    results: dict, *, profile: str, finished: str, outcome: Outcome | None
) -> list[tuple[str, str]]:
    """What stands under a report's title: (name, value)."""
    count = results.get("threads")
    machine = f"{machine_of(results)}, {count} thread{'s' * (count != 1)}" if count else ""
    changed = ", ".join(f"{name} = {value}" for name, value in results.get("changed", {}).items())
    rows = [
        ("profile", profile),
        ("changed settings", changed),
        ("seed", results.get("seed", "")),
        ("run", finished),
        ("machine", machine),
        ("seconds", results.get("seconds", "")),
        ("precision", results.get("precision", "")),
        ("claims that hold", outcome.claims if outcome else ""),
    ]
    return [(name, str(value)) for name, value in rows if value != ""]


def finished(notebook: NotebookNode) -> str:
    """When papermill ended this notebook, as in 2026-11-21 10:04 UTC, or nothing."""
    moment = notebook.metadata.get("papermill", {}).get("end_time")
    return f"{datetime.fromisoformat(moment):%Y-%m-%d %H:%M} UTC" if moment else ""


def appendix(results: dict) -> list[tuple[str, list[str], list[list[str]]]]:
    """Settings, data with their licenses, machine and versions of a run; what is not known is left
    out.
    """
    machine = [[name, results[name]] for name in MACHINE if name in results]
    tables = [
        ("Settings", ["setting", "value"], _pairs(results.get("settings", {}))),
        (
            "Data and licenses",
            ["data", "what", "license", "from", "SHA-256"],
            [_data(name, used) for name, used in results.get("data", {}).items()],
        ),
        ("Machine", ["what", "value"], machine),
        ("Versions", ["package", "version"], _pairs(results.get("versions", {}))),
    ]
    return [
        (title, header, [[str(cell) for cell in row] for row in rows])
        for title, header, rows in tables
        if rows
    ]


def _pairs(values: dict) -> list[list]:
    return [[name, value] for name, value in values.items()]


def _data(name: str, used: dict) -> list[str]:
    """A row on one data set: the sample's card knows, or the catalog."""
    digest = str(used.get("sha256") or "")[:12]
    card = config.BUNDLED / name / "card.toml"
    if used.get("kind") == "bundled" and card.is_file():
        told = tomllib.loads(card.read_text(encoding="utf-8"))
        return [
            name,
            f"bundled sample: {told.get('what', '')}",
            told.get("license", ""),
            told.get("origin", ""),
            digest,
        ]
    from coursekit.datasets import catalog

    known = next((entry for entry in catalog.ENTRIES if entry.name == name), None)
    return [
        name,
        f"{used.get('kind', '')} set: {known.title if known else name}",
        known.license if known else "",
        "",
        digest,
    ]
