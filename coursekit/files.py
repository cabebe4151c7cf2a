"""Files on disk: found, written whole or not at all, locked, and disk errors with a way out."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import file_digest
from pathlib import Path

from coursekit import config
from coursekit.config import Variable
from coursekit.errors import CourseError, DataError, UsageError, nearest

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
MANY = 12  # names that a line of advice lists
FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.EISDIR)


def existing(path: Path, kind: str = "file or folder") -> Path:
    """The path, if a "file", a "folder" or either ("file or folder") is there and may be read.

    UsageError otherwise, with the nearest names in the folder where it was looked for.
    """
    if not os.path.exists(path):
        raise UsageError(f"there is no {kind} {str(path)!r}: {_beside(path, kind)}")
    if not os.path.isdir(path) and not os.path.isfile(path):
        raise UsageError(f"{str(path)!r} is neither a file nor a folder")
    if kind == "folder" and not os.path.isdir(path):
        raise UsageError(f"{str(path)!r} is a file: name a folder")
    if kind == "file" and os.path.isdir(path):
        raise UsageError(f"{str(path)!r} is a folder: name a file in it")
    if not os.access(path, os.R_OK | (os.X_OK if os.path.isdir(path) else 0)):
        raise UsageError(f"{str(path)!r} may not be read by you: change that, or name another")
    return path


def _beside(path: Path, kind: str) -> str:
    """The nearest names where a missing path was looked for: in its first folder that is there."""
    missing, folder = path.name, path.parent
    while not os.path.isdir(folder) and folder != folder.parent:
        missing, folder = folder.name, folder.parent
    try:
        names = _names(folder, kind if folder == path.parent else "folder")
    except OSError as error:
        return f"{str(folder)!r} cannot be looked into ({error.strerror})"
    if not names:
        return f"nothing of the kind is in {str(folder)!r}"
    return nearest(missing, names, label=f"In {str(folder)!r}", most=MANY)


def _names(folder: Path, kind: str) -> list[str]:
    """The names in a folder that are of this kind and not hidden."""
    with os.scandir(folder) as entries:
        return sorted(
            entry.name
            for entry in entries
            if not entry.name.startswith(".")
            and (kind not in ("file", "folder") or entry.is_dir() == (kind == "folder"))
        )


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8, whole or not at all. CourseError with the way out."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all; a kill at any moment leaves the old content or the new."""
    with disk_errors(path.name, path):
        _make(path.parent)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            with open(temporary, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def disk_errors(what: str, path: Path) -> Iterator[None]:
    """Turn a full or closed disk into one line: what was not written, where, and the way out."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL + FORBIDDEN:
            raise
        where = _culprit(error, path)
        place = f"{what} to {path.parent}" if where == path else str(where)
        reason, way = str(error.strerror), _way_out(where)
        if error.errno in FULL:
            reason, way = "the disk is full", f"free some space, or {way}"
        kind = DataError if _inside(where, config.cache()) else CourseError
        raise kind(f"cannot write {place} ({reason}): {way}") from None


@contextmanager
def lock(name: str) -> Iterator[None]:
    """One process at a time for this name of the cache; the others wait."""
    from filelock import FileLock

    folder = config.cache() / "locks"
    with disk_errors("the cache", folder / name):
        _make(folder)
        handle = FileLock(folder / f"{name}.lock")
        handle.acquire()
    try:
        yield
    finally:
        handle.release()


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """A new folder beside `target` that takes its place when whole and synced, or leaves no trace.

    Call it under the target's lock: what an earlier, killed process left is swept away first.
    """
    with disk_errors(target.name, target):
        _make(target.parent)
        recover(target)
        for leftover in target.parent.glob(f".{target.name}.*"):
            shutil.rmtree(leftover, ignore_errors=True)
        folder = target.parent / f".{target.name}.{os.getpid()}"
        folder.mkdir()
        try:
            yield folder
            for path in folder.iterdir():
                sync(path)
            sync(folder)
            take_place(folder, target)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise


def take_place(folder: Path, target: Path) -> None:
    """Rename a finished folder to `target`, in place of the old one."""
    old = _old(target)
    if target.exists():
        os.replace(target, old)
    os.replace(folder, target)
    sync(target.parent)
    shutil.rmtree(old, ignore_errors=True)


def recover(target: Path) -> None:
    """Bring back the old folder if a process was killed between the two renames of take_place."""
    if not target.exists() and _old(target).exists():
        os.replace(_old(target), target)


def sync(path: Path) -> None:
    """Ask the system to bring a file's or folder's content to the disk."""
    if os.name == "nt" and path.is_dir():  # Windows cannot open folders
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def checksum(path: Path, algorithm: str = "sha256") -> str:
    """Hexadecimal digest of a file's content."""
    with path.open("rb") as file:
        return file_digest(file, algorithm).hexdigest()


def _culprit(error: OSError, path: Path) -> Path:
    """The path itself, unless the error is of a file or folder that has nothing to do with it."""
    if not isinstance(error.filename, str):
        return path
    where = Path(error.filename)
    related = where.is_relative_to(path.parent) or path.is_relative_to(where)
    return path if related else where


def _way_out(path: Path) -> str:
    """The variable that moves the folder which a path lies in, else another folder by name."""
    homes = {
        Variable.RUNS: config.runs(),
        Variable.REPORTS: config.reports(),
        Variable.CACHE: config.cache(),
    }
    for variable, home in homes.items():
        if _inside(path, home):
            return f"set {variable} to a folder of yours with room in it"
    return "name another folder, or change who may write there"


def _inside(path: Path, home: Path) -> bool:
    return path.absolute().is_relative_to(home.absolute())


def _old(target: Path) -> Path:
    return target.parent / f".{target.name}.old"


def _make(folder: Path) -> None:
    """Make a folder and those above it; where the system knows none by that name, it is closed."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileNotFoundError as error:  # as below /proc
        raise PermissionError(errno.EACCES, str(error.strerror), str(folder)) from None
