"""The files behind a full set: added or downloaded into the cache, or installed by the system."""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from coursekit import config, files
from coursekit.datasets.archives import FolderMembers, Unreadable, write_zip
from coursekit.datasets.catalog import Entry
from coursekit.datasets.download import Progress, fetch
from coursekit.datasets.idx import unpack
from coursekit.errors import DataError

RECORD = "source.json"


@dataclass(frozen=True)
class Source:
    """Files of a set. path: one archive, or a folder of files; origin "added", "downloaded" or "system"."""

    path: Path
    origin: str
    files: dict[str, str]  # name -> sha256

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
    """What a system package installed (Debian's Fashion-MNIST). Its content is checked when it is decoded."""
    folder = Path(entry.system) if entry.system else None
    if folder is None or not folder.is_dir():
        return None
    found = [
        next((folder / each for each in (f"{name}.gz", name) if (folder / each).is_file()), None)
        for name, _ in entry.content
    ]
    return (
        None
        if None in found
        else Source(folder, "system", {path.name: files.checksum(path) for path in found})
    )


def check_content(entry: Entry, source: Source) -> None:
    """DataError unless the unpacked content of a system's copy is the official one."""
    for name, digest in entry.content if source.origin == "system" else ():
        path = next(source.path / file for file in source.files if file.removesuffix(".gz") == name)
        if sha256(unpack(path.read_bytes(), str(path))).hexdigest() != digest:
            raise DataError(
                f"{path} is damaged: install its package again, or `coursekit data download {entry.name}`"
            )


def stage_added(entry: Entry, path: Path, folder: Path) -> Source:
    """Copy an archive, or pack a folder into one, into `folder`, holding official files to their checksums."""
    if len(entry.remotes) == 1 and (path / entry.remotes[0].name).is_file():
        path = path / entry.remotes[0].name  # the folder of a download
    if path.is_dir():
        for file in (each for each in path.rglob("*") if each.is_file()):
            _check_official(entry, file)
        name = f"{entry.name}.zip"
        write_zip(_contents(path), folder / name)
    elif path.is_file():
        name = path.name
        _check_official(entry, path)
        shutil.copyfile(path, folder / name)
    else:
        raise DataError(f"there is no file or folder {path}")
    return _record(folder, "added", [name])


def stage_downloaded(
    entry: Entry, folder: Path, progress: Progress | None = None, **options: float
) -> Source:
    """Download the official files, resuming, into the cache's partial folder; then link them into `folder`."""
    partial = _partial(entry)
    for remote in entry.remotes:
        errors = []
        for url in remote.urls:
            try:
                if not (partial / remote.name).exists():
                    fetch(
                        url,
                        partial / remote.name,
                        checksum=remote.checksum,
                        size=remote.size,
                        progress=progress,
                        **options,
                    )
                break
            except DataError as error:
                errors.append(str(error))
        else:
            raise DataError(" ".join(errors))
        if not remote.checksum:
            _hold(remote.urls[0], partial / remote.name)
    for remote in entry.remotes:
        _link(partial / remote.name, folder / remote.name)
    return _record(folder, "downloaded", [remote.name for remote in entry.remotes])


def home(entry: Entry) -> Path:
    """The folder in the cache where the set's files are kept."""
    return config.cache() / "sets" / entry.name


def forget_partial(entry: Entry, *, keep_checked: bool) -> None:
    """Remove finished downloads from the partial folder. keep_checked leaves those that had a published checksum."""
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


def _record(folder: Path, origin: str, names: list[str]) -> Source:
    digests = {name: files.checksum(folder / name) for name in names}
    (folder / RECORD).write_text(json.dumps({"origin": origin, "files": digests}), encoding="utf-8")
    return _open(folder)


def _open(folder: Path) -> Source:
    try:
        values = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        files, origin = dict(values["files"]), values["origin"]
    except (OSError, ValueError, KeyError, TypeError):
        raise DataError(
            f"{folder / RECORD} is damaged: add or download {folder.name} again"
        ) from None
    return Source(folder / next(iter(files)) if len(files) == 1 else folder, origin, files)


def _contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """(name, content) of a folder's files; one that cannot be read is kept as empty, so that it is named later."""
    members = FolderMembers(folder)
    for name in members.names:
        try:
            yield name, members.read(name)
        except Unreadable:
            yield name, b""


def _check_official(entry: Entry, path: Path) -> None:
    """DataError when a file has an official name and size's checksum, but other content."""
    for remote in entry.remotes:
        if path.name == remote.name and remote.checksum:
            algorithm, _, expected = remote.checksum.partition(":")
            if files.checksum(path, algorithm) != expected and not _known_content(entry, path):
                raise DataError(
                    f"{path} bears an official name, but its {algorithm} is not {expected}: it is damaged "
                    "or was made anew. Get it again, or give it another name if you mean it."
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
            f"{url} is not what it was on the first download (sha256 {digest}, then {known[url]}). "
            f"If the change is right, delete its line in {record}."
        )
    files.write_text(record, json.dumps(known, indent=1))
