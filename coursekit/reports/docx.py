"""Word: pandoc writes the DOCX, with Word's own styles, formulas, captions that Word can renumber, and a table of contents."""

import io
import json
import re
import subprocess
import tempfile
import zipfile
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

import pypandoc

from coursekit.errors import CourseError
from coursekit.reports import nodes
from coursekit.reports.document import Document, sized
from coursekit.reports.metadata import ReportMetadata
from coursekit.reports.nodes import Node

A4 = (
    '<w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1134" w:right="1134" w:bottom="1134" w:left="1134" w:header="567" w:footer="567" '
    'w:gutter="0"/>'
)
BORDERS = (
    '<w:tblBorders><w:top w:val="single" w:sz="8" w:color="56606E"/><w:bottom w:val="single" w:sz="8" w:color="56606E"/>'
    '<w:insideH w:val="single" w:sz="4" w:color="D6DCE3"/></w:tblBorders>'
)
CONTENTS = "".join(
    f'<w:style w:type="paragraph" w:styleId="TOC{level}"><w:name w:val="toc {level}"/><w:basedOn w:val="Normal"/><w:uiPriority w:val="39"/>'
    f'<w:pPr><w:spacing w:before="0" w:after="40"/><w:ind w:left="{320 * (level - 1)}"/></w:pPr></w:style>'
    for level in (1, 2, 3)
)
FIGURES = (
    '<w:style w:type="paragraph" w:styleId="TableofFigures"><w:name w:val="table of figures"/><w:basedOn w:val="Normal"/>'
    '<w:uiPriority w:val="99"/><w:pPr><w:spacing w:before="0" w:after="40"/></w:pPr></w:style>'
)
SMALL = (
    '<w:style w:type="paragraph" w:customStyle="1" w:styleId="TableText"><w:name w:val="Table Text"/><w:basedOn w:val="Normal"/>'
    '<w:pPr><w:spacing w:before="20" w:after="20"/></w:pPr><w:rPr><w:sz w:val="18"/><w:szCs w:val="18"/></w:rPr></w:style>'
)


def made(document: Document, metadata: ReportMetadata, *, code: list[str]) -> bytes:
    """The report as a DOCX."""
    blocks = [
        *_front(metadata),
        *_contents(document, metadata, bool(code)),
        *_body(document.blocks),
        *_appendix(metadata, code),
    ]
    tree = {
        "pandoc-api-version": [1, 23, 1],
        "blocks": blocks,
        "meta": {
            "title": nodes.node("MetaInlines", nodes.words(metadata.title)),
            "lang": nodes.node("MetaString", "en"),
        },
    }
    with tempfile.TemporaryDirectory() as folder:
        for name, content in document.pictures.items():
            (Path(folder) / name).write_bytes(content)
        (Path(folder) / "reference.docx").write_bytes(_reference())
        command = [
            pypandoc.get_pandoc_path(),
            "--from=json",
            "--to=docx",
            "--reference-doc=reference.docx",
            "--quiet",
            "--output=report.docx",
        ]
        done = subprocess.run(
            command, input=json.dumps(tree).encode(), cwd=folder, capture_output=True
        )
        if done.returncode:
            raise CourseError(
                f"pandoc could not write the DOCX: {done.stderr.decode(errors='replace').strip()[:300]}"
            )
        return (Path(folder) / "report.docx").read_bytes()


def _front(metadata: ReportMetadata) -> list[Node]:
    course = [_styled(metadata.course, "Subtitle")] if metadata.course else []
    facts = " · ".join(f"{name}: {value}" for name, value in metadata.facts)
    failed = (
        [nodes.para([nodes.strong(nodes.words(f"This run did not finish. {metadata.failure}"))])]
        if metadata.failure
        else []
    )
    return [*course, _styled(facts, "Date"), *failed]


def _contents(document: Document, metadata: ReportMetadata, code: bool) -> list[Node]:
    """Word's own fields, filled already: they show at once, and Word can bring them up to date."""
    entries = [
        (level, identifier, inlines)
        for level, identifier, inlines in document.headings
        if level <= 2
    ]
    entries += [(1, "appendix", nodes.words("Appendix"))] if metadata.appendix or code else []
    lines = [
        _entry(inlines, identifier, f"toc {min(level, 3)}")
        for level, identifier, inlines in entries
    ]
    parts = (
        [_styled("Contents", "TOC Heading"), *_field('TOC \\o "1-2" \\h \\z \\u', lines)]
        if lines
        else []
    )
    for kind, title in (("figure", "Figures"), ("table", "Tables")):
        of = [
            _entry(inlines, each, "table of figures")
            for each, inlines in document.captions.items()
            if each.startswith(kind)
        ]
        parts += (
            [_styled(title, "TOC Heading"), *_field(f'TOC \\h \\z \\c "{title[:-1]}"', of)]
            if of
            else []
        )
    return parts


def _field(code: str, paragraphs: list[Node]) -> list[Node]:
    """A Word field whose result is these paragraphs."""
    begin = (
        _run('<w:fldChar w:fldCharType="begin"/>')
        + _run(f'<w:instrText xml:space="preserve">{escape(code)}</w:instrText>')
        + _run('<w:fldChar w:fldCharType="separate"/>')
    )
    first, last = paragraphs[0]["c"][1][0], paragraphs[-1]["c"][1][0]
    first["c"] = [nodes.raw_inline("openxml", begin), *first["c"]]
    last["c"] = [*last["c"], nodes.raw_inline("openxml", _run('<w:fldChar w:fldCharType="end"/>'))]
    return paragraphs


