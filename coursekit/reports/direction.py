"""Scripts that run from right to left: found by the first letter of a text, marked by a Div with
dir="rtl".
"""

import unicodedata
from typing import Any

from coursekit.reports import nodes
from coursekit.reports.nodes import Node

TEXTS = ("Para", "Plain", "Header", "BlockQuote")
LISTS = ("BulletList", "OrderedList")


def rightwards(text: str) -> bool:
    """Whether the first letter of a text belongs to a script that runs from right to left."""
    kinds = (unicodedata.bidirectional(letter) for letter in text)
    return next((kind for kind in kinds if kind in ("L", "R", "AL")), "L") != "L"


def directed(blocks: list[Node]) -> list[Node]:
    """The blocks, those that begin in such a script marked; list items, cells and captions too."""
    return [_directed(block) for block in blocks]


def is_rightwards(block: Node) -> bool:
    """Whether a block is marked."""
    return block["t"] == "Div" and ["dir", "rtl"] in block["c"][0][2]


def _directed(block: Node) -> Node:
    kind = block["t"]
    content: Any = block.get("c")
    if kind in TEXTS and not nodes.is_picture(block):
        return nodes.div([block], dir="rtl") if rightwards(_prose(block)) else block
    if kind == "BulletList":
        return _list(block, content, lambda items: nodes.node(kind, items))
    if kind == "OrderedList":
        return _list(block, content[1], lambda items: nodes.node(kind, content[0], items))
    if kind == "Div":
        return block if is_rightwards(block) else nodes.node(kind, content[0], directed(content[1]))
    if kind == "Figure":
        return nodes.node(kind, content[0], _caption(content[1]), directed(content[2]))
    if kind == "Table":
        attributes, caption, *parts = content
        return nodes.node(kind, attributes, _caption(caption), *map(_cells, parts))
    return block


def _list(block: Node, items: list, made: Any) -> Node:
    """A list that is all of one direction is marked as one."""
    if all(rightwards(_prose(item)) for item in items):
        return nodes.div([block], dir="rtl")
    return made([directed(item) for item in items])


def _caption(caption: list) -> list:
    """A caption's direction is that of its words: its label may be in another script."""
    short, blocks = caption
    texts = [block["c"][1:] if block["t"] in TEXTS else block for block in blocks]
    return [short, [nodes.div(blocks, dir="rtl")] if rightwards(_prose(texts)) else blocks]


def _cells(part: Any) -> Any:
    """The cells of a table's head, body or foot: lists whose last member is a list of blocks."""
    if not isinstance(part, list):
        return part
    if len(part) == 5 and isinstance(part[1], dict) and part[1].get("t", "").startswith("Align"):
        return [*part[:4], directed(part[4])]
    return [_cells(inner) for inner in part]


def _prose(tree: Any) -> str:
    """A tree's text without its formulas and code, whose letters are always Latin."""
    kept = nodes.changed(tree, lambda node: [] if node["t"] in ("Math", "Code") else None)
    return nodes.text_of(kept)
