"""One notebook of a hand-in, read as data: what it shows, and what the report rules say of it."""

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode, ValidationError

from coursekit.errors import CourseError
from coursekit.homework import rules
from coursekit.homework.effects import Code
from coursekit.homework.events import events
from coursekit.homework.pictures import Picture, elsewhere
from coursekit.homework.verdict import UNKNOWN, Verdict
from coursekit.reports import document, nodes, pictures
from coursekit.reports.document import Document

UNREADABLE = (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError)
NO_PICTURES = ("JSON data", "a sound")  # of what a report cannot show
BAR = "%|"  # in the text of a progress bar's widget
SCRIPTED = re.compile(r"data:image/[\w.+-]+;base64,[A-Za-z0-9+/=\\\s]+")


@dataclass
class Notebook:
    """What a notebook shows, and what is wrong with it.

    text: all that is written in it but its code; uncompared: pictures that cannot be looked at.
    """

    name: str
    pictures: list[Picture] = field(default_factory=list)
    text: str = ""
    uncompared: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read(path: Path, *, root: Path) -> Notebook:
    """Read a notebook and look for every fault in it. Nothing in it is run.

    root: the folder of the hand-in; pictures may lie anywhere in it.
    """
    found = Notebook(str(path.relative_to(root)))
    try:
        content = load(path)
        shown = document.from_notebook(content, folder=path.parent)
        _look(found, content, shown)
        _take_pictures(found, content, shown, elsewhere(shown.missing, path.parent, root))
    except (*UNREADABLE, ValidationError, CourseError):
        advice = "open it in JupyterLab and save it again"
        found.faults.append(f"{found.name}: is not a readable notebook; {advice}")
    return found


def load(path: Path) -> NotebookNode:
    """A notebook of any format, as Jupyter reads it: in UTF-8, old formats made new."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of identifiers that old notebooks lack
        return nbformat.reads(path.read_text(encoding="utf-8-sig"), as_version=4)


def _look(found: Notebook, content: NotebookNode, shown: Document) -> None:
    cells = dict(enumerate(content.cells, 1))
    code = {
        number: cell
        for number, cell in cells.items()
        if cell.cell_type == "code" and cell.source.strip()
    }
    verdicts = _verdicts(content, code)
    met = events(shown, typed={number for number in cells if cells[number].cell_type != "code"})
    wrong = [
        *rules.order(code),
        *rules.cleared(code, verdicts),
        *rules.sizes(code),
        *rules.captions(met),
        *rules.numbers(met),
        *rules.analysis(met),
    ]
    found.faults += [f"{found.name}, {fault}" for fault in wrong]
    found.notes += _untold(found.name, code, verdicts)


def _take_pictures(
    found: Notebook, content: NotebookNode, shown: Document, near: dict[str, bytes]
) -> None:
    """Take in text and pictures. near: those in the hand-in that are not below the notebook."""
    texts = list(_texts(content))
    found.text = " ".join([shown.text, *texts])
    scripted = [picture for text in texts for picture in _scripted(text)]
    for item in (*shown.shown, *near.values(), *scripted):
        if picture := Picture.of(item):
            found.pictures.append(picture)
    gone = [address for address in shown.missing if address not in near]
    found.notes += [f"{found.name}: the picture {address} is not there" for address in gone]
    found.uncompared = [*gone, *_boxes(shown)]


def _boxes(shown: Document) -> Iterator[str]:
    """What stands in a box because it cannot be shown, where it may be a picture."""
    for piece, blocks in shown.pieces:
        bars = any(BAR in nodes.text_of(code) for code in nodes.every(blocks, "CodeBlock"))
        for box in nodes.every(blocks, "Div"):
            what = nodes.text_of(box).strip()
            if "ck-lost" in box["c"][0][1] and what not in NO_PICTURES and not bars:
                yield f"cell {piece.cell}: {what}"


def _verdicts(content: NotebookNode, code: dict[int, NotebookNode]) -> dict[int, Verdict]:
    """Whether a cell shows something, by its code; that of other languages is not understood."""
    metadata = content.metadata
    language = metadata.get("language_info", {}).get("name") or metadata.get("kernelspec", {}).get(
        "language", "python"
    )
    if language.lower() not in ("python", "ipython"):
        return dict.fromkeys(code, UNKNOWN)
    reader = Code()
    return {number: reader.read(cell.source) for number, cell in code.items()}


def _untold(
    name: str, code: dict[int, NotebookNode], verdicts: dict[int, Verdict]
) -> Iterator[str]:
    cells = [
        str(number)
        for number, cell in code.items()
        if rules.silent(cell) and verdicts[number] == UNKNOWN
    ]
    if cells:
        told = f"cell{'s' * (len(cells) > 1)} {', '.join(cells)}"
        yield f"{name}, {told}: no output is stored, and whether any was shown could not be told"


def _texts(content: NotebookNode) -> Iterator[str]:
    """What is written in prose and outputs, in every form that is stored."""
    for cell in content.cells:
        if cell.cell_type != "code":
            yield cell.source
        for output in cell.get("outputs", []):
            yield str(output.get("text", ""))
            for kind, text in output.get("data", {}).items():
                if kind.startswith("text/"):
                    yield str(text)


def _scripted(text: str) -> Iterator[bytes]:
    """Pictures that a script holds, as those of an animation."""
    if "<script" in text:
        for match in SCRIPTED.finditer(text):
            yield pictures.from_data(re.sub(r"[\\\s]", "", match[0]))
