"""Hand-in check: is this folder what the rules ask for?

Everything in the folder is data: nothing in a notebook is run, and no file is changed.
"""

from dataclasses import dataclass, field
from pathlib import Path

from coursekit.files import existing
from coursekit.homework import files, notebook, report
from coursekit.homework.notebook import Notebook
from coursekit.homework.report import Report

REPORTS = (".docx", ".html", ".htm", ".pdf")


@dataclass
class Check:
    """What was found in a folder. faults: what must be mended; notes: what could not be told."""

    files: list[Path] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def check(folder: Path) -> Check:
    """Look at every file of a hand-in and list all that is wrong, with the file and what to do."""
    found = Check(*files.listing(existing(folder, "folder")))
    kinds = [(path.suffix.lower(), path) for path in found.files]
    notebooks = [notebook.read(path, root=folder) for kind, path in kinds if kind == ".ipynb"]
    reports = [report.read(path, root=folder) for kind, path in kinds if kind in REPORTS]
    if not notebooks:
        found.faults.append("no notebook: put the executed .ipynb files into the folder")
    if not reports:
        advice = "coursekit report NOTEBOOK.ipynb --format docx makes one"
        found.faults.append(f"no report: put it into the folder as .docx or .pdf ({advice})")
    for document in reports:
        report.compare(document, notebooks)
    parts: list[Notebook | Report] = [*notebooks, *reports]
    found.faults += [fault for part in parts for fault in part.faults]
    found.notes += [note for part in parts for note in part.notes]
    return found
