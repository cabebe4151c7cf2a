"""One notebook of a hand-in, read as data: was it run in order, are outputs, captions and analysis there?"""

import ast
import base64
import binascii
import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from coursekit.homework.pictures import Picture

CAPTION = re.compile(
    r"(Figure|Fig\.?|Table|شکل|جدول)\s*(\d+)\s*[.:،–-]\s*(\S.*)?", re.IGNORECASE | re.DOTALL
)
KINDS = {
    "figure": "figure",
    "fig": "figure",
    "fig.": "figure",
    "شکل": "figure",
    "table": "table",
    "جدول": "table",
}
EXEMPT = (
    "Settings of each profile",
    "The claims of this lesson",
)  # coursekit's own tables: the lesson's text is their analysis
ANALYSIS = re.compile(
    r"analys|discuss|conclusion|تحلیل|بحث|نتیجه", re.IGNORECASE
)  # a section of this name belongs to the one before
WORDS = 12  # of prose count as an analysis
LARGEST_OUTPUT, LARGEST_TEXT = 4_000_000, 200_000
SHOWING = {"print", "display", "show", "figure", "table", "say", "imshow"}
RERUN = "restart the kernel, run all cells, save"


@dataclass
class Event:
    """Something a reader meets, in order. kind: heading, prose, figure, table or caption. cell: from 1, as people count."""

    kind: str
    cell: int
    number: int = 0
    of: str = ""  # of a caption: figure or table
    text: str = ""


@dataclass
class Notebook:
    """What a notebook shows, and what is wrong with it."""

    name: str
    events: list[Event] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    text: str = ""
    faults: list[str] = field(default_factory=list)


def read(path: Path, *, name: str) -> Notebook:
    """Read a notebook and look for every fault in it. Nothing in it is run."""
    found = Notebook(name)
    try:
        cells = _cells(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, RecursionError, AttributeError):
        found.faults.append(
            f"{name}: is not a readable notebook; open it in JupyterLab and save it again"
        )
        return found
    for number, cell in enumerate(cells, 1):
        _look(found, number, cell)
    found.text = _plain(" ".join(text for cell in cells for text in _texts(cell)))
    wrong = [
        *_order(cells),
        *_sizes(cells),
        *_captions(found.events),
        *_numbers(found.events),
        *_analysis(found.events),
    ]
    found.faults += [f"{name}, {each}" for each in wrong]
    return found


def outputs(cell: dict) -> Iterator[tuple[str, str]]:
    """(media type, content) of a cell's outputs, in order: the richest form of each; "error" for an error."""
    for output in cell["outputs"]:
        if output.get("output_type") == "error":
            yield "error", str(output.get("ename", "error"))
        elif output.get("output_type") == "stream":
            yield "text/plain", _joined(output.get("text", ""))
        else:
            data = output.get("data") or {}
            kinds = [
                kind
                for kind in (
                    "image/png",
                    "image/jpeg",
                    "image/svg+xml",
                    "text/html",
                    "text/markdown",
                    "text/latex",
                    "text/plain",
                )
                if kind in data
            ]
            if kinds:
                yield kinds[0], _joined(data[kinds[0]])


def _cells(content: dict) -> list[dict]:
    """The cells in one shape: source as text, outputs as a list of dictionaries."""
    return [
        {
            "type": str(cell.get("cell_type")),
            "source": _joined(cell.get("source", "")),
            "count": cell.get("execution_count"),
            "attachments": cell.get("attachments") or {},
            "outputs": [dict(each) for each in cell.get("outputs") or []],
        }
        for cell in content["cells"]
    ]


def _joined(text: object) -> str:
    return "".join(map(str, text)) if isinstance(text, list) else str(text)


def _look(found: Notebook, number: int, cell: dict) -> None:
    """Note what a reader meets in this cell."""
    if cell["type"] == "markdown":
        found.pictures += [
            picture
            for bundle in cell["attachments"].values()
            for data in bundle.values()
            if (picture := _picture(_joined(data)))
        ]
        found.events += _prose(cell["source"], number)
    for kind, content in outputs(cell) if cell["type"] == "code" else ():
        if kind.startswith("image/"):
            found.pictures += (
                [picture] if kind != "image/svg+xml" and (picture := _picture(content)) else []
            )
            found.events.append(Event("figure", number))
        elif kind == "text/html":
            found.events += _shown_html(content, number)
        elif kind == "text/markdown":
            found.events += _prose(content, number)
        elif kind == "text/plain" and (caption := _caption(content, number)):
            found.events.append(caption)


def _prose(markdown: str, cell: int) -> Iterator[Event]:
    """What a reader meets in Markdown, block by block."""
    for block in re.split(r"\n\s*\n", re.sub(r"```.*?```", "", markdown, flags=re.DOTALL)):
        block = block.strip()
        if block.startswith("#"):
            first, _, block = block.partition("\n")
            yield Event("heading", cell, number=len(first) - len(first.lstrip("#")), text=first)
        pictures = re.findall(
            r"!\[(.*?)\]\([^)]*\)|<img\b[^>]*?(?:alt=[\"'](.*?)[\"'])?[^>]*>", block
        )
        for alternative in (first or second for first, second in pictures):
            yield Event("figure", cell)
            if caption := _caption(alternative, cell):
                yield caption
        block = re.sub(r"!\[.*?\]\([^)]*\)", "", block)
        if re.search(r"^\s*\|?\s*:?-{3,}:?\s*\|", block, re.MULTILINE) or "<table" in block:
            yield Event(
                "typed table", cell
            )  # part of the prose; what the code showed needs a caption
        elif caption := _caption(_plain(block), cell):
            yield caption
        elif words := _plain(block):
            yield Event("prose", cell, text=words)


