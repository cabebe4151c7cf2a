"""The files of a hand-in: which count, and which are too large or no files at all."""

import os
from collections.abc import Iterator
from pathlib import Path

MEGABYTE = 1_000_000
LARGEST = {
    ".ipynb": 20 * MEGABYTE,
    ".docx": 20 * MEGABYTE,
    ".pdf": 20 * MEGABYTE,
    ".html": 30 * MEGABYTE,
    ".htm": 30 * MEGABYTE,
}
LARGEST_OTHER = 10 * MEGABYTE
LARGEST_ALL = 50 * MEGABYTE
MOST_FILES = 200
LEFT_OUT = {  # what editors and systems leave behind, in small letters
    *("__pycache__", ".ipynb_checkpoints", ".git", ".venv", ".idea", ".vscode"),
    *("__macosx", ".ds_store", ".appledouble", ".spotlight-v100", ".trashes", ".fseventsd"),
    *(".localized", "icon\r", "thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin"),
    ".directory",
}
LEFT_OUT_STARTS = ("~$", ".~", "._")  # locks of office programs, and macOS's shadows of files
HOW_SMALLER = {
    ".ipynb": "save figures with fewer dots per inch, print less",
    ".docx": "shrink its pictures",
    ".pdf": "shrink its pictures",
}


def listing(folder: Path) -> tuple[list[Path], list[str]]:
    """(files to hand in, faults). What systems leave behind does not count; no link is followed."""
    kept: list[Path] = []
    faults: list[str] = []

    def closed(error: OSError) -> None:
        faults.append(f"{_inside(Path(error.filename), folder)}: cannot be read ({error.strerror})")

    for root, folders, names in os.walk(folder, onerror=closed):
        paths = [Path(root) / name for name in sorted(names) if not _left_out(name)]
        folders[:] = sorted(name for name in folders if not _left_out(name))
        wrong = {path: _no_file(path) for path in paths}
        links = [path for name in folders if (path := Path(root) / name).is_symlink()]
        faults += [f"{_inside(path, folder)}: {fault}" for path, fault in wrong.items() if fault]
        faults += [f"{_inside(path, folder)}: {_no_file(path)}" for path in links]
        kept += [path for path in paths if not wrong[path]]
        if len(kept) > MOST_FILES:
            advice = "hand in notebooks, report and what they need, no data sets"
            return kept[:MOST_FILES], [*faults, f"more than {MOST_FILES} files: {advice}"]
    return kept, [*faults, *_sizes(kept, folder)]


def _left_out(name: str) -> bool:
    return name.lower() in LEFT_OUT or name.startswith(LEFT_OUT_STARTS)


def _no_file(path: Path) -> str:
    """Why this is no file that can be handed in; empty where it is one."""
    if path.is_symlink():
        return "is a link; put the file itself there"
    if not path.is_file():
        return "is no file; take it out"
    try:
        path.name.encode()
    except UnicodeEncodeError:
        return "has a name that other systems cannot read; rename it"
    return "" if os.access(path, os.R_OK) else "may not be read by you; change that"


def _sizes(paths: list[Path], folder: Path) -> Iterator[str]:
    sizes = {path: path.stat().st_size for path in paths}
    for path, size in sizes.items():
        kind = path.suffix.lower()
        most = LARGEST.get(kind, LARGEST_OTHER)
        if size > most:
            how = "leave data sets and weights out and say where they are from"
            advice = HOW_SMALLER.get(kind, how)
            told = f"{size / MEGABYTE:.1f} MB, at most {most // MEGABYTE}"
            yield f"{_inside(path, folder)}: {told}; {advice}"
        if size == 0:
            yield f"{_inside(path, folder)}: is empty; save it again or take it out"
    if (total := sum(sizes.values())) > LARGEST_ALL:
        told = f"{total / MEGABYTE:.0f} MB, at most {LARGEST_ALL // MEGABYTE}"
        yield f"all files together: {told}; leave data sets and weights out"


def _inside(path: Path, folder: Path) -> Path:
    return path.relative_to(folder)
