"""Blocks as pandoc read them, trimmed to what a report shows: no raw HTML, no attributes but ours,
pictures taken in.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from coursekit.reports import nodes, pictures
from coursekit.reports.nodes import Node

SCHEMES = ("", "http", "https", "mailto")
KEPT_DIVS = ("ck-details", "ck-lost", "ck-error")
MISSING = "ck-missing"  # class of the words that stand for a picture which is not there
NO_ALT = "A picture without a description"


def trimmed(
    blocks: list[Node],
    taken: dict[str, bytes],
    missing: list[str],
    folder: Path | None,
    attachments: Mapping[str, Any],
) -> list[Node]:
    """The blocks without wrappers. Pictures go into taken, addresses of those that are not there
    into missing.
    """

    def keep(node: Node) -> Node | list[Node] | None:
        if node["t"] == "Image":
            return _image(node, taken, missing, folder, dict(attachments))
        change = CHANGES.get(node["t"])
        return change(node) if change else None

    return list(map(_as_paragraph, nodes.changed(blocks, keep)))


def renamed(node: Node, names: Mapping[str, str]) -> Node | None:
    """A picture of a DOCX under the name that it was taken by."""
    if node["t"] != "Image" or not names.get(node["c"][2][0]):
        return None
    return nodes.node("Image", *node["c"][:2], [names[node["c"][2][0]], ""])


def without_target(node: Node, targets: Iterable[str]) -> list[Node] | None:
    """A link to a place in this document that is not there is only its words."""
    if node["t"] != "Link" or not node["c"][2][0].startswith("#"):
        return None
    return None if node["c"][2][0][1:] in targets else node["c"][1]


def _image(
    node: Node, taken: dict[str, bytes], missing: list[str], folder: Path | None, attachments: dict
) -> Node:
    """A picture of the document's own; one that cannot be is replaced by its description."""
    attributes, inlines, (address, _) = node["c"]
    alt = nodes.text_of(inlines).strip()
    name = address
    if address not in taken:
        name = pictures.take(pictures.from_address(address, folder, attachments), taken)
    if not name:
        missing.append(address if len(address) < 200 else address[:60] + "…")
        shown = alt or (address if len(address) < 200 else NO_ALT)
        words = nodes.node("Emph", nodes.words(f"[Picture: {shown}]"))
        return nodes.span([words], MISSING)
    sizes = [pair for pair in attributes[2] if pair[0] in ("width", "height")]
    return nodes.node("Image", ["", [], sizes], nodes.words(alt or NO_ALT), [name, ""])


def _link(node: Node) -> Node | list[Node]:
    _, inlines, (address, _) = node["c"]
    try:
        scheme = urlsplit(address.strip()).scheme.lower()
    except ValueError:
        return inlines
    return nodes.link(inlines, address.strip()) if scheme in SCHEMES else inlines


def _div(node: Node) -> Node | list[Node]:
    """Wrappers go; folded answers, boxes and errors stay, a summary in bold."""
    (identifier, classes, _), blocks = node["c"]
    if "ck-summary" in classes:
        return [
            nodes.para([nodes.strong(block["c"])]) if block["t"] in ("Para", "Plain") else block
            for block in blocks
        ]
    kind = next((name for name in classes if name in KEPT_DIVS), "")
    inner = list(map(_as_paragraph, blocks))
    own = identifier if kind == "ck-error" else ""
    return nodes.node("Div", [own, [kind], []], inner) if kind else blocks


def _span(node: Node) -> Node | list[Node]:
    (_, classes, _), inlines = node["c"]
    return nodes.node("Span", ["", ["measured"], []], inlines) if "measured" in classes else inlines


def _code_block(node: Node) -> Node:
    (_, classes, pairs), text = node["c"]
    names = [name.removeprefix("language-") for name in classes if name != "sourceCode"]
    kept = [name for name in names[:1] if name.replace("-", "").isalnum()]
    return nodes.node("CodeBlock", ["", kept, [p for p in pairs if p[0] == "ansi"]], text)


def _code(node: Node) -> Node:
    return nodes.node("Code", nodes.NO, node["c"][1])


def _header(node: Node) -> Node:
    level, _, inlines = node["c"]
    return nodes.node("Header", level, nodes.NO, inlines)


def _figure(node: Node) -> Node | list[Node]:
    """A figure; one without a caption is only what it holds."""
    _, caption, inner = node["c"]
    return nodes.node("Figure", nodes.NO, caption, inner) if caption[1] else inner


def _table(node: Node) -> Node:
    _, caption, columns, head, bodies, foot = node["c"]
    bare = [[nodes.NO, body[1], _rows(body[2]), _rows(body[3])] for body in bodies]
    own = [[align, {"t": "ColWidthDefault"}] for align, _ in columns]
    parts = [nodes.NO, _rows(head[1])], bare, [nodes.NO, _rows(foot[1])]
    return nodes.node("Table", nodes.NO, caption, own, *parts)


def _rows(rows: list) -> list:
    return [[nodes.NO, [[nodes.NO, *cell[1:]] for cell in cells]] for _, cells in rows]


def _nothing(node: Node) -> list[Node]:
    return []


def _as_paragraph(block: Node) -> Node:
    return nodes.para(block["c"]) if block["t"] == "Plain" else block


CHANGES = {
    "RawBlock": _nothing,
    "RawInline": _nothing,
    "Link": _link,
    "Div": _div,
    "Span": _span,
    "CodeBlock": _code_block,
    "Code": _code,
    "Header": _header,
    "Figure": _figure,
    "Table": _table,
}
