"""What a reader meets in a notebook, one thing after another, from pandoc's tree of it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from coursekit.reports import nodes
from coursekit.reports.captions import CAPTION, KIND
from coursekit.reports.document import Document
from coursekit.reports.nodes import Node
from coursekit.reports.trim import MISSING

TEXTS = ("Para", "Plain")


@dataclass(frozen=True)
class Event:
    """Something a reader meets. cell: from 1, as people count.

    kind: heading, prose, figure, table, typed table (in the prose) or caption; of: figure or
    table, for a caption; number: of a caption, or the level of a heading.
    """

    kind: str
    cell: int
    number: int = 0
    of: str = ""
    text: str = ""


def events(document: Document, *, typed: set[int]) -> list[Event]:
    """What a reader meets, in order. typed: the numbers of the cells that people wrote."""
    return [
        event
        for piece, blocks in document.pieces
        for event in _met(
            blocks, piece.cell, typed=piece.cell in typed, said=bool(piece.markdown.strip())
        )
    ]


def _met(blocks: Iterable[Node], cell: int, *, typed: bool, said: bool) -> Iterator[Event]:
    """typed: by a person, not shown by code; said: text that counts as prose."""
    for block in blocks:
        kind = block["t"]
        if kind == "Header":
            text = nodes.text_of(block["c"][2]).strip()
            yield Event("heading", cell, number=block["c"][0], text=text)
        elif kind == "Table":
            yield from _captions(block["c"][1][1], cell)
            yield Event("typed table" if typed else "table", cell)
        elif kind == "Figure":
            yield from _met(block["c"][2], cell, typed=typed, said=False)
            yield from _captions(block["c"][1][1], cell)
        elif kind == "Div" and not said:
            yield from _met(block["c"][1], cell, typed=typed, said=False)
        elif caption := _caption(block, cell, printed=not said):
            yield caption
        else:
            yield from _text(block, cell, said=said)


def _text(block: Node, cell: int, *, said: bool) -> Iterator[Event]:
    """The pictures in a block of text, each with its description, and what it says."""
    prose = "" if nodes.is_picture(block) or block["t"] == "CodeBlock" else nodes.text_of(block)
    described = [nodes.text_of(image["c"][1]) for image in nodes.every(block, "Image")]
    for span in nodes.every(block, "Span"):
        if MISSING in span["c"][0][1]:
            text = nodes.text_of(span)
            described.append(text.removeprefix("[Picture: ").removesuffix("]"))
            prose = prose.replace(text, "")
    for text in described:
        yield Event("figure", cell)
        yield from _captions([nodes.plain(nodes.words(text))], cell)
    if said and prose.strip():
        yield Event("prose", cell, text=prose.strip())


def _captions(blocks: Iterable[Node], cell: int) -> Iterator[Event]:
    return (caption for block in blocks if (caption := _caption(block, cell)))


def _caption(block: Node, cell: int, *, printed: bool = False) -> Event | None:
    """The caption that a paragraph is, or a printed line, if it is one."""
    possible = block["t"] in TEXTS or (printed and block["t"] == "CodeBlock")
    text = nodes.text_of(block).strip() if possible else ""
    if not (match := CAPTION.match(text)):
        return None
    said = text[match.end() :].strip()
    return Event("caption", cell, int(match[2]), KIND[match[1].lower()], said)
