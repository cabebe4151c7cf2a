"""Where a picture belongs, read from its path: the split from a folder like train/, the class.

Nothing is guessed: a picture that the folders do not place is a stray, and an error that names it.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import takewhile
from pathlib import PurePosixPath
from typing import NamedTuple

from coursekit.datasets.report import some
from coursekit.errors import DataError

WORD = r"train|training|test|testing|val|valid|validation"
SPLIT = re.compile(rf"(?P<split>{WORD})(?:[_ -]?set)?(?P<side>[ab])?", re.IGNORECASE)
TOKEN = re.compile(rf"(?<![a-z])({WORD})(?:[_ -]?set)?(?![a-z])", re.IGNORECASE)
CANONICAL = {"training": "train", "testing": "test", "val": "validation", "valid": "validation"}
TEST_SHARE = 0.1  # held out where the source has no split of its own
SHOWN = 3  # strays that an error names


class Place(NamedTuple):
    """split "train", "test" or "validation"; label: the class's name, empty without class folders.

    name is the picture's path in the folder or archive.
    """

    split: str
    label: str
    name: str


@dataclass(frozen=True)
class _Path:
    """A picture's path, cut at its split folder; where it has none, all is `inner` and split ""."""

    name: str
    outer: tuple[str, ...]  # folders before the split folder
    inner: tuple[str, ...]  # folders after it
    split: str = ""
    side: str = ""


def places(names: Iterable[str], *, test_share: float = TEST_SHARE) -> list[Place]:
    """A place for each picture's path, sorted by split, class and name. DataError names strays.

    The class is the first folder below the split folder, else the first that differs above it.
    CycleGAN's trainA and trainB are train with the classes A and B. Without split folders a share
    is held out by a hash of the name: the same pictures on every machine, whatever else is there.
    """
    paths = _cut(sorted(names))
    labels = _labels(paths)
    if not any(path.split for path in paths):
        held_out = held_out_names((path.name for path in paths), share=test_share)
        splits = {path.name: "test" if path.name in held_out else "train" for path in paths}
    else:
        splits = {path.name: path.split for path in paths}
    found = [Place(splits[path.name], labels[path.name], path.name) for path in paths]
    return sorted(found, key=lambda place: (place.split, place.label, _natural(place.name)))


def held_out_names(names: Iterable[str], *, share: float) -> set[str]:
    """The share of the names whose hashes come first: exact in number, free of any generator."""
    ranked = sorted(
        set(names),
        key=lambda name: sha256(PurePosixPath(name).name.encode() + name.encode()).digest(),
    )
    return set(ranked[: round(len(ranked) * share)])


def _cut(names: list[str]) -> list[_Path]:
    """Each path cut at its split folder. Folders that hold everything count only if no others do:
    they wrap the set, or are its only split."""
    folders = {name: PurePosixPath(name).parts[:-1] for name in names}
    shared = len(_prefix(folders.values()))
    splits = _split_folders({part for parts in folders.values() for part in parts})
    if any(part in splits for parts in folders.values() for part in parts[shared:]):
        paths = [_at_split(name, folders[name], splits, shared) for name in names]
    else:
        paths = [_at_split(name, folders[name], splits, 0) for name in names]
    outside = [path.name for path in paths if not path.split]
    if len(outside) < len(paths):
        where = ", ".join(sorted({path.split for path in paths} - {""}))
        _refuse(outside, f"outside the split folders ({where})", "put it into one, or away")
    return paths


def _at_split(
    name: str, folders: tuple[str, ...], splits: Mapping[str, tuple[str, str]], start: int
) -> _Path:
    """The path cut at its last split folder after `start`. DataError where two splits claim it."""
    hits = [number for number in range(start, len(folders)) if folders[number] in splits]
    if not hits:
        return _Path(name, (), folders)
    claimed = {splits[folders[number]][0] for number in hits}
    if len(claimed) > 1:
        said = " and ".join(sorted(claimed))
        _refuse([name], f"in folders of {said} at once", "rename the folder that means no split")
    split, side = splits[folders[hits[-1]]]
    return _Path(name, folders[: hits[-1]], folders[hits[-1] + 1 :], split, side)


def _split_folders(names: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Folder name -> (split, side) of those that mean a split.

    Test_Set does by itself; seg_train does beside seg_test, but "train station" is a class.
    """
    certain: dict[str, tuple[str, str]] = {}
    families: dict[tuple[str, str], dict[str, tuple[str, str]]] = {}  # by what frames the word
    for name in names:
        if match := SPLIT.fullmatch(name):
            certain[name] = (_canonical(match["split"]), (match["side"] or "").upper())
        elif match := TOKEN.search(name):
            family = families.setdefault((name[: match.start()], name[match.end() :]), {})
            family[name] = (_canonical(match[1]), "")
    for family in families.values():
        if len({split for split, _ in family.values()}) > 1:
            certain.update(family)
    return certain


def _canonical(word: str) -> str:
    return CANONICAL.get(word.lower(), word.lower())


def _labels(paths: list[_Path]) -> dict[str, str]:
    """Class by path: the side A or B, else a folder below the split folder, else one above it."""
    if any(path.side for path in paths):
        labels = {path.name: path.side for path in paths}
    elif any(path.inner for path in paths):
        labels = _first_different([path.inner for path in paths], paths, least=paths[0].split != "")
    else:
        labels = _first_different([path.outer for path in paths], paths)
    classes = sorted({label for label in labels.values() if label})
    strays = [name for name, label in labels.items() if not label] if classes else []
    _refuse(strays, f"beside the class folders ({some(classes)})", "put it into one, or away")
    return {name: unicodedata.normalize("NFC", label) for name, label in labels.items()}


def _first_different(
    folders: list[tuple[str, ...]], paths: list[_Path], *, least: bool = False
) -> dict[str, str]:
    """The first folder that not all paths share, empty where there is none. least: the last that
    they share rather than none at all."""
    shared = len(_prefix(folders))
    if least and shared == max(map(len, folders)):
        shared -= 1
    return {
        path.name: parts[shared] if len(parts) > shared else ""
        for path, parts in zip(paths, folders)
    }


def _prefix(paths: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """The folders that all paths begin with."""
    columns = takewhile(lambda column: len(set(column)) == 1, zip(*paths))
    return tuple(column[0] for column in columns)


def _refuse(names: list[str], where: str, way: str) -> None:
    """DataError that names the strays, if there are any."""
    if names:
        raise DataError(f"{some(names, SHOWN)} belongs nowhere: it lies {where}; {way}")


def _natural(name: str) -> list:
    """2.jpg before 10.jpg."""
    return [
        (0, int(part), "") if part.isdecimal() else (1, 0, part)
        for part in re.findall(r"\d+|\D+", name)
    ]
