"""The files behind a full set: added or downloaded into the cache, or installed by the system."""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from coursekit import config, files
from coursekit.datasets.archives import FolderMembers, Unreadable, write_zip
from coursekit.datasets.download import Progress, fetch
from coursekit.datasets.entry import Entry, Remote
from coursekit.datasets.idx import unpack
from coursekit.errors import DataError, UsageError

RECORD = "source.json"


@dataclass(frozen=True)
class Source:
    """Files of a set. path: one archive, or a folder of files.

    origin "added", "downloaded", "system" or "bundled". left_out: (name, reason) of a person's
    files that were not taken in when a folder was packed.
    """

    path: Path
    origin: str
    files: dict[str, str]  # name -> sha256
    left_out: tuple[tuple[str, str], ...] = ()

    @property
    def sha256(self) -> str:
        """Of the one file, or of the list of checksums and names where there are several."""
        if len(self.files) == 1:
            return next(iter(self.files.values()))
        text = "".join(f"{digest}  {name}\n" for name, digest in sorted(self.files.items()))
        return sha256(text.encode()).hexdigest()


def find(entry: Entry) -> Source | None:
    """The set's source on this machine, or None. DataError when its record is damaged."""
    folder = home(entry)
    files.recover(folder)
    if (folder / RECORD).is_file():
        return _open(folder)
    return system(entry)


def system(entry: Entry) -> Source | None:
    """What a system package installed (Debian's Fashion-MNIST), to be checked when decoded."""
    folder = Path(entry.system)
    if not entry.system or not folder.is_dir():
        return None
    digests = {}
    for name, _ in entry.content:
        path = next((path for path in _packed_or_not(folder / name) if path.is_file()), None)
        if path is None:
            return None
        digests[path.name] = files.checksum(path)
    return Source(folder, "system", digests)


def _packed_or_not(path: Path) -> tuple[Path, Path]:
    return path.with_name(f"{path.name}.gz"), path


def check_content(entry: Entry, source: Source) -> None:
    """DataError unless the unpacked content of a system's copy is the official one."""
    for name, digest in entry.content if source.origin == "system" else ():
        path = next(source.path / file for file in source.files if file.removesuffix(".gz") == name)
        if sha256(unpack(path.read_bytes(), str(path))).hexdigest() != digest:
            raise DataError(
                f"{path} is damaged: install its package again, or `coursekit data download "
                f"{entry.name}`"
            )


def stage_added(entry: Entry, path: Path, folder: Path) -> Source:
    """Copy an archive, or pack a folder into one, into `folder`; official files are checked."""
    if len(entry.remotes) == 1 and (path / entry.remotes[0].name).is_file():
        path = path / entry.remotes[0].name  # the folder of a download
    if not path.is_dir():
        _check_official(entry, path)
        _copy(path, folder / path.name)
        return _record(folder, "added", [path.name])
    for file in (found for found in path.rglob("*") if found.is_file()):
        _check_official(entry, file)
    name, members = f"{entry.name}.zip", FolderMembers(path)
    write_zip(_contents(members), folder / name)
    return _record(folder, "added", [name], members.left_out)


def stage_downloaded(
    entry: Entry, folder: Path, progress: Progress | None = None, **options: Any
) -> Source:
    """Download the official files, resuming, into the partial folder; link them into `folder`.

    options go to download.fetch. DataError tells the failure of each address.
    """
    partial = _partial(entry)
    for remote in entry.remotes:
        _fetch(remote, partial / remote.name, progress=progress, **options)
    for remote in entry.remotes:
        _link(partial / remote.name, folder / remote.name)
    return _record(folder, "downloaded", [remote.name for remote in entry.remotes])


def _fetch(remote: Remote, target: Path, **options: Any) -> None:
    """One official file, from the first address that gives it."""
    errors = []
    for url in remote.urls:
        try:
            if not target.exists():
                fetch(url, target, checksum=remote.checksum, size=remote.size, **options)
            break
        except DataError as error:
            errors.append(str(error))
    else:
        raise DataError(" ".join(errors))
    if not remote.checksum:
        _hold(remote.urls[0], target)


