"""A notebook as one document: pandoc's tree, which html.py, docx.py and pdf.py write.

    made = document.from_notebook(notebook, folder=path.parent)  # of an executed notebook
    made = document.read_report(path)  # of a report, .docx or .html
    made.blocks, made.pictures, made.captions  # the tree; name -> bytes; figure-1 -> inlines
    made.shown, made.tables, made.missing, made.text  # what is in it, and what is not there

A captioned figure or table is pandoc's own Figure or Table. Its caption begins with its number in
bold, its identifier is figure-1 or table-1, its attributes are label and number. Text that runs
from right to left stands in a Div with dir="rtl", a folded answer in one of class ck-details, a box
for what cannot be shown in one of class ck-lost.
"""

import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nbformat import NotebookNode

from coursekit.errors import CourseError
from coursekit.reports import (
    captions,
    direction,
    formulas,
    nodes,
    outputs,
    pandoc,
    pictures,
    sanitize,
    trim,
)
from coursekit.reports.nodes import Node
from coursekit.reports.outputs import Piece

BETWEEN = "<!-- the next piece of coursekit's prose -->"
CLAIMS = "The claims of this lesson"
LARGEST = 200_000_000  # bytes of a DOCX, unpacked


@dataclass
class Document:
    """Blocks in order, the pictures they name (PNG, JPEG, GIF or SVG), captions by identifier.

    missing: the addresses of pictures that are not in the document. warnings: what a report cannot
    show, in words.
    """

    blocks: list[Node] = field(default_factory=list)
    pictures: dict[str, bytes] = field(default_factory=dict)
    captions: dict[str, list[Node]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    pieces: list[tuple[Piece, list[Node]]] = field(
        default_factory=list
    )  # before captions are bound

    @property
    def headings(self) -> list[tuple[int, str, list[Node]]]:
        """(level, identifier, inline nodes) of every heading."""
        found = nodes.every(self.blocks, "Header")
        return [(head["c"][0], head["c"][1][0], head["c"][2]) for head in found]

    @property
    def shown(self) -> list[bytes]:
        """The pictures as they follow one another, one shown twice twice."""
        names = [image["c"][2][0] for image in nodes.every(self.blocks, "Image")]
        return [self.pictures[name] for name in names if name in self.pictures]

    @property
    def tables(self) -> list[list[str]]:
        """The texts of the cells that hold any, of each table."""
        return [nodes.cells(table) for table in nodes.every(self.blocks, "Table")]

    @property
    def formulas(self) -> list[str]:
        """The TeX of every formula."""
        return [math["c"][1] for math in nodes.every(self.blocks, "Math")]

    @property
    def text(self) -> str:
        """All that is written, formulas as TeX."""
        return nodes.text_of(self.blocks)


def from_notebook(notebook: NotebookNode, *, folder: Path | None) -> Document:
    """The document of an executed notebook, its title and its code left out. folder: where its
    pictures lie.
    """
    made = Document()
    pieces = list(outputs.pieces(notebook, made.pictures))
    found: list[Node] = []
    for piece, read in zip(pieces, _read(pieces), strict=True):
        blocks = trim.trimmed(read, made.pictures, made.missing, folder, piece.attachments)
        made.warnings += [f"cell {piece.cell}: {what}" for what in _boxes(blocks)]
        made.pieces.append((piece, blocks))
        found += blocks
    found = _with_macros(_without_title(found))
    found = list(captions.bound(found, made.captions))
    _finish(made, _headings(found))
    return made


def read_report(path: Path) -> Document:
    """A DOCX or an HTML page back as a document. CourseError where it is neither."""
    made, folder = Document(), None
    if path.suffix.lower() == ".docx":
        blocks = _read_docx(path, made.pictures)
    else:
        page = path.read_text(encoding="utf-8-sig", errors="replace")
        blocks, folder = pandoc.read(_folded(sanitize.clean(page)), pandoc.HTML), path.parent
    blocks = trim.trimmed(blocks, made.pictures, made.missing, folder, {})
    made.warnings += _boxes(blocks)
    made.blocks = list(captions.bound(blocks, made.captions))
    return made


def code_of(notebook: NotebookNode) -> list[str]:
    """The sources of the code cells that have any."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [cell.source for cell in cells if cell.source.strip()]


def prose(markdown: str) -> Document:
    """A document of a piece of Markdown."""
    made = Document()
    (read,) = _read([Piece(1, markdown=markdown)])
    _finish(made, trim.trimmed(read, made.pictures, made.missing, None, {}))
    return made


def _finish(made: Document, blocks: list[Node]) -> None:
    """The last steps: links to figures and headings that are there, directions."""
    blocks = captions.linked(blocks, made.captions)
    targets = {*made.captions, *(head["c"][1][0] for head in nodes.every(blocks, "Header"))}
    blocks = nodes.changed(blocks, lambda node: trim.without_target(node, targets))
    made.blocks = direction.directed(blocks)


def _read(pieces: Sequence[Piece]) -> list[list[Node]]:
    """The blocks of each piece: two calls of pandoc for all of them together."""
    converted = iter(_html([piece.markdown for piece in pieces if piece.markdown]))
    pages = [next(converted) if piece.markdown else piece.html for piece in pieces]
    pages = [_folded(page) for page in pages]
    whole = pandoc.read("\n".join(f"<div>{page}</div>" for page in pages), pandoc.HTML)
    if len(whole) == len(pages) and all(block["t"] == "Div" for block in whole):
        read = [block["c"][1] for block in whole]
    else:  # a page that pandoc closes elsewhere than browsers do
        read = [pandoc.read(page, pandoc.HTML) for page in pages]
    return [[*piece.blocks, *blocks] for piece, blocks in zip(pieces, read, strict=True)]


def _html(texts: Sequence[str]) -> list[str]:
    """Pieces of Markdown as harmless HTML, in one call where they let themselves be told apart."""
    texts = formulas.prepared(texts)
    made = pandoc.html_of(f"\n\n{BETWEEN}\n\n".join(texts)).split(BETWEEN) if texts else []
    if len(made) != len(texts):  # a fence left open, say, took its neighbors in
        made = [pandoc.html_of(text) for text in texts]
    return [sanitize.clean(page) for page in made]


def _folded(page: str) -> str:
    """<details> as Div, which pandoc keeps. In nh3's pages a tag is spelled in one way."""
    for tag in ("details", "summary"):
        page = page.replace(f"<{tag}>", f'<div class="ck-{tag}">').replace(f"</{tag}>", "</div>")
    return page


def _read_docx(path: Path, taken: dict[str, bytes]) -> list[Node]:
    """The blocks of a DOCX, its pictures by pandoc's names for them as data addresses."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > LARGEST:
                raise CourseError(f"{path.name} is too large to be read")
            media = {
                name.removeprefix("word/"): archive.read(name)
                for name in archive.namelist()
                if name.startswith("word/media/")
            }
    except (OSError, zipfile.BadZipFile):
        raise CourseError(f"{path.name} is not a readable DOCX: save it again") from None
    names = {name: pictures.take(content, taken) for name, content in media.items()}
    blocks = pandoc.read(path.read_bytes(), "docx")
    return nodes.changed(blocks, lambda node: trim.renamed(node, names))


def _boxes(blocks: list[Node]) -> list[str]:
    """What the boxes of these blocks stand for."""
    boxes = [box for box in nodes.every(blocks, "Div") if "ck-lost" in box["c"][0][1]]
    return [
        f"{nodes.text_of(box).strip()} cannot be shown; a box stands in its place" for box in boxes
    ]


def _without_title(blocks: list[Node]) -> list[Node]:
    """The first heading of level 1 is the title, which stands elsewhere."""
    heads = [block for block in blocks if block["t"] == "Header" and block["c"][0] == 1]
    return [block for block in blocks if not heads or block is not heads[0]]


def _with_macros(blocks: list[Node]) -> list[Node]:
    known = formulas.macros([math["c"][1] for math in nodes.every(blocks, "Math")])

    def written_out(node: Node) -> Node | list[Node] | None:
        if node["t"] != "Math":
            return None
        tex = formulas.written_out(node["c"][1], known)
        return nodes.node("Math", node["c"][0], tex) if tex else []

    return nodes.changed(blocks, written_out)


def _headings(blocks: list[Node]) -> list[Node]:
    """Sections begin at level 1, with Jupyter's anchors; the table of claims gets a heading of its
    own.
    """
    out: list[Node] = []
    taken: list[str] = []
    for block in blocks:
        if block["t"] == "Table" and CLAIMS in nodes.text_of(block["c"][1]):
            out.append(nodes.heading(1, "Claims", _anchor("Claims", taken)))
        if block["t"] == "Header":
            level, _, inlines = block["c"]
            anchor = [_anchor(nodes.text_of(inlines).strip(), taken), [], []]
            block = nodes.node("Header", max(1, level - 1), anchor, inlines)
        out.append(block)
    return out


def _anchor(text: str, taken: list[str]) -> str:
    plain = re.sub(r"\s+", "-", text) or "section"
    again = sum(name == plain or name.startswith(f"{plain}-") for name in taken)
    taken.append(f"{plain}-{again}" if again else plain)
    return taken[-1]
