"""PDF: pandoc writes the text, typst sets it. Fonts are those of typst and matplotlib, and
embedded.
"""

import io
import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import typst
from PIL import Image

from coursekit.errors import CourseError
from coursekit.reports import nodes, pandoc, tables
from coursekit.reports.appendix import appendix
from coursekit.reports.direction import is_rightwards, rightwards
from coursekit.reports.document import Document
from coursekit.reports.metadata import ReportMetadata
from coursekit.reports.nodes import Node
from coursekit.reports.pictures import FONTS

PREAMBLE = Path(__file__).parent / "template" / "report.typ"
LARGEST = 5_000_000  # bytes of a PDF; a larger one gets its pictures as JPEG
UNBROKEN = 24  # letters of a word that a cell of a table can hold
LISTS = (("figure", "Figures", "image"), ("table", "Tables", "table"))


def made(
    document: Document, metadata: ReportMetadata, *, code: Sequence[str] = ()
) -> tuple[bytes, list[str]]:
    """The report as a PDF, and the formulas that typst cannot read, which stand there as typed."""
    end = appendix(metadata, code)
    blocks = nodes.changed([*document.blocks, *end], _typeset)
    unreadable = _unreadable(blocks)
    if unreadable:
        blocks = nodes.changed(blocks, lambda node: _as_typed(node, unreadable))
    source = _front(document, metadata, bool(end)) + _pandoc(blocks)
    content = _compiled(source, document.pictures)
    if len(content) > LARGEST:
        content = _compiled(*_smaller(source, document.pictures))
    return content, unreadable


def _front(document: Document, metadata: ReportMetadata, has_appendix: bool) -> str:
    """Preamble, title, facts, contents and the lists of figures and tables."""
    facts = " · ".join(f"{name}: {value}" for name, value in metadata.facts)
    title = _string(metadata.title)
    parts = [
        PREAMBLE.read_text(encoding="utf-8"),
        f"#set document(title: {title}, date: none)",
        f'#text(size: 22pt, weight: "bold", fill: accent, {title})\n',
        f"#text(fill: faint, {_string(metadata.course)})\n" if metadata.course else "",
        f"#text(size: 9.5pt, {_string(facts)})\n",
    ]
    if metadata.failure:
        parts.append(f"#notice[*This run did not finish.* #{_string(metadata.failure)}]\n")
    if document.headings or has_appendix:
        parts.append("#outline(title: [Contents], depth: 2)\n")
    for start, name, kind in LISTS:
        if any(identifier.startswith(start) for identifier in document.captions):
            target = f"figure.where(kind: {kind})"
            parts.append(f"#text(size: 9pt, outline(title: [{name}], target: {target}))\n")
    return "\n".join(parts) + "\n"


def _typeset(node: Node) -> Node | list[Node] | None:
    """Directions, pictures, boxes and tables in typst's terms."""
    kind = node["t"]
    if kind == "Image":
        name, alt = _string(node["c"][2][0]), _string(nodes.text_of(node["c"][1]))
        return nodes.raw_inline("typst", f"#fits(image({name}, alt: {alt}))")
    if kind == "Str" and len(node["c"]) > 14:  # where a long word may break
        return nodes.node("Str", re.sub(r"([_/.=])(?=\w)", "\\1\u200b", node["c"]))
    if kind == "Table":
        parts = [_cells(part) for part in tables.fitted(node)]
        return [wrapped for part in parts for wrapped in _within_page(part)]
    if kind == "Div" and "ck-lost" in node["c"][0][1]:
        return [nodes.raw("typst", "#notice["), *node["c"][1], nodes.raw("typst", "]")]
    if kind == "Div" and is_rightwards(node):
        start = nodes.raw("typst", '#[#set text(lang: "fa", dir: rtl); #set align(start)')
        return [start, *node["c"][1], nodes.raw("typst", "]")]
    return None


def _cells(table: Node) -> Node:
    """Cells to the left, or they are centered as the figure is; words that are too long for one
    broken.
    """
    attributes, caption, columns, *parts = table["c"]
    if not rightwards(nodes.text_of(parts)):
        left = {"t": "AlignLeft"}
        columns = [[left if a["t"] == "AlignDefault" else a, width] for a, width in columns]
    return nodes.node("Table", attributes, caption, columns, *nodes.changed(parts, _broken))


def _broken(node: Node) -> Node | None:
    if node["t"] != "Str" or max(map(len, node["c"].split("\u200b"))) <= UNBROKEN:
        return None
    return nodes.node("Str", re.sub(rf"(\w{{{UNBROKEN - 8}}})(?=\w)", "\\1\u200b", node["c"]))


def _within_page(table: Node) -> list[Node]:
    """A table that could not be parted and is too wide is drawn smaller."""
    if not tables.is_too_wide(table):
        return [table]
    return [nodes.raw("typst", "#fits["), table, nodes.raw("typst", "]")]


def _pandoc(blocks: list[Node]) -> str:
    """typst's text of these blocks."""
    return pandoc.write(blocks, "typst")


def _compiled(source: str, pictures: Mapping[str, bytes]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        for name, content in pictures.items():
            (Path(folder) / name).write_bytes(content)
        path = Path(folder) / "report.typ"
        path.write_text(source, encoding="utf-8")
        try:
            return typst.compile(
                path, root=Path(folder), font_paths=[FONTS], ignore_system_fonts=True
            )
        except RuntimeError as error:
            raise CourseError(f"typst could not set the PDF: {str(error)[:400]}") from None


def _unreadable(blocks: list[Node]) -> list[str]:
    """The formulas that typst refuses. All at once first; one by one only where that fails."""
    found = {math["c"][1]: math for math in nodes.every(blocks, "Math")}
    if _sets(list(found.values())):
        return []
    return [tex for tex, math in found.items() if not _sets([math])]


def _sets(formulas: list[Node]) -> bool:
    """Whether pandoc reads these formulas and typst sets them."""
    text = PREAMBLE.read_text(encoding="utf-8")
    text += _pandoc([nodes.para([math]) for math in formulas])
    try:
        typst.compile(text.encode(), font_paths=[FONTS], ignore_system_fonts=True)  # type: ignore[misc]
        return True
    except RuntimeError:
        return False


def _as_typed(node: Node, unreadable: list[str]) -> Node | None:
    if node["t"] != "Math" or node["c"][1] not in unreadable:
        return None
    return nodes.node("Code", nodes.NO, node["c"][1])


def _smaller(source: str, pictures: Mapping[str, bytes]) -> tuple[str, dict[str, bytes]]:
    """The text and its pictures as JPEG; drawings stay."""
    kept = {name: data for name, data in pictures.items() if name.endswith(".svg")}
    for name in pictures.keys() - kept.keys():
        small = f"{name.rpartition('.')[0]}-small.jpg"
        source = source.replace(f'image("{name}"', f'image("{small}"')
        kept[small] = _as_jpeg(pictures[name])
    return source, kept


def _as_jpeg(picture: bytes) -> bytes:
    out = io.BytesIO()
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.thumbnail((1600, 1600))
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


def _string(text: str) -> str:
    """A typst string literal."""
    return json.dumps(text, ensure_ascii=False)
