"""Names of files as folders and archives give them, brought to one spelling; which are no one's."""

import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import TypeVar

SYSTEM = {  # what file managers write beside a person's files
    "__MACOSX",
    ".DS_Store",
    ".AppleDouble",
    ".Spotlight-V100",
    ".Trashes",
    ".fseventsd",
    ".directory",
    "Thumbs.db",
    "ehthumbs.db",
    "desktop.ini",
    "Desktop.ini",
    "$RECYCLE.BIN",
    "System Volume Information",
    "Icon\r",
}
T = TypeVar("T")


def indexed(found: Iterable[tuple[str, T]]) -> tuple[dict[str, T], list[tuple[str, str]]]:
    """(raw name, what it stands for) -> by clean name, sorted; and (name, reason) of the left out.

    Of two files with one name the later counts, as for a program that unpacks.
    """
    files: dict[str, T] = {}
    left_out = []
    for raw, thing in found:
        name = clean(raw)
        parts = PurePosixPath(name).parts
        if any(part in SYSTEM or part.startswith("._") for part in parts):
            continue
        if any(part.startswith(".") for part in parts):
            left_out.append((name, "hidden"))
            continue
        if name in files:
            left_out.append((name, "there twice: only the later one is read"))
        files[name] = thing
    return dict(sorted(files.items())), left_out


def clean(raw: str) -> str:
    """One spelling of a path: slashes as on POSIX, accents composed (NFC), always valid Unicode.

    Windows writes backslashes. Bytes that are no UTF-8 are read as Latin-1, which knows them all.
    """
    try:
        raw.encode()
    except UnicodeEncodeError:
        content = raw.encode("utf-8", "surrogateescape" if _escaped(raw) else "replace")
        raw = content.decode("latin-1")
    path = PurePosixPath(unicodedata.normalize("NFC", raw.replace("\\", "/")))
    return "/".join(path.parts)


def in_zip(name: str, *, utf8: bool) -> str:
    """A zip's name. Without its flag for UTF-8 zipfile reads code page 437; many write UTF-8."""
    if utf8:
        return name
    try:
        return name.encode("cp437").decode()
    except UnicodeError:
        return name


def _escaped(raw: str) -> bool:
    """True where every surrogate stands for a byte, as in the names that the system gives."""
    return all("\udc80" <= letter <= "\udcff" for letter in raw if "\ud800" <= letter <= "\udfff")
