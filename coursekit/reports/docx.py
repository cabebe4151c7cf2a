"""DOCX: pandoc writes it, with Word's own styles, formulas, captions that Word can renumber, and a
table of contents.
"""

from collections.abc import Sequence
from xml.sax.saxutils import escape

from coursekit.reports import docx_styles, nodes, pandoc, pictures, tables
from coursekit.reports.appendix import ANCHOR, appendix
from coursekit.reports.direction import is_rightwards
from coursekit.reports.document import Document
from coursekit.reports.metadata import ReportMetadata
from coursekit.reports.nodes import Node


def made(document: Document, metadata: ReportMetadata, *, code: Sequence[str] = ()) -> bytes:
    """The report as a DOCX."""
    end = appendix(metadata, code)
    blocks = [*_front(metadata), *_contents(document, bool(end)), *_body(document.blocks)]
    title = nodes.node("MetaInlines", nodes.words(metadata.title))
    meta = {"title": title, "lang": nodes.node("MetaString", "en")}
    shown = {_png(name): pictures.as_png(data) for name, data in document.pictures.items()}
    files = {**shown, "reference.docx": docx_styles.reference()}
    return pandoc.write_docx([*blocks, *_body(end)], meta, files)


def _png(name: str) -> str:
    """Word shows no SVG that pandoc puts in: it gets a PNG."""
    return name.replace(".svg", ".png")


def _front(metadata: ReportMetadata) -> list[Node]:
    course = [_styled(metadata.course, "Subtitle")] if metadata.course else []
    facts = " · ".join(f"{name}: {value}" for name, value in metadata.facts)
    text = f"This run did not finish. {metadata.failure}"
    failed = [nodes.para([nodes.strong(nodes.words(text))])] if metadata.failure else []
    return [*course, _styled(facts, "Date"), *failed]


def _contents(document: Document, has_appendix: bool) -> list[Node]:
    """Word's own fields, filled already: they show at once, and Word can bring them up to date."""
    entries = [head for head in document.headings if head[0] <= 2]
    entries += [(1, ANCHOR, nodes.words("Appendix"))] if has_appendix else []
    lines = [_entry(words, anchor, f"toc {level}") for level, anchor, words in entries]
    parts = _listed("Contents", r'TOC \o "1-2" \h \z \u', lines)
    for kind, title in (("figure", "Figures"), ("table", "Tables")):
        named = [item for item in document.captions.items() if item[0].startswith(kind)]
        lines = [_entry(words, name, "table of figures") for name, words in named]
        parts += _listed(title, rf'TOC \h \z \c "{title[:-1]}"', lines)
    return parts


def _listed(title: str, code: str, paragraphs: list[Node]) -> list[Node]:
    """A heading, and a Word field whose result is these paragraphs; nothing for none."""
    if not paragraphs:
        return []
    begin, end = (nodes.raw_inline("openxml", mark) for mark in _marks(code))
    first, last = paragraphs[0]["c"][1][0], paragraphs[-1]["c"][1][0]
    first["c"] = [begin, *first["c"]]
    last["c"] = [*last["c"], end]
    return [_styled(title, "TOC Heading"), *paragraphs]


def _marks(code: str) -> tuple[str, str]:
    """What stands before and after the result of a Word field."""
    before = (
        '<w:fldChar w:fldCharType="begin"/>',
        f'<w:instrText xml:space="preserve">{escape(code)}</w:instrText>',
        '<w:fldChar w:fldCharType="separate"/>',
    )
    return "".join(map(_run, before)), _run('<w:fldChar w:fldCharType="end"/>')


def _entry(inlines: list[Node], identifier: str, style: str) -> Node:
    bare = nodes.changed(inlines, lambda node: node["c"][1] if node["t"] == "Link" else None)
    return nodes.div([nodes.para([nodes.link(bare, f"#{identifier}")])], custom_style=style)


def _body(blocks: list[Node]) -> list[Node]:
    return nodes.changed(blocks, _worded)


def _worded(node: Node) -> Node | list[Node] | None:
    """Captions, cells, pictures and boxes in Word's terms."""
    kind = node["t"]
    if kind == "Table":
        return [_small(_numbered(part)) for part in tables.fitted(node)]
    if kind == "Figure":
        return _numbered(node)
    if kind == "Image":
        name, title = node["c"][2]
        return nodes.node("Image", *node["c"][:2], [_png(name), title])
    if kind == "Div" and "ck-lost" in node["c"][0][1]:
        return nodes.div(node["c"][1], custom_style="Notice")
    return None


def _small(table: Node) -> Node:
    """A table with its cells in small print."""
    attributes, caption, *parts = table["c"]
    return nodes.node("Table", attributes, caption, *nodes.changed(parts, _small_print))


def _small_print(node: Node) -> Node | None:
    if node["t"] != "Plain":
        return None
    return nodes.div([nodes.para(node["c"])], custom_style="Table Text")


def _numbered(node: Node) -> Node:
    """A figure or table whose number is a field of Word's, so that Word can count anew and list
    them.
    """
    (_, _, pairs), (_, blocks), *rest = node["c"]
    known = dict(pairs)
    if "number" not in known:
        return node
    rightwards = is_rightwards(blocks[0])
    inner = blocks[0]["c"][1] if rightwards else blocks
    field = _field(node["t"], known["label"], known["number"], rightwards)
    first = nodes.plain([nodes.raw_inline("openxml", field), *inner[0]["c"][1:]])
    whole = [first, *inner[1:]]
    whole = [nodes.div(whole, dir="rtl")] if rightwards else whole
    return nodes.node(node["t"], node["c"][0], [None, whole], *rest)


def _field(kind: str, label: str, number: str, rightwards: bool) -> str:
    """Figure 3. with the number as a field; Word counts with 0 to 9 only."""
    rtl = rightwards and not label.isascii()
    look = "<w:rPr><w:b/><w:bCs/><w:rtl/></w:rPr>" if rtl else "<w:rPr><w:b/><w:bCs/></w:rPr>"
    shown = f"<w:r>{look}<w:t>{escape(number)}</w:t></w:r>"
    if number.isascii():
        shown = shown.join(_marks(rf" SEQ {kind} \* ARABIC "))
    before, after = (
        f'<w:r>{look}<w:t xml:space="preserve">{text}</w:t></w:r>'
        for text in (f"{escape(label)} ", ".")
    )
    return before + shown + after


def _styled(text: str, style: str) -> Node:
    return nodes.div([nodes.para(nodes.words(text))], custom_style=style)


def _run(content: str) -> str:
    return f"<w:r>{content}</w:r>"
