"""Hand-in check: is this folder what the rules ask for? And the zip, named as they say.

Everything in the folder is data: notebooks are read as JSON, nothing in them is run, and no file is changed.
"""

from dataclasses import dataclass, field
from pathlib import Path

from coursekit.errors import CourseError
from coursekit.homework import files, notebook, report

REPORTS = (".docx", ".html", ".pdf")
CONTENT = ("figures", "tables")


@dataclass
class Check:
    """What was found in a folder. faults: what must be mended; notes: what could not be looked at."""

    files: list[Path] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def check(folder: Path) -> Check:
    """Look at every file of a hand-in and list all that is wrong, each with the file and what to do."""
    if not folder.is_dir():
        raise CourseError(
            f"{folder} is not a folder: put notebooks and report into one folder and name that"
        )
    kept, faults = files.listing(folder)
    found = Check(kept, faults)
    notebooks = [path for path in kept if path.suffix == ".ipynb"]
    reports = [path for path in kept if path.suffix.lower() in REPORTS]
    if not notebooks:
        found.faults.append("no notebook: put the executed .ipynb files into the folder")
    if not reports:
        found.faults.append(
            "no report: put it into the folder as .docx or .pdf (coursekit report NOTEBOOK.ipynb --format docx makes one)"
        )
    read = [notebook.read(path, name=str(path.relative_to(folder))) for path in notebooks]
    found.faults += [fault for each in read for fault in each.faults]
    for path in reports:
        seen = report.read(path, name=str(path.relative_to(folder)))
        found.faults += seen.faults + report.missing(seen, read)
        found.notes += seen.notes
    return found
