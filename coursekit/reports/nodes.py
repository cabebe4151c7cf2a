"""pandoc's document tree as plain Python: small functions that make its nodes, and some that read
them.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

Node = dict[str, Any]
NO: list = ["", [], []]  # no identifier, no classes, no attributes
BLANKS = ("Space", "SoftBreak", "LineBreak")


def node(kind: str, *content: Any) -> Node:
    return {"t": kind, "c": content[0] if len(content) == 1 else list(content)}


def words(text: str) -> list[Node]:
    """Text -> inline nodes."""
    pieces = [[{"t": "Space"}, node("Str", word)] for word in text.split()]
    return [inline for piece in pieces for inline in piece][1:]


def para(inlines: list[Node]) -> Node:
    return node("Para", inlines)


def plain(inlines: list[Node]) -> Node:
    return node("Plain", inlines)


def heading(level: int, text: str, identifier: str) -> Node:
    return node("Header", level, [identifier, [], []], words(text))


def link(inlines: list[Node], target: str) -> Node:
    return node("Link", NO, inlines, [target, ""])


def strong(inlines: list[Node]) -> Node:
    return node("Strong", inlines)


def span(inlines: list[Node], kind: str) -> Node:
    """Inline nodes of a class, as in HTML."""
    return node("Span", ["", [kind], []], inlines)


def image(name: str, alt: str) -> Node:
    return node("Image", NO, words(alt), [name, ""])


def raw(form: str, text: str) -> Node:
    return node("RawBlock", form, text)


def raw_inline(form: str, text: str) -> Node:
    return node("RawInline", form, text)


def div(
    blocks: list[Node], *, identifier: str = "", classes: Sequence[str] = (), **attributes: str
) -> Node:
    pairs = [[name.replace("_", "-"), value] for name, value in attributes.items()]
    return node("Div", [identifier, list(classes), pairs], blocks)


def code(text: str, language: str = "") -> Node:
    return node("CodeBlock", ["", [language] if language else [], []], text)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Node:
    """A table of texts."""
    columns = [[{"t": "AlignDefault"}, {"t": "ColWidthDefault"}] for _ in header]
    bodies = [[NO, 0, [], [_row(cells) for cells in rows]]]
    return node("Table", NO, [None, []], columns, [NO, [_row(header)]], bodies, [NO, []])


def rows(table: Node) -> list[list]:
    """Every row of a table, head and foot among them, as [attributes, cells]."""
    _, _, _, head, bodies, foot = table["c"]
    inner = [row for body in bodies for part in body[2:4] for row in part]
    return [*head[1], *inner, *foot[1]]


def cells(table: Node) -> list[str]:
    """The texts of a table's cells that hold any, row by row."""
    texts = [text_of(cell[4]).strip() for row in rows(table) for cell in row[1]]
    return [text for text in texts if text]


def is_picture(block: Node) -> bool:
    """Whether a block is one picture and nothing else."""
    return block["t"] in ("Para", "Plain") and [inline["t"] for inline in block["c"]] == ["Image"]


def text_of(tree: Any) -> str:
    """What a reader reads of a tree; formulas as TeX, cells and blocks parted by blanks."""
    if isinstance(tree, list):
        return "".join(map(text_of, tree))
    if not isinstance(tree, dict):
        return ""
    kind = tree.get("t")
    content: Any = tree.get("c")
    if kind == "Str":
        return content
    if kind in BLANKS:
        return " "
    if kind in ("Code", "CodeBlock", "Math"):
        return content[1]
    if kind in ("RawInline", "RawBlock") or content is None:
        return ""
    after = " " if kind in ("Para", "Plain", "Header", "Table") else ""
    return text_of(content) + after


def changed(tree: Any, change: Callable[[Node], Node | list[Node] | None]) -> Any:
    """The tree with every node passed through change, from the leaves up.

    None keeps a node, a list stands in its place.
    """
    if isinstance(tree, list):
        return [new for item in tree for new in _items(item, change)]
    if not isinstance(tree, dict) or "t" not in tree:
        return tree
    new = {**tree, "c": changed(tree["c"], change)} if "c" in tree else tree
    result = change(new)
    return new if result is None else result


def every(tree: Any, kind: str) -> Iterator[Node]:
    """The nodes of a kind in a tree, outer ones first."""
    if isinstance(tree, dict):
        if tree.get("t") == kind:
            yield tree
        tree = tree.get("c", [])
    if isinstance(tree, list):
        for item in tree:
            yield from every(item, kind)


def _items(item: Any, change: Callable[[Node], Node | list[Node] | None]) -> list:
    new = changed(item, change)
    return new if isinstance(new, list) and isinstance(item, dict) else [new]


def _row(cells: Sequence[str]) -> list:
    return [NO, [[NO, {"t": "AlignDefault"}, 1, 1, [plain(words(str(cell)))]] for cell in cells]]
