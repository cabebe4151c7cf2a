"""PDF: pandoc writes the text, typst sets it. Fonts are those of typst and matplotlib, whatever a machine has, and embedded."""

import io
import json
import re
import tempfile
from pathlib import Path

import matplotlib
import pypandoc
import typst
from PIL import Image

from coursekit.errors import CourseError
from coursekit.reports import nodes, prose
from coursekit.reports.document import Document, sized
from coursekit.reports.metadata import ReportMetadata
from coursekit.reports.nodes import Node

PREAMBLE = Path(__file__).parent / "template" / "report.typ"
LARGEST = 5_000_000  # bytes of a PDF; a larger one gets its pictures as JPEG
FONTS = (
    Path(matplotlib.get_data_path()) / "fonts" / "ttf"
)  # DejaVu: letters of many scripts, Persian among them


def made(
    document: Document, metadata: ReportMetadata, *, code: list[str]
) -> tuple[bytes, list[str]]:
    """The report as a PDF, and the formulas that typst could not read, which stand there as typed."""
    blocks = [*nodes.changed(document.blocks, _typeset), *_appendix(metadata, code)]
    unreadable = _unreadable(blocks)
    blocks = (
        nodes.changed(blocks, lambda each: _as_typed(each, unreadable)) if unreadable else blocks
    )
    source = _front(document, metadata, bool(code)) + _pandoc(blocks)
    content = _compiled(source, document.pictures)
    if len(content) > LARGEST:
        source = source.replace('.png", alt:', '.jpg", alt:')
        content = _compiled(
            source,
            {
                name.replace(".png", ".jpg"): _smaller(each)
                for name, each in document.pictures.items()
            },
        )
    return content, unreadable


def _front(document: Document, metadata: ReportMetadata, code: bool) -> str:
    """Preamble, title, facts, contents and the lists of figures and tables."""
    facts = " · ".join(f"{name}: {value}" for name, value in metadata.facts)
    parts = [
        PREAMBLE.read_text(encoding="utf-8"),
        f"#set document(title: {_string(metadata.title)}, date: none)",
        f'#text(size: 22pt, weight: "bold", fill: accent, {_string(metadata.title)})\n',
        f"#text(fill: faint, {_string(metadata.course)})\n" if metadata.course else "",
        f"#text(size: 9.5pt, {_string(facts)})\n",
    ]
    if metadata.failure:
        parts.append(
            f'#block(fill: rgb("#fdeeeb"), inset: 8pt)[*This run did not finish.* #{_string(metadata.failure)}]\n'
        )
    if document.headings or metadata.appendix or code:
        parts.append("#outline(title: [Contents], depth: 2)\n")
    for kind, title in (("figure", "Figures"), ("table", "Tables")):
        if any(each.startswith(kind) for each in document.captions):
            parts.append(
                f'#text(size: 9pt, outline(title: [{title}], target: figure.where(kind: "ck-{kind}")))\n'
            )
    return "\n".join(parts) + "\n"


def _typeset(each: Node) -> Node | list[Node] | None:
    """Captions, directions and pictures in typst's terms."""
    if each["t"] == "Image":
        return nodes.raw_inline(
            "typst",
            f"#fits(image({_string(each['c'][2][0])}, alt: {_string(nodes.text_of(each['c'][1]))}))",
        )
    if each["t"] == "Str" and len(each["c"]) > 14:
        return nodes.node(
            "Str", re.sub(r"([_/.=])(?=\w)", "\\1\u200b", each["c"])
        )  # where a long word may break
    if each["t"] == "Table":  # or cells take the figure's alignment, which is centered
        columns = [
            [{"t": "AlignLeft"} if align["t"] == "AlignDefault" else align, width]
            for align, width in each["c"][2]
        ]
        return (
            {**each, "c": [*each["c"][:2], columns, *each["c"][3:]]}
            if not prose.rightwards(nodes.text_of(each))
            else None
        )
    if each["t"] != "Div":
        return None
    (identifier, classes, attributes), inner = each["c"]
    attributes = dict(attributes)
    if attributes.get("dir") == "rtl":
        return [
            nodes.raw("typst", '#[#set text(lang: "fa", dir: rtl); #set align(start)'),
            *inner,
            nodes.raw("typst", "]"),
        ]
    kind = next((name for name in classes if name in ("ck-figure", "ck-table")), "")
    if not kind:
        return None
    end = (
        next(index for index, block in reversed(list(enumerate(inner))) if _opens(block))
        if inner[-1]["t"] == "RawBlock"
        else len(inner) - 1
    )
    label = nodes.strong(nodes.words(f"{attributes['label']} {attributes['number']}."))
    caption = _with_label(inner[end:], label)
    opening = (
        f'#figure(kind: "{kind}", supplement: none, numbering: none, outlined: true, caption: ['
    )
    return [
        nodes.raw("typst", opening),
        *caption,
        nodes.raw("typst", "])["),
        *inner[:end],
        nodes.raw("typst", f"] <{identifier}>" if identifier else "]"),
    ]


