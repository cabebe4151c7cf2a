"""The cache on disk: locks between processes, folders that appear whole or not at all, checksums, disk errors."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import file_digest
from pathlib import Path

from coursekit import config
from coursekit.errors import DataError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


@contextmanager
def lock(name: str) -> Iterator[None]:
    """One process at a time for this name; the others wait."""
    from filelock import FileLock

    with disk_errors("the cache"):
        folder = config.cache() / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        handle = FileLock(folder / f"{name}.lock")
        handle.acquire()
    try:
        yield
    finally:
        handle.release()


@contextmanager
def disk_errors(what: str) -> Iterator[None]:
    """Turn a full or closed disk into advice."""
    try:
        yield
    except OSError as error:
        folder = config.cache()
        if error.errno in FULL:
            raise DataError(
                f"the disk is full while writing {what} to {folder}: free some space, "
                "or set COURSEKIT_CACHE to a folder with more"
            ) from None
        if error.errno in FORBIDDEN or isinstance(error, (NotADirectoryError, FileExistsError)):
            raise DataError(
                f"cannot write {what} to {folder} ({error.strerror}): "
                "set COURSEKIT_CACHE to a folder of yours"
            ) from None
        raise


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """A new folder beside `target` that takes its place at the end, written through to the disk; or leaves no trace.

    Call it under the target's lock: what an earlier, killed process left is swept away first.
    """
    with disk_errors(target.name):
        target.parent.mkdir(parents=True, exist_ok=True)
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


def _old(target: Path) -> Path:
    return target.parent / f".{target.name}.old"


def sync(path: Path) -> None:
    """Ask the system to bring a file's or folder's content to the disk."""
    if os.name == "nt" and path.is_dir():  # Windows cannot open folders
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_text(path: Path, text: str) -> None:
    """Write a small file whole or not at all."""
    with disk_errors(path.name):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            temporary.write_text(text, encoding="utf-8")
            sync(temporary)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


def checksum(path: Path, algorithm: str = "sha256") -> str:
    """Hexadecimal digest of a file's content."""
    with path.open("rb") as file:
        return file_digest(file, algorithm).hexdigest()
