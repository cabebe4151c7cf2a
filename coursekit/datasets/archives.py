"""Folders, zip and tar files read member by member. No archive names a file on this disk.

An archive with a member that points outside, a link, a device, a member larger than declared, or
far more content than its size allows is refused as a whole. A member that is merely damaged is
Unreadable, and costs only itself.
"""

import copy
import lzma
import os
import re
import stat
import tarfile
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from coursekit.datasets.kinds import no_archive
from coursekit.datasets.names import clean, in_zip, indexed
from coursekit.datasets.report import on_one_line
from coursekit.errors import DataError

MEMBER_LIMIT = 2**31  # bytes in one member
RATIO_LIMIT = 200  # unpacked / packed; pictures reach about 1, CSV 30
UTF8 = 0x800  # flag of a zip's name
RATIO_FLOOR = 2**26  # bytes unpacked below which the ratio does not matter
DAMAGE: tuple[type[Exception], ...] = (  # what zipfile, tarfile and what they call may raise
    *(zipfile.BadZipFile, zlib.error, EOFError, lzma.LZMAError, tarfile.TarError),
    *(OSError, NotImplementedError),
)


class Unreadable(DataError):
    """One file of many that cannot be used; the message is the reason, the caller has the name."""


class Members(Protocol):
    """Named files to read, wherever they lie: names are sorted clean paths (names.py).

    left_out lists the others, as (name, reason); the files of file managers are passed over.
    """

    names: list[str]
    left_out: list[tuple[str, str]]

    def read(self, name: str) -> bytes:
        """The content. Unreadable with the reason."""
        ...


class FolderMembers:
    """The regular files under a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.unseen = folder, list[tuple[str, str]]()
        self.files, left_out = indexed((self._name(path), path) for path in self._walk())
        self.names, self.left_out = list(self.files), left_out + self.unseen

    def _walk(self) -> Iterator[Path]:
        """Every file; folders that cannot be entered are noted."""
        for where, folders, found in os.walk(self.folder, onerror=self._closed):
            links = [name for name in sorted(folders) if os.path.islink(Path(where, name))]
            for name in links:
                relative = clean(self._name(Path(where, name)))
                self.unseen.append((relative, "a link to a folder: add that folder itself"))
            yield from (Path(where, name) for name in sorted(found))

    def _closed(self, error: OSError) -> None:
        name = clean(self._name(Path(error.filename)))
        self.unseen.append((name, f"cannot be opened: {error.strerror}"))

    def _name(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()

    def read(self, name: str) -> bytes:
        path = self.files[name]
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
        files = [info for info in file.infolist() if not _is_folder(info)]
        for info in files:
            _check_zip(info, path)
        _check_ratio(sum(info.file_size for info in files), path)
        self.infos, self.left_out = indexed(
            (in_zip(info.filename, utf8=bool(info.flag_bits & UTF8)), info) for info in files
        )
        self.names = list(self.infos)

    def read(self, name: str) -> bytes:
        """The member's bytes: asks for one more than declared, as zipfile stops there silently."""
        info = self.infos[name]
        probe = copy.copy(info)
        probe.file_size = info.file_size + 1
        probe.CRC = None  # type: ignore[assignment]  # zipfile then checks nothing
        try:
            with self.file.open(probe) as stream:
                data = stream.read(info.file_size + 1)
        except DAMAGE as error:
            raise Unreadable(f"damaged in the archive: {error}") from None
        if len(data) > info.file_size:
            raise _larger(self.path, info)
        if zlib.crc32(data) != info.CRC:
            raise Unreadable("damaged in the archive: wrong CRC")
        return data


@contextmanager
def opened(path: Path, *, scratch: Path) -> Iterator[Members]:
    """The members of a folder, zip or tar.

    A tar, readable only from end to end, passes through a zip in `scratch`.
    """
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
        with path.open("rb") as file:
            raise DataError(
                f"{path.name} is neither a zip nor a tar file{no_archive(file.read(512))}"
            )


def write_zip(files: Iterator[tuple[str, bytes]], target: Path) -> None:
    """Pack (name, content) pairs, stored, without times: the same content gives the same bytes."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as file, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Duplicate name")  # the reader names it
        for name, data in files:
            file.writestr(zipfile.ZipInfo(name), data)


@contextmanager
def _zip(path: Path) -> Iterator[ZipMembers]:
    try:
        file = zipfile.ZipFile(path)
    except DAMAGE as error:
        raise DataError(f"{path.name} is damaged: {error}") from None
    with file:
        yield ZipMembers(path, file)


def _tar_files(path: Path) -> Iterator[tuple[str, bytes]]:
    """(name, content) of a tar's regular members, in its order. DataError where unsafe, damaged."""
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
                content = file.extractfile(member)
                data = content.read() if content else b""
                if len(data) != member.size:
                    raise DataError(f"{path.name} is damaged: it ends within {member.name}")
                yield clean(member.name), data
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
        raise _larger(path, info)


def _larger(path: Path, info: zipfile.ZipInfo) -> DataError:
    return DataError(
        f"{path.name}: {on_one_line(info.filename)} is larger than the {info.file_size:,} bytes "
        "declared: refused"
    )


def _is_folder(info: zipfile.ZipInfo) -> bool:
    """True for the entry of a folder, one from Windows included."""
    return info.is_dir() or (info.filename.endswith("\\") and not info.file_size)


def _check_name(name: str, path: Path) -> None:
    folders = name.replace("\\", "/").split("/")
    if not folders[0] or ".." in folders or re.match("[A-Za-z]:", name) or "\0" in name:
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
            f"{path.name} unpacks to {total:,} bytes, over {RATIO_LIMIT} times its own "
            f"{packed:,}: refused"
        )


def _is_tar(path: Path) -> bool:
    try:
        return tarfile.is_tarfile(path)
    except DAMAGE:
        return False