def _opens(block: Node) -> bool:
    return block["t"] == "RawBlock" and block["c"][1].startswith("#[")


def _with_label(blocks: list[Node], label: Node) -> list[Node]:
    """A caption's blocks with "Figure 3." before its words."""
    return [
        nodes.plain([label, {"t": "Space"}, *each["c"]]) if each["t"] in ("Para", "Plain") else each
        for each in blocks
    ]


def _appendix(metadata: ReportMetadata, code: list[str]) -> list[Node]:
    if not metadata.appendix and not code:
        return []
    blocks = [nodes.heading(1, "Appendix", "appendix")]
    for title, header, rows in metadata.appendix:
        blocks += [
            nodes.heading(2, title, ""),
            nodes.changed(sized(nodes.table(header, rows)), _typeset),
        ]
    if code:
        blocks += [nodes.heading(2, "Code", ""), *(nodes.code(each, "python") for each in code)]
    return blocks


def _pandoc(blocks: list[Node]) -> str:
    """typst's text of these blocks. Tables come without the figure that pandoc puts round them, which would not break across pages."""
    tree = json.dumps({"pandoc-api-version": [1, 23, 1], "meta": {}, "blocks": blocks})
    text = pypandoc.convert_text(
        tree, "typst", format="json", extra_args=["--wrap=preserve", "--quiet"]
    )
    return re.sub(
        r"^#figure\(\n  align\(center\)\[#table\((.*?)^  \)\]\n  , kind: table\n  \)$",
        r"#align(center)[#table(\1  )]",
        text,
        flags=re.MULTILINE | re.DOTALL,
    )


def _compiled(source: str, pictures: dict[str, bytes]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        for each, content in pictures.items():
            (Path(folder) / each).write_bytes(content)
        (Path(folder) / "report.typ").write_text(source, encoding="utf-8")
        try:
            return typst.compile(
                f"{folder}/report.typ",
                root=folder,
                font_paths=[str(FONTS)],
                ignore_system_fonts=True,
            )
        except RuntimeError as error:
            raise CourseError(f"typst could not set the PDF: {str(error)[:400]}") from None


def _unreadable(blocks: list[Node]) -> list[str]:
    """The formulas that typst refuses. All at once first; one by one only where that fails."""
    found: dict[str, Node] = {}
    nodes.changed(
        blocks,
        lambda each: found.setdefault(each["c"][1], each) and None if each["t"] == "Math" else None,
    )
    if _sets(list(found.values())):
        return []
    return [tex for tex, each in found.items() if not _sets([each])]


def _sets(formulas: list[Node]) -> bool:
    """Whether pandoc reads these formulas and typst sets them."""
    text = _pandoc([nodes.para([each]) for each in formulas])
    try:
        typst.compile(text.encode(), font_paths=[str(FONTS)], ignore_system_fonts=True)
        return True
    except RuntimeError:
        return False


def _as_typed(each: Node, unreadable: list[str]) -> Node | None:
    return (
        nodes.node("Code", nodes.NO, each["c"][1])
        if each["t"] == "Math" and each["c"][1] in unreadable
        else None
    )


def _smaller(png: bytes) -> bytes:
    """The picture as JPEG."""
    out = io.BytesIO()
    image = Image.open(io.BytesIO(png)).convert("RGB")
    image.thumbnail((1600, 1600))
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


def _string(text: str) -> str:
    """A typst string literal."""
    return json.dumps(text, ensure_ascii=False)
