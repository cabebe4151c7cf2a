"""A notebook as one document for Word and for PDF: pandoc's tree, captions bound to what they caption, references linked.

A captioned figure or table is a Div of class ck-figure or ck-table, its last block the caption; text that runs from right
to left is a Div with dir="rtl". The writers (word.py, pdf.py) say what these look like.
"""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pypandoc
from nbformat import NotebookNode

from coursekit.reports import nodes, pictures, prose
from coursekit.reports.nodes import Node
from coursekit.reports.references import CAPTION, KIND

MENTION = re.compile(r"(^|[(\[])(Figures?|Fig\.|Tables?|شکل|جدول)$", re.IGNORECASE)
WIDE = 86  # letters that fit a line of a table


@dataclass
class Document:
    """Blocks in order, the pictures they name, and the captions by identifier (figure-1 -> its inline nodes)."""

    blocks: list[Node] = field(default_factory=list)
    pictures: dict[str, bytes] = field(default_factory=dict)
    captions: dict[str, list[Node]] = field(default_factory=dict)

    @property
    def headings(self) -> list[tuple[int, str, list[Node]]]:
        """(level, identifier, inline nodes) of every heading."""
        inner = [
            each["c"][1][0] if each["t"] == "Div" and each["c"][1] else each for each in self.blocks
        ]
        return [
            (each["c"][0], each["c"][1][0], each["c"][2]) for each in inner if each["t"] == "Header"
        ]


def of(notebook: NotebookNode, *, folder: Path) -> Document:
    """The document of an executed notebook, its title and its code left out."""
    made = Document()
    page = "\n".join(f"<div>{each}</div>" for each in _fragments(notebook, folder, made.pictures))
    page = re.sub(r"<h1\b.*?</h1>", "", page, count=1, flags=re.DOTALL)
    tree = json.loads(
        pypandoc.convert_text(
            page,
            "json",
            format="html-native_divs-native_spans+tex_math_single_backslash",
            extra_args=["--quiet"],
        )
    )
    blocks = nodes.changed(tree["blocks"], lambda each: _kept(each, made.pictures))
    blocks = _headings(list(_bound(_flat(blocks), made)))
    made.blocks = [
        _directed(each)
        for each in nodes.changed(
            blocks, lambda each: sized(each) if each["t"] == "Table" else None
        )
    ]
    made.blocks = [_linked(each, made.captions) for each in made.blocks]
    return made


def code_of(notebook: NotebookNode) -> list[str]:
    """The sources of the code cells that have any."""
    return [
        cell.source for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()
    ]


def _fragments(notebook: NotebookNode, folder: Path, taken: dict[str, bytes]) -> Iterator[str]:
    """Everything a reader sees, in order, as harmless HTML."""
    pieces: list[str | tuple[str, dict | None]] = []  # HTML, or Markdown with its attachments
    for cell in notebook.cells:
        pieces += [(cell.source, cell.get("attachments"))] if cell.cell_type == "markdown" else []
        for output in cell.get("outputs", []):
            if output.output_type == "stream":
                pieces.append(_typed(output.text))
            elif output.output_type == "error":
                pieces.append(_typed(f"{output.get('ename', 'Error')}: {output.get('evalue', '')}"))
            else:
                pieces.append(_shown(output, folder, taken))
    converted = iter(
        prose.pages(
            [each for each in pieces if isinstance(each, tuple)], folder=folder, formulas="mathjax"
        )
    )
    return (next(converted) if isinstance(each, tuple) else each for each in pieces)


def _shown(output: NotebookNode, folder: Path, taken: dict[str, bytes]) -> str | tuple[str, None]:
    """The richest form of an output that paper can show: HTML, or Markdown without attachments."""
    data = output.get("data", {})
    for kind in ("image/png", "image/jpeg"):
        if kind in data:
            alt = (
                str(output.get("metadata", {}).get(kind, {}).get("alt", ""))
                or "A figure without a description"
            )
            return f'<p><img src="{pictures.take(data[kind], taken)}" alt="{html.escape(alt)}"></p>'
    if "text/html" in data:
        return prose.whole(data["text/html"], folder=folder)
    for kind in ("text/markdown", "text/latex"):
        if kind in data:
            return data[kind], None
    return (
        _typed(data["text/plain"]) if "text/plain" in data and "image/svg+xml" not in data else ""
    )


