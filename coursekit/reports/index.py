"""The index of reports: one card a lesson, with a picture, what is learned, and what came out; then
the source's figures beside ours.
"""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup
from PIL import Image

from coursekit import config
from coursekit import results as published
from coursekit.reports import document, html
from coursekit.reports.metadata import machine_of
from coursekit.runner import record
from coursekit.runner.lessons import LessonFile

WIDTH = 480  # of a thumbnail, in pixels
HEADLINES = 4


@dataclass(frozen=True)
class Card:
    """One lesson on the index page. facts: (name, value) pairs under its sentence."""

    title: str
    about: str
    learned: Markup
    href: str
    failure: str
    machine: str
    thumbnail: str
    alt: str
    facts: list[tuple[str, str]]
    measures: dict[str, float]
    others: tuple[str, ...] = ()


def card(run: Path, *, profile: str, others: Sequence[str] = ()) -> Card:
    """The card of one run's folder. others: the formats that lie beside its page."""
    lesson, outcome, results = (
        LessonFile(run / "notebook.ipynb"),
        record.load(run),
        record.results(run),
    )
    picture, alt = first_picture(lesson.notebook)
    claims = [("claims that hold", outcome.claims)] if outcome and outcome.claims else []
    seconds = [("seconds", str(results["seconds"]))] if "seconds" in results else []
    measures = figures(lesson, run.name, results.get("measures", {}))
    why = (
        ""
        if outcome and outcome.state == "ran"
        else outcome.error
        if outcome
        else "It was interrupted."
    )
    title = lesson.title if lesson.title != "notebook" else run.name
    learned = (
        Markup(html.fragment(document.prose(lesson.learned))) if lesson.learned else Markup("")
    )
    return Card(
        title,
        lesson.about,
        learned,
        f"{run.name}.html",
        why,
        machine_of(results),
        thumbnail(picture),
        alt,
        claims + seconds + measures,
        results.get("measures", {}),
        tuple(others),
    )


def page(cards: list[Card], *, profile: str) -> str:
    """The index as a whole HTML page."""
    machines = (
        ", ".join(dict.fromkeys(card.machine for card in cards if card.machine)) or "this machine"
    )
    return (
        html.environment()
        .get_template("index.html.j2")
        .render(
            cards=cards,
            profile=profile,
            machine=machines,
            rows=comparison(cards),
            style=Markup(html.style()),
            policy=Markup(html.POLICY),
        )
    )


def comparison(cards: list[Card]) -> list[tuple[Card, str, str, str, str]]:
    """(card, figure, source, strongest rival in this run, this run) of a figure for each lesson."""
    found = []
    for row in published.rows():
        for card in cards if row.table == published.HEADLINE else []:
            if card.href.startswith(f"{row.lesson}_") and row.measure in card.measures:
                rival = card.measures.get(row.baseline)
                against = "" if rival is None else f"{row.shown(rival)} {row.where}"
                ours = row.shown(card.measures[row.measure])
                found.append((card, row.figure, row.source or "not measured", against, ours))
    return found


def figures(lesson: LessonFile, run: str, measures: dict[str, float]) -> list[tuple[str, str]]:
    """(name, value with its unit) of the measures to show on a card.

    Those that the notebook's metadata names as headline, else those of the lesson's row in
    results.toml, else the first ones.
    """
    named = lesson.notebook.get("metadata", {}).get("coursekit", {}).get("headline", [])
    chosen = [name for name in named if name in measures]
    number = (lesson.id if lesson.id != "notebook" else run)[:2]
    rows = [row for row in published.rows() if row.lesson == number]
    if not chosen:
        own = [row for row in rows if row.table == published.HEADLINE and row.measure in measures]
        return [(row.figure, row.shown(measures[row.measure])) for row in own] or [
            (name.replace("_", " "), f"{measures[name]:.4g}") for name in list(measures)[:HEADLINES]
        ]
    words = {row.measure: row for row in rows}
    return [
        (words[name].figure, words[name].shown(measures[name]))
        if name in words
        else (name.replace("_", " "), f"{measures[name]:.4g}")
        for name in chosen
    ]


def first_picture(notebook: dict) -> tuple[bytes, str]:
    """The figure marked as a lesson's cover, else the first, and its alternative text; or none."""
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    shown = [
        (kind, output)
        for output in outputs
        for kind in config.FIGURES
        if output.get("data", {}).get(kind)
    ]
    covers = [
        pair for pair in shown if pair[1].get("metadata", {}).get("coursekit", {}).get("cover")
    ]
    for kind, output in [*covers[-1:], *shown]:
        alt = output.get("metadata", {}).get(kind, {}).get("alt", "")
        return base64.b64decode("".join(output["data"][kind])), alt
    return b"", ""


def thumbnail(content: bytes) -> str:
    """A picture's bytes -> base64 of a JPEG at most 480 pixels wide, on white."""
    if not content:
        return ""
    picture = Image.open(io.BytesIO(content)).convert("RGBA")
    white = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    white.thumbnail((WIDTH, WIDTH))
    buffer = io.BytesIO()
    white.save(buffer, "JPEG", quality=85)
    return base64.b64encode(buffer.getvalue()).decode()
