"""What a reader sees of a notebook, cell by cell: each piece as Markdown, as HTML, or as blocks of
pandoc's tree.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from nbformat import NotebookNode

from coursekit.reports import nodes, pictures, sanitize
from coursekit.reports.nodes import Node

PICTURES = ("image/png", "image/jpeg", "image/svg+xml", "image/gif", "image/webp")
FOREIGN = {  # how the type of an output begins -> what it is
    "application/vnd.plotly": "a Plotly figure",
    "application/vnd.vega": "an Altair or Vega chart",
    "application/vnd.bokeh": "a Bokeh figure",
    "application/vnd.holoviews": "a HoloViews figure",
    "application/vnd.jupyter.widget-view": "an interactive widget",
    "application/geo+json": "a map",
    "application/pdf": "a PDF",
    "application/javascript": "a script",
    "application/json": "JSON data",
    "video/": "a video",
    "audio/": "a sound",
}
PLAIN = ("text/html", "text/markdown", "text/latex", "text/plain")
NO_ALT = "A figure without a description"
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True)
class Piece:
    """Markdown or HTML to be read, or blocks. cell: its number from 1; attachments: a cell's own
    pictures.
    """

    cell: int
    markdown: str = ""
    html: str = ""
    blocks: tuple[Node, ...] = ()
    attachments: dict = field(default_factory=dict)


def pieces(notebook: NotebookNode, taken: dict[str, bytes]) -> Iterator[Piece]:
    """Everything a reader sees, in order; pictures are taken into `taken`."""
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type == "markdown":
            yield Piece(number, markdown=cell.source, attachments=cell.get("attachments") or {})
        for output in cell.get("outputs", []):
            yield _piece(number, output, taken)


def lost(what: str) -> Node:
    """A box in place of something that a report cannot show."""
    return nodes.div([nodes.para(nodes.words(what))], classes=["ck-lost"])


def typed(text: str, kind: str = "ck-stream") -> tuple[Node, ...]:
    """Text of a fixed width, if there is any; colors of a terminal stay in its attribute ansi."""
    bare = ESCAPE.sub("", text).strip("\n")
    colors = [["ansi", text.strip("\n")]] if "\x1b[" in text else []
    return (nodes.node("CodeBlock", ["", [kind], colors], bare),) if bare.strip() else ()


def _piece(number: int, output: NotebookNode, taken: dict[str, bytes]) -> Piece:
    if output.output_type == "stream":
        return Piece(number, blocks=typed(output.text))
    if output.output_type == "error":
        told = f"{output.get('ename', 'Error')}: {output.get('evalue', '')}"
        trace = "\n".join(output.get("traceback") or []) or told
        whole = nodes.div(list(typed(trace)), identifier="failure", classes=["ck-error"])
        return Piece(number, blocks=(whole,))
    data = output.get("data", {})
    shown = _picture(data, output.get("metadata", {}), taken)
    return Piece(number, blocks=shown) if shown else _text(number, data)


def _picture(data: dict, metadata: dict, taken: dict[str, bytes]) -> tuple[Node, ...]:
    """The first form of an output that is a picture; one that is damaged is told."""
    kinds = [kind for kind in PICTURES if kind in data]
    for kind in kinds:
        if name := pictures.take(pictures.decoded(data[kind]), taken):
            given = metadata.get(kind)
            alt = str(given.get("alt") or "") if isinstance(given, dict) else ""
            return (nodes.para([nodes.image(name, alt or NO_ALT)]),)
    return (lost("a picture that cannot be read"),) if kinds and "text/html" not in data else ()


def _text(number: int, data: dict) -> Piece:
    """The richest form that shows something; a box where there is none."""
    markup = str(data.get("text/html", ""))
    clean = sanitize.clean(markup)
    if sanitize.visible(clean):
        return Piece(number, html=clean)
    for kind in ("text/markdown", "text/latex"):
        if str(data.get(kind, "")).strip():
            return Piece(number, markdown=str(data[kind]))
    text = str(data.get("text/plain", ""))
    if what := _foreign(data, markup):
        said = typed(text) if what == FOREIGN["application/vnd.jupyter.widget-view"] else ()
        return Piece(number, blocks=(lost(what), *said))
    return Piece(number, blocks=typed(text))


def _foreign(data: dict, markup: str) -> str:
    """What an output was that a report cannot show, or nothing."""
    kinds = [kind for kind in data if kind not in PLAIN and kind not in PICTURES]
    known = [what for start, what in FOREIGN.items() for kind in kinds if kind.startswith(start)]
    if known:
        return known[0]
    if kinds and "text/plain" not in data:
        return f"an output of the type {kinds[0]}"
    if re.search(r"<(?!/|!|script|style|link|meta)\w", markup, re.IGNORECASE):
        library = next((name for name in ("Plotly", "Bokeh") if name.lower() in markup.lower()), "")
        return f"a {library} figure" if library else "an interactive output"
    return ""
