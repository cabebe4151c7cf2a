"""Where a picture belongs, read from its path: split from a folder like train/ or Test/, class from the last folder."""

import re
from collections.abc import Iterable
from hashlib import sha256
from pathlib import PurePosixPath
from typing import NamedTuple

SPLIT = re.compile(
    r"(?P<split>train|training|test|testing|val|valid|validation)(?:[_-]?set)?(?P<side>[ab])?",
    re.IGNORECASE,
)
CANONICAL = {"training": "train", "testing": "test", "val": "validation", "valid": "validation"}
TEST_SHARE = 0.1  # held out where the source has no split of its own


class Place(NamedTuple):
    """split "train", "test" or "validation"; label is the class's name, empty where there are no class folders."""

    split: str
    label: str
    name: str


def places(names: Iterable[str], *, test_share: float = TEST_SHARE) -> list[Place]:
    """A place for each name, sorted. Names outside the split folders, where such exist, are left away.

    CycleGAN's trainA and trainB are train with the classes A and B. Without split folders a share is held out by a hash
    of the name, so the same pictures are held out on every machine and whatever else lies in the folder.
    """
    names = list(names)
    found = [place for name in names if (place := _split_place(name)) is not None]
    if not found:
        labels = _labels(names)
        held_out = held_out_names(names, share=test_share)
        found = [
            Place("test" if name in held_out else "train", labels[name], name) for name in names
        ]
    return sorted(found, key=lambda place: (place.split, place.label, _natural(place.name)))


def held_out_names(names: Iterable[str], *, share: float) -> set[str]:
    """The share of the names whose hashes come first: exact in number, free of any generator."""
    ranked = sorted(
        set(names),
        key=lambda name: sha256(PurePosixPath(name).name.encode() + name.encode()).digest(),
    )
    return set(ranked[: round(len(ranked) * share)])


def _split_place(name: str) -> Place | None:
    folders = PurePosixPath(name).parts[:-1]
    hits = [
        (number, match) for number, part in enumerate(folders) if (match := SPLIT.fullmatch(part))
    ]
    if not hits:
        return None
    number, match = hits[-1]
    split = match["split"].lower()
    inner = folders[number + 1 :]
    return Place(
        CANONICAL.get(split, split), inner[-1] if inner else (match["side"] or "").upper(), name
    )


def _labels(names: list[str]) -> dict[str, str]:
    """The last folder's name, or nothing where all lie in the same folder."""
    last = {name: PurePosixPath(name).parent.name for name in names}
    return last if len(set(last.values())) > 1 else dict.fromkeys(names, "")


def _natural(name: str) -> list:
    """2.jpg before 10.jpg."""
    return [
        (0, int(part), "") if part.isdecimal() else (1, 0, part)
        for part in re.findall(r"\d+|\D+", name)
    ]
