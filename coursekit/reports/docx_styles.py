"""The look of a DOCX: pandoc's own model document, on A4, with lines in tables and upright
captions.
"""

import io
import re
import subprocess
import zipfile
from functools import cache

import pypandoc

SIDES = "".join(f'w:{side}="1134" ' for side in ("top", "right", "bottom", "left"))
A4 = (
    f'<w:pgSz w:w="11906" w:h="16838"/><w:pgMar {SIDES}w:header="567" w:footer="567" w:gutter="0"/>'
)


def _border(side: str, size: int, color: str) -> str:
    return f'<w:{side} w:val="single" w:sz="{size}" w:space="0" w:color="{color}"/>'


def _style(identifier: str, name: str, paragraph: str, run: str = "", own: bool = False) -> str:
    """A paragraph style on Normal; own: one that Word does not know by itself."""
    custom = ' w:customStyle="1"' if own else ""
    return (
        f'<w:style w:type="paragraph"{custom} w:styleId="{identifier}"><w:name w:val="{name}"/>'
        f'<w:basedOn w:val="Normal"/><w:pPr>{paragraph}</w:pPr>{run}</w:style>'
    )


def _spacing(before: int, after: int) -> str:
    return f'<w:spacing w:before="{before}" w:after="{after}"/>'


LINES = (("top", 8, "56606E"), ("bottom", 8, "56606E"), ("insideH", 4, "D6DCE3"))
BORDERS = f"<w:tblBorders>{''.join(_border(*line) for line in LINES)}</w:tblBorders>"
BOX = "".join(_border(side, 6, "A3210F") for side in ("top", "left", "bottom", "right"))
SMALL_PRINT = '<w:rPr><w:sz w:val="18"/><w:szCs w:val="18"/></w:rPr>'
CONTENTS = [
    _style(f"TOC{level}", f"toc {level}", f'{_spacing(0, 40)}<w:ind w:left="{320 * (level - 1)}"/>')
    for level in (1, 2, 3)
]
STYLES = [
    *CONTENTS,
    _style("TableofFigures", "table of figures", _spacing(0, 40)),
    _style("TableText", "Table Text", _spacing(20, 20), SMALL_PRINT, own=True),
    _style("Notice", "Notice", f"<w:pBdr>{BOX}</w:pBdr>", own=True),
]

OFFICE = "http://schemas.openxmlformats.org"
FOOTER = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    f'<w:ftr xmlns:w="{OFFICE}/wordprocessingml/2006/main"><w:p>'
    '<w:pPr><w:jc w:val="center"/></w:pPr>'
    '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
    '<w:r><w:instrText xml:space="preserve"> PAGE </w:instrText></w:r>'
    '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>1</w:t></w:r>'
    '<w:r><w:fldChar w:fldCharType="end"/></w:r></w:p></w:ftr>'
)
RELATION = (
    f'<Relationship Id="rIdFooter" Type="{OFFICE}/officeDocument/2006/relationships/footer" '
    'Target="footer1.xml"/>'
)
CONTENT_TYPE = (
    '<Override PartName="/word/footer1.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.footer+xml"/>'
)


@cache
def reference() -> bytes:
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
                text = _paged(text.decode()).encode()
            if name == "word/_rels/document.xml.rels":
                text = (
                    text.decode()
                    .replace("</Relationships>", f"{RELATION}</Relationships>")
                    .encode()
                )
            if name == "[Content_Types].xml":
                text = text.decode().replace("</Types>", f"{CONTENT_TYPE}</Types>").encode()
            if name == "word/styles.xml":
                text = _restyled(text.decode()).encode()
            after.writestr(name, text)
        after.writestr("word/footer1.xml", FOOTER)
    return out.getvalue()


def _paged(document: str) -> str:
    """A4 pages with the number of the page below."""
    footer = '<w:footerReference w:type="default" r:id="rIdFooter"/>'
    relations = f'xmlns:r="{OFFICE}/officeDocument/2006/relationships"'
    if "xmlns:r=" not in document:
        document = document.replace("<w:document ", f"<w:document {relations} ", 1)
    document = re.sub(r"(<w:sectPr[^>]*?)\s*/>", r"\1></w:sectPr>", document)
    framed = rf"\1{footer}\2{A4}</w:sectPr>"
    return re.sub(r"(<w:sectPr[^>]*>)(.*?)</w:sectPr>", framed, document, flags=re.DOTALL)


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
    return styles.replace("</w:styles>", "".join([*STYLES, "</w:styles>"]))
