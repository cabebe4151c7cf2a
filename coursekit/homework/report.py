"""The report of a hand-in: which figures and tables it shows, and whether the notebooks hold them too."""

import base64
import html
import re
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote_to_bytes

from coursekit.homework.notebook import Notebook
from coursekit.homework.pictures import Picture

SMALLEST = 64  # pixels: below it a picture is a logo or a bullet
LARGEST_DOCUMENT = 200_000_000  # bytes of a DOCX, unpacked
KNOWN_CELLS = 0.8  # share of a table's cells that the notebooks must hold


@dataclass
class Report:
    """The pictures and tables of a report. tables: each a list of cells' texts."""

    name: str
    pictures: list[Picture] = field(default_factory=list)
    tables: list[list[str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read(path: Path, *, name: str) -> Report:
    """Look into a report; what cannot be looked at is a note."""
    found = Report(name)
    try:
        {".docx": _docx, ".html": _html, ".pdf": _pdf}[path.suffix.lower()](path, found)
    except (
        OSError,
        ValueError,
        KeyError,
        RecursionError,
        zipfile.BadZipFile,
        subprocess.SubprocessError,
    ):
        found.faults.append(f"{name}: is not a readable report; save it again")
    return found


def missing(report: Report, notebooks: Sequence[Notebook]) -> list[str]:
    """Figures and tables of the report that no notebook holds."""
    pictures = [picture for each in notebooks for picture in each.pictures]
    text = {_squeezed(each.text) for each in notebooks}
    faults = [
        f"{report.name}: picture {number} is in no notebook; show it in the notebook that made it and run that again"
        for number, picture in enumerate(report.pictures, 1)
        if not any(picture.same_as(other) for other in pictures)
    ]
    for number, cells in enumerate(report.tables, 1):
        known = [any(_squeezed(cell) in each for each in text) for cell in cells]
        if cells and sum(known) < KNOWN_CELLS * len(cells):
            unknown = cells[known.index(False)]
            faults.append(
                f"{report.name}: table {number} (with {unknown[:40]!r}) is in no notebook; show it in the notebook that made it"
            )
    return faults


def _docx(path: Path, found: Report) -> None:
    with zipfile.ZipFile(path) as archive:
        if sum(each.file_size for each in archive.infolist()) > LARGEST_DOCUMENT:
            raise ValueError("too large")
        document = archive.read("word/document.xml").decode("utf-8", "replace")
        relations = dict(
            _pairs(archive.read("word/_rels/document.xml.rels").decode("utf-8", "replace"))
        )
        for key in dict.fromkeys(re.findall(r'<a:blip\b[^>]*\br:embed="([^"]+)"', document)):
            _add(found, archive.read(f"word/{relations[key]}".replace("word//word/", "word/")))
    for table in re.findall(r"<w:tbl>.*?</w:tbl>", document, re.DOTALL):
        cells = re.findall(r"<w:tc>.*?</w:tc>", table, re.DOTALL)
        texts = ["".join(re.findall(r"<w:t(?: [^>]*)?>([^<]*)</w:t>", cell)) for cell in cells]
        found.tables.append([html.unescape(each) for each in texts if each.strip()])


def _pairs(relations: str) -> list[tuple[str, str]]:
    tags = re.findall(r"<Relationship\b[^>]*>", relations)
    pairs = [
        (re.search(r'\bId="([^"]+)"', tag), re.search(r'\bTarget="([^"]+)"', tag)) for tag in tags
    ]
    return [(key[1], target[1].lstrip("/")) for key, target in pairs if key and target]


def _html(path: Path, found: Report) -> None:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8", errors="replace"))
    for address in page.pictures:
        head, _, data = address.partition(",")
        if head.startswith("data:image/svg"):
            continue
        _add(found, base64.b64decode(data) if head.endswith(";base64") else unquote_to_bytes(data))
    found.tables = [cells for cells in page.tables if cells]
    if page.elsewhere:
        found.faults.append(
            f"{found.name}: {page.elsewhere} pictures are fetched from elsewhere; put them into the file or hand in a PDF"
        )


def _pdf(path: Path, found: Report) -> None:
    if path.read_bytes()[:5] != b"%PDF-":
        raise ValueError("no PDF")
    if not (program := shutil.which("pdfimages")):
        found.notes.append(
            f"{found.name}: its figures were not compared with the notebooks', since poppler's pdfimages is not installed here"
        )
        return
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [program, "-png", str(path.resolve()), f"{folder}/p"],
            check=True,
            capture_output=True,
            timeout=60,
        )
        listed = subprocess.run(
            [program, "-list", str(path.resolve())],
            check=True,
            capture_output=True,
            timeout=60,
            text=True,
        ).stdout
        kinds = [
            line.split()[2] for line in listed.splitlines()[2:]
        ]  # image, or the smask of one: its transparency
        for kind, each in zip(kinds, sorted(Path(folder).iterdir()), strict=False):
            if kind == "image":
                _add(found, each.read_bytes())
    found.notes.append(
        f"{found.name}: its tables were not compared with the notebooks'; a DOCX beside it would be"
    )


def _add(found: Report, content: bytes) -> None:
    """Take a picture in, unless it is too small to be a figure."""
    picture = Picture.of(content)
    if picture is not None and picture.pixels >= SMALLEST:
        found.pictures.append(picture)


class _Page(HTMLParser):
    """The pictures and tables of an HTML page."""

    def __init__(self):
        super().__init__()
        self.pictures, self.tables, self.elsewhere, self.cell = [], [], 0, None

    def handle_starttag(self, tag, attributes):
        if tag == "img":
            address = dict(attributes).get("src") or ""
            self.elsewhere += not address.startswith("data:")
            self.pictures += [address] if address.startswith("data:") else []
        if tag == "table":
            self.tables.append([])
        if tag in ("td", "th"):
            self.cell = ""

    def handle_data(self, data):
        if self.cell is not None:
            self.cell += data

    def handle_endtag(self, tag):
        if tag in ("td", "th") and self.cell is not None and self.tables:
            self.tables[-1] += [self.cell.strip()] if self.cell.strip() else []
            self.cell = None


def _squeezed(text: str) -> str:
    """Only what is written, without blanks and typographic marks: Word and pandoc change those."""
    return re.sub(r"[\s\u200b-\u200f\u2066-\u2069\ufeff*_`$\\{}|-]|[−–—]", "", text).lower()