def _typed(text: str) -> str:
    text = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text).strip("\n")
    return f"<pre>{html.escape(text)}</pre>" if text.strip() else ""


def _kept(each: Node, taken: dict[str, bytes]) -> Node | list[Node] | None:
    """Pictures become files of the document's own; one that cannot is replaced by its description. Raw HTML goes."""
    if each["t"] in ("RawBlock", "RawInline"):
        return []
    if each["t"] == "Image":
        address = each["c"][2][0]
        name = (
            pictures.take(address.partition(",")[2], taken)
            if address.startswith("data:")
            else address
        )
        alt = nodes.text_of(each["c"][1]) or "A picture without a description"
        if name not in taken:
            return [node for node in (nodes.node("Emph", nodes.words(f"[Picture: {alt}]")),)]
        return nodes.node("Image", each["c"][0], nodes.words(alt), [name, ""])
    if each["t"] == "Figure":  # <figure>: its picture, and below it its caption
        caption = [block for block in each["c"][1][1] if block["t"] in ("Para", "Plain")]
        return [*each["c"][2], *({"t": "Para", "c": block["c"]} for block in caption)]
    return None


def _flat(blocks: list[Node]) -> Iterator[Node]:
    """Blocks out of their wrappers, and a picture that stands alone as a paragraph."""
    for each in blocks:
        if each["t"] == "Div":
            yield from _flat(each["c"][1])
        elif each["t"] in ("Para", "Plain"):
            yield nodes.para(each["c"])
        else:
            yield each


def _bound(blocks: Iterator[Node], made: Document) -> Iterator[Node]:
    """Captions with what they caption: the figure above, the table below."""
    waiting: Node | None = None  # a picture whose caption may follow, or a caption whose table may
    for each in blocks:
        match = CAPTION.match(nodes.text_of(each).strip()) if each["t"] == "Para" else None
        kind = KIND[match[1].lower()] if match else ""
        if kind == "figure" and waiting and _is_picture(waiting):
            each, waiting = _captioned(waiting, each, match, made), None
        elif each["t"] == "Table" and waiting and not _is_picture(waiting):
            each = _captioned(each, waiting, CAPTION.match(nodes.text_of(waiting).strip()), made)
            waiting = None
        if waiting:
            yield waiting
            waiting = None
        if _is_picture(each) or kind == "table":
            waiting = each
        else:
            yield each
    if waiting:
        yield waiting


def _is_picture(each: Node) -> bool:
    return each["t"] == "Para" and [inline["t"] for inline in each["c"]] == ["Image"]


def _captioned(body: Node, caption: Node, match: re.Match, made: Document) -> Node:
    """A Div of the body and its caption; the same number twice keeps its first place as target."""
    kind = KIND[match[1].lower()]
    identifier = f"{kind}-{int(match[2])}"
    inlines = _after(caption["c"], match.end())
    label = match[1].rstrip(".") if match[1].isascii() else match[1]
    again = identifier in made.captions
    made.captions.setdefault(
        identifier, [*nodes.words(f"{label} {match[2]}."), {"t": "Space"}, *inlines]
    )
    return nodes.div(
        [body, nodes.para(inlines)],
        identifier="" if again else identifier,
        classes=[f"ck-{kind}"],
        label=label,
        number=match[2],
    )


def _after(inlines: list[Node], letters: int) -> list[Node]:
    """Inline nodes without their first letters: those of "Figure 3." """
    left, kept = letters, []
    for each in inlines:
        length = len(nodes.text_of(each))
        if left <= 0:
            kept.append(each)
        elif each["t"] == "Str" and length > left:
            kept.append(nodes.node("Str", each["c"][left:]))
        elif each["t"] in ("Strong", "Emph") and length > left:
            kept.append({**each, "c": _after(each["c"], left)})
        left -= length
    while kept and kept[0]["t"] in ("Space", "SoftBreak", "LineBreak"):
        kept.pop(0)
    return kept


