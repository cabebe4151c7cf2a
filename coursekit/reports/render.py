"""Reports: one self-contained HTML page for each executed notebook, and an index. Nothing is run again.

A page asks nobody for anything: its content policy forbids it, so it reads the same on a plane and in ten years.
"""

import base64
import json
import os
import re
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from pathlib import Path

import nbformat
from nbconvert import HTMLExporter
from nbformat import NotebookNode

from coursekit import paths
from coursekit.errors import CourseError
from coursekit.reports import index, prose, record
from coursekit.reports.lessons import LessonFile, lessons
from coursekit.reports.record import Outcome

TEMPLATE = Path(__file__).parent / "template"
POLICY = "default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'"
BANNER = "papermill-error-cell-tag"


def render(chosen: Iterable[LessonFile], *, profile: str) -> tuple[Path, list[str]]:
    """Write reports/PROFILE/LESSON.html of each chosen lesson that ran, and the index of all. Returns index, warnings."""
    target = paths.reports() / profile
    ran = [lesson.id for lesson in chosen if (record.folder(profile, lesson.id) / "notebook.ipynb").exists()]
    if not ran:
        raise CourseError(f"nothing to report: no such lesson has run at profile {profile}; try: coursekit run --profile {profile}")
    target.mkdir(parents=True, exist_ok=True)
    warnings = []
    for lesson in ran:
        report = page(record.folder(profile, lesson), profile=profile)
        warnings += [f"{lesson}: this formula stays as typed: {each}" for each in prose.unreadable_formulas(report)]
        write(target / f"{lesson}.html", report)
    known = [lesson.id for lesson in lessons() if (target / f"{lesson.id}.html").exists()]
    cards = [index.card(record.folder(profile, lesson), profile=profile) for lesson in known]
    write(target / "index.html", index.page(cards, profile=profile, style=_style(), policy=POLICY))
    return target / "index.html", warnings


def page(run: Path, *, profile: str) -> str:
    """The report of one run's folder as a whole HTML page."""
    notebook = nbformat.read(run / "notebook.ipynb", as_version=4)
    title = LessonFile(run / "notebook.ipynb").title
    contents = prepare(notebook, folder=paths.notebooks())
    results = record.results(run)
    report = {
        "title": title if title != "notebook" else run.name, "policy": POLICY, "style": _style(), "font": _font(notebook),
        "contents": contents, "failure": failure(run), "record": json.dumps(_background(results), indent=1),
        "facts": facts(results, profile=profile, finished=finished(notebook), outcome=record.load(run)),
    }
    return _exporter().from_notebook_node(notebook, resources={"report": report})[0]


def prepare(notebook: NotebookNode, *, folder: Path) -> list[tuple[int, str, str]]:
    """Turn the notebook's Markdown into HTML in place, without its title; return the contents: headings 2 and 3."""
    notebook.cells = [cell for cell in notebook.cells if BANNER not in cell.metadata.get("tags", [])]
    prosaic = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    for cell in prosaic:
        cell.source = prose.to_html(cell.source, folder=folder, attachments=cell.get("attachments"))
    pages, headings = prose.number_headings([cell.source for cell in prosaic])
    for cell, source in zip(prosaic, pages, strict=True):
        cell.source = source
    if prosaic:
        prosaic[0].source = re.sub(r"<h1\b.*?</h1>", "", prosaic[0].source, count=1, flags=re.DOTALL)
    for output in (output for cell in notebook.cells for output in prose.outputs(cell)):
        if "text/markdown" in output.data:
            output.data["text/markdown"] = prose.to_html(output.data["text/markdown"], folder=folder)
    return [heading for heading in headings if heading[0] in (2, 3)]


def failure(run: Path) -> str:
    """Why a run did not finish, or nothing."""
    outcome = record.load(run)
    if outcome is None:
        return "It was interrupted."
    return outcome.error if outcome.state != "ran" else ""


def facts(results: dict, *, profile: str, finished: str, outcome: Outcome | None) -> list[tuple[str, str]]:
    """What stands under a report's title: (name, value)."""
    machine = f"{index.machine(results)}, {results['threads']} threads" if "threads" in results else ""
    rows = [("profile", profile), ("seed", results.get("seed", "")), ("run", finished), ("machine", machine),
            ("seconds", results.get("seconds", "")), ("precision", results.get("precision", "")),
            ("claims that hold", outcome.claims if outcome else "")]
    return [(name, str(value)) for name, value in rows if value != ""]


def finished(notebook: NotebookNode) -> str:
    """When papermill ended this notebook, as in 2026-11-21 10:04 UTC, or nothing."""
    moment = notebook.metadata.get("papermill", {}).get("end_time")
    return f"{datetime.fromisoformat(moment):%Y-%m-%d %H:%M} UTC" if moment else ""


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    temporary = path.with_suffix(f".{os.getpid()}.part")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)


@cache
def _exporter() -> HTMLExporter:
    return HTMLExporter(template_name="report", extra_template_basedirs=[str(TEMPLATE)], exclude_input_prompt=True,
                        exclude_output_prompt=True)


@cache
def _style() -> str:
    return (TEMPLATE / "style.css").read_text(encoding="utf-8")


def _font(notebook: NotebookNode) -> str:
    """The mathematical font as a style rule, for a page with formulas: few machines have one, and braces need it."""
    shown = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    shown += [each.data.get("text/markdown", "") for cell in notebook.cells for each in prose.outputs(cell)]
    if not any("<math" in text for text in shown):
        return ""
    data = base64.b64encode((TEMPLATE / "math.woff").read_bytes()).decode()
    return f'@font-face {{ font-family: "Coursekit Math"; src: url("data:font/woff;base64,{data}") format("woff"); }}'


def _background(results: dict) -> dict:
    return {name: results.get(name, {}) for name in ("settings", "data", "versions")}
