"""HTML: pandoc writes the page's text with MathML, a template puts it into a page that asks nobody
for anything.
"""

import base64
import html
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup
from rich.text import Text

from coursekit.reports import formulas, nodes, pandoc
from coursekit.reports.appendix import ANCHOR, appendix
from coursekit.reports.direction import rightwards
from coursekit.reports.document import Document
from coursekit.reports.metadata import ReportMetadata
from coursekit.reports.nodes import Node

TEMPLATE = Path(__file__).parent / "template"
POLICY = "default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'"
KINDS = {"png": "image/png", "jpg": "image/jpeg", "gif": "image/gif", "svg": "image/svg+xml"}
COLORS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")  # of a terminal
FORMAT = "html5-task_lists-auto_identifiers"
FORMATS = {
    "docx": "Word",
    "pdf": "PDF",
}  # the other reports of a notebook, by what people call them


def made(
    document: Document,
    metadata: ReportMetadata,
    *,
    code: Sequence[str] = (),
    others: Sequence[tuple[str, str]] = (),
) -> str:
    """The report as a whole HTML page. others: (format, address) of the reports beside it."""
    body = fragment(document)
    end = appendix(metadata, code)
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            told=metadata,
            policy=Markup(POLICY),
            style=Markup(style()),
            font=Markup(_font() if "<math" in body else ""),
            contents=Markup(_contents(document, bool(end))),
            captions=[(name, nodes.text_of(words)) for name, words in document.captions.items()],
            body=Markup(body),
            appendix=Markup(_written(end, document)),
            failed='id="failure"' in body,
            direction="rtl" if rightwards(metadata.title) else "ltr",
            others=[(FORMATS[form], address) for form, address in others],
        )
    )


def fragment(document: Document) -> str:
    """A document's blocks as HTML that needs nothing from outside."""
    return _written(document.blocks, document)


def style() -> str:
    """The rules of reports and index."""
    return (TEMPLATE / "style.css").read_text(encoding="utf-8")


@cache
def environment() -> Environment:
    """The templates; every value is escaped that is not Markup."""
    return Environment(loader=FileSystemLoader(TEMPLATE), autoescape=True)


def _written(blocks: list[Node], document: Document) -> str:
    blocks = nodes.changed(blocks, lambda node: _web(node, document))
    options = ("--mathml", "--shift-heading-level-by=1")
    return pandoc.write(blocks, FORMAT, *options) if blocks else ""


def _web(node: Node, document: Document) -> Node | list[Node] | None:
    """Pictures, formulas, wide tables, colors and folded answers in HTML's terms."""
    kind = node["t"]
    if kind == "Image":
        return nodes.node("Image", *node["c"][:2], [_data(node["c"][2][0], document), ""])
    if kind == "Math":
        return nodes.node("Math", node["c"][0], formulas.spaced(node["c"][1]))
    if kind == "Table":
        return nodes.div([node], classes=["ck-html"])
    if kind == "CodeBlock":
        return _colored(node)
    if kind == "Div" and "ck-details" in node["c"][0][1]:
        return _details(node["c"][1])
    return None


def _data(name: str, document: Document) -> str:
    """A picture's data address."""
    content = base64.b64encode(document.pictures[name]).decode()
    return f"data:{KINDS[name.rpartition('.')[2]]};base64,{content}"


def _details(blocks: list[Node]) -> list[Node]:
    """A folded answer; its first paragraph is what stands outside."""
    first = blocks[:1] if blocks and blocks[0]["t"] == "Para" else []
    before = [nodes.raw("html", "<details><summary>"), *(nodes.plain(b["c"]) for b in first)]
    after = [*blocks[len(first) :], nodes.raw("html", "</details>")]
    return [*before, nodes.raw("html", "</summary>"), *after]


def _colored(block: Node) -> Node | None:
    """What a terminal showed, in the classes of its colors."""
    (_, classes, pairs), bare = block["c"]
    if not {"ck-stream"} & set(classes):
        return None
    ansi = dict(pairs).get("ansi", "")
    inner = _spans(ansi) if ansi else html.escape(bare, quote=False)
    return nodes.raw("html", f'<pre class="ck-stream">{inner}</pre>')


def _spans(ansi: str) -> str:
    text = Text.from_ansi(ansi)
    marks = [""] * len(text.plain)
    for span in text.spans:
        name = _color_classes(span.style)
        marks[span.start : span.end] = [name or mark for mark in marks[span.start : span.end]]
    out, last = [], ""
    for letter, mark in [*zip(text.plain, marks, strict=True), ("", "")]:
        if mark != last:
            out.append(("</span>" if last else "") + (f'<span class="{mark}">' if mark else ""))
            last = mark
        out.append(html.escape(letter, quote=False))
    return "".join(out)


def _color_classes(look) -> str:
    """ansi-red-fg and its like, as Jupyter names them."""
    if isinstance(look, str):
        return ""
    number = look.color.number if look.color else None
    names = [f"ansi-{COLORS[number % 8]}-fg"] if number is not None and number < 16 else []
    return " ".join([*names, *(["ansi-bold"] if look.bold else [])])


def _contents(document: Document, has_appendix: bool) -> str:
    """The table of contents: two levels, with the formulas of headings."""
    heads = [head for head in document.headings if head[0] <= 2]
    heads += [(1, ANCHOR, nodes.words("Appendix"))] if has_appendix else []
    lines = []
    for level, anchor, inlines in heads:
        bare = nodes.changed(inlines, lambda n: n["c"][1] if n["t"] == "Link" else None)
        item = nodes.plain([nodes.link(bare, f"#{anchor}")])
        lines += [nodes.raw("html", f'<li class="ck-level{level + 1}">'), item]
        lines += [nodes.raw("html", "</li>")]
    return _written(lines, document)


@cache
def _font() -> str:
    """The mathematical font as a style rule: few machines have one, and braces need it."""
    data = base64.b64encode((TEMPLATE / "math.woff").read_bytes()).decode()
    source = f'url("data:font/woff;base64,{data}") format("woff")'
    return f'@font-face {{ font-family: "Coursekit Math"; src: {source}; }}'