def _headings(blocks: list[Node]) -> list[Node]:
    """Sections begin at level 1, each with an identifier; the table of claims gets a heading of its own."""
    out, number = [], 0
    for each in blocks:
        if each["t"] == "Div" and nodes.text_of(each["c"][1][-1]).startswith(
            "The claims of this lesson"
        ):
            out.append(nodes.heading(1, "Claims", "claims"))
        if each["t"] == "Header":
            number += 1
            each = nodes.node(
                "Header", max(1, each["c"][0] - 1), [f"section-{number}", [], []], each["c"][2]
            )
        out.append(each)
    return out


def sized(table: Node) -> Node:
    """A table that is wider than the page gets columns in proportion to what they hold."""
    attributes, caption, columns, head, bodies, foot = table["c"]
    rows = [
        row
        for part in (head[1], *(rows for body in bodies for rows in (body[2], body[3])), foot[1])
        for row in part
    ]
    lengths, longest = [1] * len(columns), [1] * len(columns)  # letters of a cell, and of a word
    for _, cells in rows:
        for index, cell in enumerate(cells[: len(columns)] if len(cells) == len(columns) else []):
            text = nodes.text_of(cell[4]).strip()
            lengths[index] = max(lengths[index], len(text))
            longest[index] = max(longest[index], *(len(word) for word in text.split() or [""]))
    if sum(lengths) + 3 * len(lengths) <= WIDE:
        return table
    damped = [min(length, 60) ** 0.7 for length in lengths]
    shares = [
        max(each / sum(damped), min(word + 3, 24) / WIDE)
        for each, word in zip(damped, longest, strict=True)
    ]
    sized = [
        [align, nodes.node("ColWidth", share / sum(shares))]
        for (align, _), share in zip(columns, shares, strict=True)
    ]
    return nodes.node("Table", attributes, caption, sized, head, bodies, foot)


def _directed(each: Node) -> Node:
    """A block whose text begins in a script that runs from right to left, marked as such; so are its parts."""
    if each["t"] == "Div":
        body, caption = each["c"][1][:-1], each["c"][1][-1]
        return nodes.node("Div", each["c"][0], [*map(_directed, body), _directed(caption)])
    if each["t"] in (
        "Para",
        "Plain",
        "Header",
        "BulletList",
        "OrderedList",
        "BlockQuote",
    ) and prose.rightwards(nodes.text_of(each)):
        return nodes.div([each], dir="rtl")
    return each


def _linked(each: Node, captions: dict[str, list[Node]]) -> Node:
    """Mentions of figures and tables become links to them, but not in captions and headings."""
    if each["t"] == "Header" or (each["t"] == "Div" and each["c"][0][1]):
        return each
    return nodes.changed(each, lambda inner: _with_links(inner, captions))


def _with_links(each: Node, captions: dict[str, list[Node]]) -> Node | None:
    if each["t"] not in ("Para", "Plain", "Emph", "Strong"):
        return None
    inlines, out, index = each["c"], [], 0
    while index < len(inlines):
        found = _mention(inlines[index : index + 3], captions)
        out += found or [inlines[index]]
        index += 3 if found else 1
    return {**each, "c": out}


def _mention(three: list[Node], captions: dict[str, list[Node]]) -> list[Node] | None:
    """["Figure", blank, "3,"] -> a link and the comma, where there is a figure 3."""
    if [each["t"] for each in three] not in (["Str", "Space", "Str"], ["Str", "SoftBreak", "Str"]):
        return None
    name, number = MENTION.search(three[0]["c"]), re.match(r"(\d+)(?=\D|$)(.*)", three[2]["c"])
    if not name or not number:
        return None
    kind = KIND.get(name[2].lower().removesuffix("s") if name[2].isascii() else name[2], "")
    target = f"{kind}-{int(number[1])}"
    if target not in captions:
        return None
    before, after = three[0]["c"][: name.start(2)], number[2]
    shown = nodes.link([nodes.node("Str", f"{name[2]}\u00a0{number[1]}")], f"#{target}")
    return [
        *([nodes.node("Str", before)] if before else []),
        shown,
        *([nodes.node("Str", after)] if after else []),
    ]
