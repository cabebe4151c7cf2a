"""Captions become those of native figures and tables, and every "Figure 3" in the prose a link to
one.
"""

import re
from collections.abc import Iterable, Iterator

from coursekit.reports import nodes
from coursekit.reports.nodes import Node

CAPTION = re.compile(r"(Figure|Fig\.|Table|شکل|جدول)\s*(\d+)\s*[.:،–-]", re.IGNORECASE)
MENTION = re.compile(r"(^|[(\[])(Figures?|Fig\.|Tables?|شکل|جدول)$", re.IGNORECASE)
KIND = {"figure": "figure", "fig.": "figure", "شکل": "figure", "table": "table", "جدول": "table"}
TEXTS = ("Para", "Plain")


def bound(blocks: Iterable[Node], captions: dict[str, list[Node]]) -> Iterator[Node]:
    """Captions with what they caption: the figure above, the table below. Fills captions."""
    waiting: Node | None = None  # a picture whose caption may follow, or a caption whose table may
    for block in blocks:
        kind = kind_of(block)
        if kind == "figure" and waiting and nodes.is_picture(waiting):
            yield _figure(waiting, block, captions)
            waiting = None
            continue
        if block["t"] == "Table" and waiting and not nodes.is_picture(waiting):
            block, waiting = _table(block, [waiting], captions), None
        if waiting:
            yield waiting
        waiting = block if nodes.is_picture(block) or kind == "table" else None
        if waiting is None:
            yield _own(block, captions)
    if waiting:
        yield waiting


def kind_of(block: Node) -> str:
    """figure or table for a paragraph that is a numbered caption, else nothing."""
    match = _match([block]) if block["t"] in TEXTS else None
    return KIND[match[1].lower()] if match else ""


def linked(blocks: list[Node], captions: dict[str, list[Node]]) -> list[Node]:
    """Mentions of figures and tables become links to them, but not in captions and headings."""
    return [
        block if block["t"] in ("Header", "Figure", "Table") else _linked(block, captions)
        for block in blocks
    ]


def _own(block: Node, captions: dict[str, list[Node]]) -> Node:
    """A figure or table that came with its caption, numbered where that has a number."""
    if block["t"] == "Figure" and [inner["t"] for inner in block["c"][2]] == ["Table"]:
        return _table(block["c"][2][0], block["c"][1][1], captions)
    if block["t"] == "Figure":
        attributes, caption, inner = block["c"]
        attributes, caption = _numbered(attributes, caption[1], captions)
        return nodes.node("Figure", attributes, caption, inner)
    if block["t"] == "Table" and "number" not in dict(block["c"][0][2]):
        return _table(block, block["c"][1][1], captions)
    return block


def _figure(picture: Node, caption: Node, captions: dict[str, list[Node]]) -> Node:
    attributes, shown = _numbered(nodes.NO, [caption], captions)
    return nodes.node("Figure", attributes, shown, [nodes.plain(picture["c"])])


def _table(table: Node, caption: list[Node], captions: dict[str, list[Node]]) -> Node:
    attributes, shown = _numbered(table["c"][0], caption, captions)
    return nodes.node("Table", attributes, shown, *table["c"][2:])


def _numbered(attributes: list, caption: list[Node], captions: dict[str, list[Node]]) -> tuple:
    """Attributes and caption of a numbered thing; of one number twice the first is the target."""
    match = _match(caption)
    if not match:
        return attributes, [None, [_flat(block) for block in caption]]
    identifier = f"{KIND[match[1].lower()]}-{int(match[2])}"
    label = match[1].rstrip(".") if match[1].isascii() else match[1]
    shown = [nodes.strong(nodes.words(f"{label} {match[2]}.")), {"t": "Space"}]
    shown += _after(caption[0]["c"], match.end())
    again = identifier in captions
    captions.setdefault(identifier, shown)
    pairs = [["label", label], ["number", match[2]]]
    own = ["" if again else identifier, attributes[1], pairs]
    return own, [None, [nodes.plain(shown), *map(_flat, caption[1:])]]


def _match(blocks: list[Node]) -> re.Match | None:
    texts = [nodes.text_of(block).strip() for block in blocks[:1] if block["t"] in TEXTS]
    return CAPTION.match(texts[0]) if texts else None


def _flat(block: Node) -> Node:
    return nodes.plain(block["c"]) if block["t"] == "Para" else block


def _after(inlines: list[Node], letters: int) -> list[Node]:
    """Inline nodes without their first letters: those of "Figure 3." """
    left, kept = letters, []
    for inline in inlines:
        length = len(nodes.text_of(inline))
        if left <= 0:
            kept.append(inline)
        elif inline["t"] == "Str" and length > left:
            kept.append(nodes.node("Str", inline["c"][left:]))
        elif inline["t"] in ("Strong", "Emph") and length > left:
            kept.append({**inline, "c": _after(inline["c"], left)})
        left -= length
    while kept and kept[0]["t"] in nodes.BLANKS:
        kept.pop(0)
    return kept


def _linked(block: Node, captions: dict[str, list[Node]]) -> Node:
    return nodes.changed(block, lambda inner: _with_links(inner, captions))


def _with_links(inner: Node, captions: dict[str, list[Node]]) -> Node | None:
    if inner["t"] not in ("Para", "Plain", "Emph", "Strong"):
        return None
    inlines, out, index = inner["c"], [], 0
    while index < len(inlines):
        found = _mention(inlines[index : index + 3], captions)
        out += found or [inlines[index]]
        index += 3 if found else 1
    return {**inner, "c": out}


def _mention(three: list[Node], captions: dict[str, list[Node]]) -> list[Node] | None:
    """["Figure", blank, "3,"] -> a link and the comma, where there is a figure 3."""
    kinds = [inline["t"] for inline in three]
    if kinds not in (["Str", "Space", "Str"], ["Str", "SoftBreak", "Str"]):
        return None
    name = MENTION.search(three[0]["c"])
    number = re.match(r"(\d+)(?=\D|$)(.*)", three[2]["c"], re.DOTALL)
    if not name or not number:
        return None
    kind = KIND.get(name[2].lower().removesuffix("s") if name[2].isascii() else name[2], "")
    target = f"{kind}-{int(number[1])}"
    if target not in captions:
        return None
    before, after = three[0]["c"][: name.start(2)], number[2]
    shown = nodes.link([nodes.node("Str", f"{name[2]}\u00a0{number[1]}")], f"#{target}")
    texts = [[nodes.node("Str", text)] if text else [] for text in (before, after)]
    return [*texts[0], shown, *texts[1]]
