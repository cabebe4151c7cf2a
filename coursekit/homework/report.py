"""The report of a hand-in: its figures and tables, and whether the notebooks hold them."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from coursekit.errors import CourseError
from coursekit.homework.notebook import Notebook
from coursekit.homework.pictures import Picture, elsewhere
from coursekit.reports import document

SMALLEST = 64  # pixels: below it a picture is a logo or a bullet
KNOWN_CELLS = 0.8  # share of a table's cells that the notebooks must hold
ELSEWHERE = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
BLANKS = re.compile(r"[\s\u200b-\u200f\u2066-\u2069\ufeff*_`$\\{}|-]|[−–—]")


@dataclass
class Report:
    """The pictures and tables of a report. tables: the texts of the cells of each."""

    name: str
    pictures: list[Picture] = field(default_factory=list)
    tables: list[list[str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read(path: Path, *, root: Path) -> Report:
    """Look into a report in the hand-in `root`; what cannot be looked at is a note."""
    found = Report(str(path.relative_to(root)))
    try:
        if path.suffix.lower() == ".pdf":
            _pdf(path, found)
        else:
            _document(path, found, root)
    except (OSError, ValueError, KeyError, TypeError, RecursionError, CourseError):
        found.faults.append(f"{found.name}: is not a readable report; save it again")
    except subprocess.SubprocessError:
        found.faults.append(f"{found.name}: is not a readable PDF; save it again")
    return found


def compare(report: Report, notebooks: Sequence[Notebook]) -> None:
    """Add what no notebook holds to the report's faults, and what cannot be told to its notes."""
    known = [picture for notebook in notebooks for picture in notebook.pictures]
    unlike = [
        number
        for number, picture in enumerate(report.pictures, 1)
        if not any(picture.same_as(other) for other in known)
    ]
    unsure = [f"{notebook.name}: {what}" for notebook in notebooks for what in notebook.uncompared]
    for number in unlike:
        told = f"{report.name}: picture {number} is in no notebook"
        if unsure:
            report.notes.append(f"{told} as far as could be compared, not with {unsure[0]}")
        else:
            advice = "show it in the notebook that made it and run that again"
            report.faults.append(f"{told}; {advice}")
    report.faults += _unknown_tables(report, [_squeezed(notebook.text) for notebook in notebooks])


def _unknown_tables(report: Report, texts: Sequence[str]) -> list[str]:
    faults = []
    for number, cells in enumerate(report.tables, 1):
        known = [any(_squeezed(cell) in text for text in texts) for cell in cells]
        if cells and sum(known) < KNOWN_CELLS * len(cells):
            told = f"table {number} (with {cells[known.index(False)][:40]!r}) is in no notebook"
            faults.append(f"{report.name}: {told}; show it in the notebook that made it")
    return faults


def _document(path: Path, found: Report, root: Path) -> None:
    """A page or a DOCX, by the tree that reports are made of."""
    shown = document.read_report(path)
    near = elsewhere(shown.missing, path.parent, root)
    for content in (*shown.shown, *near.values()):
        _add(found, content)
    found.tables = [cells for cells in shown.tables if cells]
    fetched = [address for address in shown.missing if ELSEWHERE.match(address)]
    if fetched:
        told = f"{len(fetched)} pictures are fetched from elsewhere"
        found.faults.append(f"{found.name}: {told}; put them into the file or hand in a PDF")
    unread = [address for address in shown.missing if address not in (*fetched, *near)]
    found.notes += [f"{found.name}: the picture {item} could not be compared" for item in unread]
    found.notes += [f"{found.name}: {warning}" for warning in shown.warnings]


def _pdf(path: Path, found: Report) -> None:
    if not path.read_bytes().startswith(b"%PDF-"):
        raise ValueError("no PDF")
    what = "tables and drawings of lines were not compared with the notebooks'"
    found.notes.append(f"{found.name}: its {what}; a DOCX beside it would be")
    if not (program := shutil.which("pdfimages")):
        what = "figures were not compared with the notebooks'"
        found.notes[-1] = f"{found.name}: its {what}, since poppler's pdfimages is not installed"
        return
    with tempfile.TemporaryDirectory() as folder:
        _run(program, "-png", str(path.resolve()), f"{folder}/p")
        lines = _run(program, "-list", str(path.resolve())).splitlines()[2:]
        kinds = [line.split()[2] for line in lines]  # image, or the smask of one: its transparency
        for kind, picture in zip(kinds, sorted(Path(folder).iterdir()), strict=False):
            if kind == "image":
                _add(found, picture.read_bytes())


def _run(*command: str) -> str:
    done = subprocess.run(command, check=True, capture_output=True, timeout=60)
    return done.stdout.decode(errors="replace")


def _add(found: Report, content: bytes) -> None:
    """Take a picture in, unless it is too small to be a figure."""
    picture = Picture.of(content)
    if picture is not None and picture.pixels >= SMALLEST:
        found.pictures.append(picture)


def _squeezed(text: str) -> str:
    """What is written, without blanks and typographic marks: Word and pandoc change those."""
    return BLANKS.sub("", text).lower()
