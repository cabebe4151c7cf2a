"""Folders, zip and tar files read member by member. Nothing is unpacked to disk under a name that an archive chose.

An archive with a member that points outside, a link, a device, a member larger than declared, or far more content than
its size allows is refused as a whole. A member that is merely damaged is Unreadable, and costs only itself.
"""

import copy
import lzma
import os
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Protocol

from coursekit.errors import DataError

MEMBER_LIMIT = 2**31  # bytes in one member
RATIO_LIMIT = 200  # unpacked / packed; pictures reach about 1, CSV 30
RATIO_FLOOR = 2**26  # bytes unpacked below which the ratio does not matter
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    lzma.LZMAError,
    tarfile.TarError,
    OSError,
    NotImplementedError,
)


class Unreadable(DataError):
    """One file of many that cannot be used; the message is the reason alone, the caller knows the name."""


class Members(Protocol):
    """Named files to read, wherever they lie; names are sorted POSIX paths, hidden and system files left out."""

    names: list[str]

    def read(self, name: str) -> bytes: ...


class FolderMembers:
    """The regular files under a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        files = (Path(where) / name for where, _, names in os.walk(folder) for name in names)
        self.names = sorted(
            name
            for name in (file.relative_to(folder).as_posix() for file in files)
            if _wanted(name)
        )

    def read(self, name: str) -> bytes:
        path = self.folder / name
        try:
            if not stat.S_ISREG(path.stat().st_mode):
                raise Unreadable("not a regular file")
            return path.read_bytes()
        except OSError as error:
            raise Unreadable(f"cannot be read: {error.strerror}") from None


class ZipMembers:
    """The members of a zip file, checked before any is read."""

    def __init__(self, path: Path, file: zipfile.ZipFile) -> None:
        self.path, self.file = path, file
        files = [info for info in file.infolist() if not info.is_dir()]
        for info in files:
            _check_zip(info, path)
        _check_ratio(sum(info.file_size for info in files), path)
        self.infos = {info.filename: info for info in files if _wanted(info.filename)}
        self.names = sorted(self.infos)

    def read(self, name: str) -> bytes:
        """The member's bytes: asks for one more than declared, because zipfile silently stops at the declared size."""
        info = self.infos[name]
        probe = copy.copy(info)
        probe.file_size, probe.CRC = info.file_size + 1, None
        try:
            with self.file.open(probe) as stream:
                data = stream.read(info.file_size + 1)
        except DAMAGE as error:
            raise Unreadable(f"damaged in the archive: {error}") from None
        if len(data) > info.file_size:
            raise DataError(
                f"{self.path.name}: {name} is larger than the {info.file_size:,} bytes declared: refused"
            )
        if zlib.crc32(data) != info.CRC:
            raise Unreadable("damaged in the archive: wrong CRC")
        return data


@contextmanager
def opened(path: Path, *, scratch: Path) -> Iterator[Members]:
    """The members of a folder, zip or tar. A tar, readable only from end to end, passes through a zip in `scratch`."""
    if path.is_dir():
        yield FolderMembers(path)
    elif not path.is_file():
        raise DataError(f"there is no file or folder {path}")
    elif zipfile.is_zipfile(path):
        with _zip(path) as members:
            yield members
    elif _is_tar(path):
        spool = scratch / "spool.zip"
        try:
            write_zip(_tar_files(path), spool)
            with _zip(spool) as members:
                yield members
        finally:
            spool.unlink(missing_ok=True)
    else:
        raise DataError(f"{path.name} is neither a zip nor a tar file{_looks_like(path)}")


def write_zip(files: Iterator[tuple[str, bytes]], target: Path) -> None:
    """Pack (name, content) pairs, stored, without times: the same content gives the same bytes."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as file:
        for name, data in files:
            file.writestr(zipfile.ZipInfo(name), data)


def looks_like_html(head: bytes) -> bool:
    """True when the first bytes are those of a web page."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:64].lower()
    return start.startswith((b"<!doctype", b"<html", b"<head", b"<!--", b"<?xml", b"<script"))


@contextmanager
def _zip(path: Path) -> Iterator[ZipMembers]:
    try:
        file = zipfile.ZipFile(path)
    except DAMAGE as error:
        raise DataError(f"{path.name} is damaged: {error}") from None
    with file:
        yield ZipMembers(path, file)


def _tar_files(path: Path) -> Iterator[tuple[str, bytes]]:
    """(name, content) of a tar's regular members, in its order. DataError on anything unsafe or damaged."""
    total = 0
    try:
        with tarfile.open(path, "r|*") as file:
            for member in file:
                _check_name(member.name, path)
                if member.isdir():
                    continue
                if not member.isreg() or member.issparse():
                    raise DataError(
                        f"{path.name}: {member.name} is a link, a device or sparse: refused"
                    )
                total += _check_size(member.name, member.size, path)
                _check_ratio(total, path)
                data = file.extractfile(member).read()
                if len(data) != member.size:
                    raise DataError(f"{path.name} is damaged: it ends within {member.name}")
                if _wanted(member.name):
                    yield member.name, data
    except DAMAGE as error:
        raise DataError(f"{path.name} is damaged: {error}") from None


def _check_zip(info: zipfile.ZipInfo, path: Path) -> None:
    _check_name(info.orig_filename, path)
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise DataError(f"{path.name}: {info.filename} is a link or a device: refused")
    if info.flag_bits & 1:
        raise DataError(
            f"{path.name}: {info.filename} needs a password: unpack it yourself and add the folder"
        )
    _check_size(info.filename, info.file_size, path)
    if info.compress_type == zipfile.ZIP_STORED and info.compress_size > info.file_size:
        raise DataError(
            f"{path.name}: {info.filename} is larger than the {info.file_size:,} bytes declared: refused"
        )


def _check_name(name: str, path: Path) -> None:
    plain = name.replace("\\", "/")
    if (
        plain.startswith("/")
        or ".." in plain.split("/")
        or re.match(r"[A-Za-z]:", plain)
        or "\0" in plain
    ):
        raise DataError(
            f"{path.name}: member {name!r} points outside the archive's own folder: refused"
        )


def _check_size(name: str, size: int, path: Path) -> int:
    if size > MEMBER_LIMIT:
        raise DataError(
            f"{path.name}: {name} holds {size:,} bytes, more than {MEMBER_LIMIT:,}: refused"
        )
    return size


def _check_ratio(total: int, path: Path) -> None:
    packed = path.stat().st_size
    if total > RATIO_FLOOR and total > RATIO_LIMIT * packed:
        raise DataError(
            f"{path.name} unpacks to {total:,} bytes, over {RATIO_LIMIT} times its own {packed:,}: refused"
        )


def _wanted(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return not any(
        part.startswith(".") or part in ("__MACOSX", "Thumbs.db", "desktop.ini") for part in parts
    )


def _is_tar(path: Path) -> bool:
    try:
        return tarfile.is_tarfile(path)
    except DAMAGE:
        return False


def _looks_like(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(512)
    if not head:
        return ": it is empty"
    if looks_like_html(head):
        return ": it is a web page (a login page, perhaps); download it in a browser"
    return f" (it starts with {head[:8].hex(' ')}): is it cut off or of another kind?"