def _shown_html(content: str, cell: int) -> Iterator[Event]:
    """A caption, a table, or both, in the order of the page."""
    before, table, _ = content.partition("<table")
    if caption := _caption(_plain(before), cell):
        yield caption
    if table:
        yield Event("table", cell)
    if "<img" in before or "<svg" in before:
        yield Event("figure", cell)


def _caption(text: str, cell: int) -> Event | None:
    match = CAPTION.match(text.strip(" *_\n"))
    return (
        Event("caption", cell, int(match[2]), KINDS[match[1].lower()], (match[3] or "").strip())
        if match
        else None
    )


def _order(cells: list[dict]) -> Iterator[str]:
    """Cells that were not run, not in order, that failed, or whose output is gone."""
    due = 0
    code = [
        (number, cell)
        for number, cell in enumerate(cells, 1)
        if cell["type"] == "code" and cell["source"].strip()
    ]
    if not code:
        yield "no code cell: hand in the notebook that made the results"
    for number, cell in code:
        due += 1
        if cell["count"] is None:
            yield f"cell {number}: was not run; {RERUN}"
            due -= 1
        elif cell["count"] != due:
            yield f"cell {number}: was run as number {cell['count']} where {due} is due, so not in order from a fresh kernel; {RERUN}"
            due = cell["count"] if isinstance(cell["count"], int) else due
        kinds = list(outputs(cell))
        for kind, content in kinds:
            if kind == "error":
                yield f"cell {number}: stopped with {content}; mend it, {RERUN}"
        if cell["count"] is not None and not cell["outputs"] and _shows(cell["source"]):
            yield f"cell {number}: was run, but its output is not stored; {RERUN} without clearing outputs"


def _sizes(cells: list[dict]) -> Iterator[str]:
    for number, cell in enumerate(cells, 1):
        for kind, content in outputs(cell):
            most = (
                LARGEST_OUTPUT if kind.startswith("image/") or kind == "text/html" else LARGEST_TEXT
            )
            if len(content) > most:
                yield f"cell {number}: an output of {len(content) / 1e6:.1f} MB, at most {most / 1e6:g}; make the figure smaller or print less"


def _captions(events: list[Event]) -> Iterator[str]:
    """A figure's caption stands right below it, a table's right above."""
    for index, event in enumerate(events):
        below = events[index + 1] if index + 1 < len(events) else Event("", 0)
        above = events[index - 1] if index else Event("", 0)
        if event.kind == "figure" and (below.kind, below.of) != ("caption", "figure"):
            yield f'cell {event.cell}: a figure without a caption below it; write "Figure N. What it shows" there (lesson.figure does)'
        if event.kind == "table" and (above.kind, above.of) != ("caption", "table"):
            yield f'cell {event.cell}: a table without a caption above it; write "Table N. What it holds" there (lesson.table does)'
        if event.kind == "caption" and len(event.text) < 3:
            yield f"cell {event.cell}: the caption of {event.of} {event.number} says nothing; say what the {event.of} shows"


def _numbers(events: list[Event]) -> Iterator[str]:
    """Numbers of a kind go 1, 2, 3 …"""
    for kind in ("figure", "table"):
        numbers = [
            (event.number, event.cell)
            for event in events
            if (event.kind, event.of) == ("caption", kind)
        ]
        for due, (number, cell) in enumerate(numbers, numbers[0][0] if numbers else 1):
            if number != due:
                yield f"cell {cell}: {kind} {number} stands where {kind} {due} is due; number them in the order of the page"
                break


def _analysis(events: list[Event]) -> Iterator[str]:
    """After the last figure or table of a section, or in a section of analysis right after it, some prose says what it means."""
    open_at, since = 0, 0
    for index, event in enumerate([*events, Event("heading", 0, number=1)]):
        exempt = index and events[index - 1].text.startswith(EXEMPT)
        if event.kind in ("figure", "table") and not exempt:
            open_at, since = event.cell, 0
        elif event.kind == "prose":
            since += len(event.text.split())
        elif event.kind == "heading" and event.number <= 2 and not ANALYSIS.search(event.text):
            if open_at and since < WORDS:
                yield f"cell {open_at}: nothing is said about this result before the section ends; write below it what it shows and why"
            open_at = 0


def _shows(source: str) -> bool:
    """Whether this code shows something at its top level, as far as it can be read."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    calls = [
        each.value.func
        for each in body
        if isinstance(each, ast.Expr) and isinstance(each.value, ast.Call)
    ]
    names = {
        each.attr if isinstance(each, ast.Attribute) else getattr(each, "id", "") for each in calls
    }
    return bool(names & SHOWING)


def _texts(cell: dict) -> Iterator[str]:
    if cell["type"] == "markdown":
        yield cell["source"]
    for kind, content in outputs(cell):
        if kind.startswith("text/"):
            yield content


def _picture(data: str) -> Picture | None:
    try:
        return Picture.of(base64.b64decode(data, validate=False))
    except (binascii.Error, ValueError):
        return None


def _plain(markup: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", markup)).split())
