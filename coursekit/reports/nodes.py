"""pandoc's document tree as plain Python: small functions that make its nodes, and two that read them."""

from collections.abc import Callable, Sequence

NO = ["", [], []]  # no identifier, no classes, no attributes
Node = dict


def node(kind: str, *content) -> Node:
    return {"t": kind, "c": content[0] if len(content) == 1 else list(content)}


def words(text: str) -> list[Node]:
    """Text -> inline nodes."""
    pieces = [[{"t": "Space"}, node("Str", word)] for word in text.split()]
    return [each for piece in pieces for each in piece][1:]


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

    def row(cells):
        return [
            NO,
            [[NO, {"t": "AlignDefault"}, 1, 1, [plain(words(str(cell)))]] for cell in cells],
        ]

    columns = [[{"t": "AlignDefault"}, {"t": "ColWidthDefault"}] for _ in header]
    return node(
        "Table",
        NO,
        [None, []],
        columns,
        [NO, [row(header)]],
        [[NO, 0, [], [row(each) for each in rows]]],
        [NO, []],
    )


def text_of(tree) -> str:
    """What a reader reads of a tree; formulas as TeX, cells and blocks parted by blanks."""
    if isinstance(tree, list):
        return "".join(map(text_of, tree))
    if not isinstance(tree, dict):
        return ""
    kind, content = tree.get("t"), tree.get("c")
    if kind == "Str":
        return content
    if kind in ("Space", "SoftBreak", "LineBreak"):
        return " "
    if kind in ("Code", "CodeBlock", "Math", "RawInline", "RawBlock"):
        return content[1] if kind != "RawInline" and kind != "RawBlock" else ""
    after = " " if kind in ("Para", "Plain", "Header", "Table") else ""
    return text_of(content) + after if content is not None else ""


def changed(tree, change: Callable[[Node], Node | list[Node] | None]):
    """The tree with every node passed through change, from the leaves up: None keeps it, a list stands in its place."""
    if isinstance(tree, list):
        out = []
        for each in tree:
            new = changed(each, change)
            out.extend(new) if isinstance(new, list) and isinstance(each, dict) else out.append(new)
        return out
    if not isinstance(tree, dict) or "t" not in tree:
        return tree
    new = {**tree, "c": changed(tree["c"], change)} if "c" in tree else tree
    result = change(new)
    return new if result is None else result
