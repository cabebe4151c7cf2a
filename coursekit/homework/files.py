"""The files of a hand-in: which count, which are too large, and the zip they go into."""

import os
import re
import unicodedata
import zipfile
from collections.abc import Sequence
from pathlib import Path

from coursekit.errors import CourseError, UsageError

MEGABYTE = 1_000_000
LARGEST = {
    ".ipynb": 20 * MEGABYTE,
    ".docx": 20 * MEGABYTE,
    ".pdf": 20 * MEGABYTE,
    ".html": 30 * MEGABYTE,
}
LARGEST_OTHER = 10 * MEGABYTE
LARGEST_ALL = 50 * MEGABYTE
MOST_FILES = 200
LEFT_OUT = {
    "__pycache__",
    ".ipynb_checkpoints",
    ".git",
    ".venv",
    ".DS_Store",
    "Thumbs.db",
    "desktop.ini",
}
HOW_SMALLER = {
    ".ipynb": "save figures with fewer dots per inch, print less",
    ".docx": "shrink its pictures",
    ".pdf": "shrink its pictures",
}


def listing(folder: Path) -> tuple[list[Path], list[str]]:
    """(files to hand in, faults). What editors and systems leave behind does not count; links are never followed."""
    kept, faults = [], []
    for root, folders, names in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if name not in LEFT_OUT)
        links = [name for name in (*folders, *names) if (Path(root) / name).is_symlink()]
        faults += [
            f"{(Path(root) / name).relative_to(folder)}: is a link; put the file itself there"
            for name in links
        ]
        kept += [
            Path(root) / name
            for name in sorted(names)
            if name not in LEFT_OUT and name not in links and not name.startswith(("~$", ".~"))
        ]
        if len(kept) > MOST_FILES:
            return kept[:MOST_FILES], [
                *faults,
                f"more than {MOST_FILES} files: hand in notebooks, report and what they need, no data sets",
            ]
    for path in kept:
        size, most = path.stat().st_size, LARGEST.get(path.suffix.lower(), LARGEST_OTHER)
        if size > most:
            how = HOW_SMALLER.get(
                path.suffix.lower(), "leave data sets and weights out and say where they are from"
            )
            faults.append(
                f"{path.relative_to(folder)}: {size / MEGABYTE:.1f} MB, at most {most // MEGABYTE}; {how}"
            )
        if size == 0:
            faults.append(f"{path.relative_to(folder)}: is empty; save it again or take it out")
    if (total := sum(path.stat().st_size for path in kept)) > LARGEST_ALL:
        faults.append(
            f"all files together: {total / MEGABYTE:.0f} MB, at most {LARGEST_ALL // MEGABYTE}; leave data sets and weights out"
        )
    return kept, faults


def zip_name(number: int, people: Sequence[str]) -> str:
    """HW[n]_[Lastname]_[StudentNumber], for one person or two. people: "Lastname:StudentNumber" each."""
    if not 1 <= len(people) <= 2:
        raise UsageError(
            f"{len(people)} people: one or two hand in together; give --person LASTNAME:NUMBER once or twice"
        )
    return (
        "_".join([f"HW{number}", *(part for person in people for part in _person(person))]) + ".zip"
    )


def pack(folder: Path, files: Sequence[Path], target: Path) -> Path:
    """Write the files into a zip below one folder of its name, whole or not at all. The same files give the same bytes."""
    temporary = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(files):
                entry = zipfile.ZipInfo(
                    f"{target.stem}/{path.relative_to(folder).as_posix()}", (2000, 1, 1, 0, 0, 0)
                )
                entry.external_attr, entry.compress_type = 0o644 << 16, zipfile.ZIP_DEFLATED
                archive.writestr(entry, path.read_bytes())
        os.replace(temporary, target)
    except OSError as error:
        raise CourseError(
            f"cannot write {target} ({error.strerror}): name another folder with --out"
        ) from None
    finally:
        temporary.unlink(missing_ok=True)
    return target


def _person(person: str) -> tuple[str, str]:
    """ "Lastname:StudentNumber" -> both, with digits of any script as 0 to 9 and blanks in the name as hyphens."""
    name, _, number = (part.strip() for part in person.rpartition(":"))
    number = "".join(str(unicodedata.digit(each, each)) for each in number)
    name = re.sub(r"[\s\u200c]+", "-", unicodedata.normalize("NFC", name))
    if not number.isascii() or not number.isdigit():
        raise UsageError(
            f"--person {person!r} has no student number: write LASTNAME:NUMBER, as in --person Turing:810199"
        )
    if not name or not all(
        each.isalpha() or unicodedata.combining(each) or each in "-'’" for each in name
    ):
        raise UsageError(
            f"--person {person!r} has no last name of letters and hyphens: write LASTNAME:NUMBER"
        )
    return name, number