def _entry(inlines: list[Node], identifier: str, style: str) -> Node:
    return nodes.div(
        [
            nodes.para(
                [nodes.link([each for each in inlines if each["t"] != "Link"], f"#{identifier}")]
            )
        ],
        custom_style=style,
    )


def _body(blocks: list[Node]) -> list[Node]:
    return nodes.changed(blocks, _worded)


def _worded(each: Node) -> Node | list[Node] | None:
    """Captioned figures and tables in Word's terms; cells in small print."""
    if each["t"] == "Table":
        return nodes.changed(
            each,
            lambda inner: (
                nodes.div([nodes.para(inner["c"])], custom_style="Table Text")
                if inner["t"] == "Plain"
                else None
            ),
        )
    kind = (
        next((name[3:] for name in each["c"][0][1] if name in ("ck-figure", "ck-table")), "")
        if each["t"] == "Div"
        else ""
    )
    if not kind:
        return None
    attributes = dict(each["c"][0][2])
    body, caption = (
        each["c"][1][:-1],
        _caption(
            each["c"][1][-1], each["c"][0][0], attributes["label"], attributes["number"], kind
        ),
    )
    return (
        [nodes.div(body, custom_style="Captioned Figure"), caption]
        if kind == "figure"
        else [caption, *body]
    )


def _caption(block: Node, identifier: str, label: str, number: str, kind: str) -> Node:
    """A caption with the label, the number as a field, and a bookmark round both for references to it."""
    rightwards = block["t"] == "Div"
    inlines = block["c"][1][0]["c"] if rightwards else block["c"]
    mark = (
        f"{10_000 * (1 + (kind == 'table')) + int(number)}"  # Word wants a number for each bookmark
    )
    start = f'<w:bookmarkStart w:id="{mark}" w:name="{escape(identifier)}"/>' if identifier else ""
    end = f'<w:bookmarkEnd w:id="{mark}"/>' if identifier else ""
    direction = (
        "<w:rPr><w:b/><w:bCs/><w:rtl/></w:rPr>"
        if rightwards and not label.isascii()
        else "<w:rPr><w:b/></w:rPr>"
    )
    shown = f"<w:r>{direction}<w:t>{escape(number)}</w:t></w:r>"
    if number.isascii():
        shown = f'<w:fldSimple w:instr=" SEQ {kind.capitalize()} \\* ARABIC ">{shown}</w:fldSimple>'  # Word counts with 0 to 9 only
    field = f'<w:r>{direction}<w:t xml:space="preserve">{escape(label)} </w:t></w:r>{shown}'
    dot = f'<w:r>{direction}<w:t xml:space="preserve">. </w:t></w:r>'
    style = "Image Caption" if kind == "figure" else "Table Caption"
    whole = nodes.para([nodes.raw_inline("openxml", start + field + end + dot), *inlines])
    return nodes.div([whole], custom_style=style, **({"dir": "rtl"} if rightwards else {}))


def _appendix(metadata: ReportMetadata, code: list[str]) -> list[Node]:
    if not metadata.appendix and not code:
        return []
    blocks = [nodes.heading(1, "Appendix", "appendix")]
    for title, header, rows in metadata.appendix:
        blocks += [
            nodes.heading(2, title, f"appendix-{title.split()[0].lower()}"),
            *_body([sized(nodes.table(header, rows))]),
        ]
    if code:
        blocks += [
            nodes.heading(2, "Code", "appendix-code"),
            *(nodes.code(each, "python") for each in code),
        ]
    return blocks


def _styled(text: str, style: str) -> Node:
    return nodes.div([nodes.para(nodes.words(text))], custom_style=style)


def _run(content: str) -> str:
    return f"<w:r>{content}</w:r>"


@cache
def _reference() -> bytes:
    """pandoc's own model document, on A4, with lines in tables and upright captions."""
    given = subprocess.run(
        [pypandoc.get_pandoc_path(), "--print-default-data-file=reference.docx"],
        capture_output=True,
        check=True,
    ).stdout
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(given)) as before,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for name in before.namelist():
            text = before.read(name)
            if name == "word/document.xml":
                text = text.decode().replace("</w:sectPr>", f"{A4}</w:sectPr>").encode()
            if name == "word/styles.xml":
                text = _restyled(text.decode()).encode()
            after.writestr(name, text)
    return out.getvalue()


def _restyled(styles: str) -> str:
    styles = re.sub(
        r'(w:styleId="Table">.*?)(?=<w:tblCellMar>)',
        rf"\1{BORDERS}",
        styles,
        count=1,
        flags=re.DOTALL,
    )
    styles = re.sub(
        r'(w:styleId="Caption">.*?)<w:i />',
        r'\1<w:color w:val="3A434E"/><w:sz w:val="20"/><w:szCs w:val="20"/>',
        styles,
        count=1,
        flags=re.DOTALL,
    )
    styles = re.sub(
        r'(<w:docDefaults>.*?)<w:sz w:val="24" />\s*<w:szCs w:val="24" />',
        r'\1<w:sz w:val="22"/><w:szCs w:val="22"/>',
        styles,
        count=1,
        flags=re.DOTALL,
    )
    styles = re.sub(
        r'(w:styleId="TableCaption">.*?<w:keepNext />)',
        r'\1<w:spacing w:before="220" w:after="80"/>',
        styles,
        count=1,
        flags=re.DOTALL,
    )
    for size, smaller in (("56", "44"), ("40", "32"), ("32", "26")):
        styles = styles.replace(f'<w:sz w:val="{size}" />', f'<w:sz w:val="{smaller}"/>').replace(
            f'<w:szCs w:val="{size}" />', f'<w:szCs w:val="{smaller}"/>'
        )
    return styles.replace("</w:styles>", f"{CONTENTS}{FIGURES}{SMALL}</w:styles>")
