"""The zip that a hand-in goes into, named as the rules say."""

import io
import re
import unicodedata
import zipfile
from collections.abc import Sequence
from pathlib import Path

from coursekit.errors import CourseError, UsageError
from coursekit.files import write_bytes
from coursekit.homework.text import ascii_digits

LONG_AGO = (2000, 1, 1, 0, 0, 0)  # so that the same files give the same zip


def zip_name(number: int, people: Sequence[str]) -> str:
    """HW[n]_[Lastname]_[StudentNumber], for one person or two.

    people: "Lastname:StudentNumber" each.
    """
    if not 1 <= len(people) <= 2:
        advice = "one or two hand in together; give --person LASTNAME:NUMBER once or twice"
        raise UsageError(f"{len(people)} people: {advice}")
    parts = [part for person in people for part in _person(person)]
    if len(set(parts[1::2])) < len(people):
        raise UsageError(f"student number {parts[1]} twice: two who hand in together have two")
    return "_".join([f"HW{number}", *parts]) + ".zip"


def pack(folder: Path, files: Sequence[Path], target: Path) -> Path:
    """Write the files into a zip below one folder of its name, whole or not at all.

    The same files give the same bytes.
    """
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(files):
            name = f"{target.stem}/{path.relative_to(folder).as_posix()}"
            entry = zipfile.ZipInfo(name, LONG_AGO)
            entry.external_attr, entry.compress_type = 0o644 << 16, zipfile.ZIP_DEFLATED
            archive.writestr(entry, _content(path))
    write_bytes(target, content.getvalue())
    return target


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CourseError(f"cannot read {path} ({error.strerror}): no zip was written") from None


def _person(person: str) -> tuple[str, str]:
    """ "Lastname:StudentNumber" -> both, digits as 0 to 9, blanks in the name as hyphens."""
    name, _, number = (part.strip() for part in person.rpartition(":"))
    number = ascii_digits(number)
    name = re.sub(r"[\s\u200c]+", "-", unicodedata.normalize("NFC", name))
    if not number.isascii() or not number.isdigit():
        raise UsageError(
            f"--person {person!r} has no student number: "
            "write LASTNAME:NUMBER, as in --person Turing:810199"
        )
    if not name or not all(map(_in_names, name)):
        raise UsageError(
            f"--person {person!r} has no last name of letters and hyphens: write LASTNAME:NUMBER"
        )
    return name, number


def _in_names(letter: str) -> bool:
    return letter.isalpha() or bool(unicodedata.combining(letter)) or letter in "-'’"