def home(entry: Entry) -> Path:
    """The folder in the cache where the set's files are kept."""
    return config.cache() / "sets" / entry.name


def forget_partial(entry: Entry, *, keep_checked: bool) -> None:
    """Remove finished downloads from the partial folder.

    keep_checked leaves those that had a published checksum.
    """
    for remote in entry.remotes:
        if not (keep_checked and remote.checksum):
            (_partial(entry) / remote.name).unlink(missing_ok=True)


def problems(source: Source) -> dict[str, str]:
    """File -> what is wrong with it, for every file of the source; empty text when all is well."""
    folder = source.path if source.path.is_dir() else source.path.parent
    found = {}
    for name, digest in source.files.items():
        path = folder / name
        if not path.is_file():
            found[name] = "missing"
        else:
            found[name] = (
                "" if files.checksum(path) == digest else "content differs from its checksum"
            )
    return found


def _partial(entry: Entry) -> Path:
    return config.cache() / "partial" / entry.name


def _link(path: Path, target: Path) -> None:
    """A second name for the file; a copy where the file system has no such thing."""
    try:
        os.link(path, target)
    except OSError:
        shutil.copyfile(path, target)


def _copy(path: Path, target: Path) -> None:
    """Copy a person's file. UsageError where it cannot be read."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    with file, target.open("wb") as copy:
        shutil.copyfileobj(file, copy)


def _record(
    folder: Path, origin: str, names: list[str], left_out: Sequence[tuple[str, str]] = ()
) -> Source:
    digests = {name: files.checksum(folder / name) for name in names}
    values = {"origin": origin, "files": digests, "left_out": list(left_out)}
    files.write_text(folder / RECORD, json.dumps(values))
    return _open(folder)


def _open(folder: Path) -> Source:
    try:
        values = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        digests, origin = dict(values["files"]), values["origin"]
        left_out = tuple((name, why) for name, why in values.get("left_out", ()))
    except (OSError, ValueError, KeyError, TypeError):
        raise DataError(
            f"{folder / RECORD} is damaged: add or download {folder.name} again"
        ) from None
    path = folder / next(iter(digests)) if len(digests) == 1 else folder
    return Source(path, origin, digests, left_out)


def _contents(members: FolderMembers) -> Iterator[tuple[str, bytes]]:
    """(name, content) of a folder's files; one that cannot be read joins those left out."""
    for name in members.names:
        try:
            yield name, members.read(name)
        except Unreadable as error:
            members.left_out.append((name, str(error)))


def _check_official(entry: Entry, path: Path) -> None:
    """DataError when a file has an official name, but other content."""
    for remote in entry.remotes:
        if path.name == remote.name and remote.checksum:
            algorithm, _, expected = remote.checksum.partition(":")
            if files.checksum(path, algorithm) != expected and not _known_content(entry, path):
                raise DataError(
                    f"{path} bears an official name, but its {algorithm} is not {expected}: it is "
                    "damaged or was made anew. Get it again, or rename it if you mean it."
                )


def _known_content(entry: Entry, path: Path) -> bool:
    """True for a file packed anew (other gzip header) whose content is the official one."""
    expected = dict(entry.content).get(path.name.removesuffix(".gz"))
    try:
        return (
            expected is not None
            and sha256(unpack(path.read_bytes(), path.name)).hexdigest() == expected
        )
    except DataError:
        return False


def _hold(url: str, path: Path) -> None:
    """Where no checksum is published: remember the first download's, and refuse another later."""
    record = config.cache() / "first-downloads.json"
    known = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
    digest = files.checksum(path)
    if known.setdefault(url, digest) != digest:
        path.unlink()
        raise DataError(
            f"{url} is not what it was on the first download (sha256 {digest}, then "
            f"{known[url]}). If the change is right, delete its line in {record}."
        )
    files.write_text(record, json.dumps(known, indent=1))
