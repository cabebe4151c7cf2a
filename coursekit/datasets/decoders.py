"""How sources become arrays: IDX files, CIFAR-10's pickles, folders of pictures, pairs.

Each decoder takes (entry, members, folder, gray, size), writes one cache.Writer a split into the
folder, and returns the record: classes, splits, report.
"""

import io
import pickle
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from operator import attrgetter
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from coursekit.datasets import idx
from coursekit.datasets.archives import Members
from coursekit.datasets.cache import Spool, Writer
from coursekit.datasets.entry import Entry
from coursekit.datasets.images import Reading
from coursekit.datasets.places import Place, places
from coursekit.datasets.report import Report
from coursekit.errors import DataError

IDX_FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
CIFAR_FILES = {"train": tuple(f"data_batch_{n}" for n in range(1, 6)), "test": ("test_batch",)}
CIFAR_BESIDE = ("batches.meta", "readme.html")  # of the official archive
SHAPES = {"pictures": "square", "pairs": "pair", "ragged": "limit"}  # as images.fit takes them


def idx_files(entry: Entry, members: Members, folder: Path, **_: object) -> dict:
    """MNIST's four files, packed or not, in any folder of the source."""
    count, used = 0, set[str]()
    for split, files in IDX_FILES.items():
        found = [_member(members, file) for file in files]
        images, labels = (idx.parse(members.read(name), name) for name in found)
        check_idx(images, labels, found[0])
        count += len(images)
        used.update(found)
        _write(folder, split, [(images, labels)])
    return _record(entry.classes, IDX_FILES, Report(count, left_out=_unused(members, used)))


def check_idx(images: np.ndarray, labels: np.ndarray, name: str) -> None:
    """DataError unless images are (N, H, W) and labels (N,)."""
    if images.ndim != 3 or labels.shape != images.shape[:1]:
        raise DataError(
            f"{name}: images {images.shape} and labels {labels.shape} do not belong together"
        )


def cifar10(entry: Entry, members: Members, folder: Path, **options: Any) -> dict:
    """The official pickles (Krizhevsky 2009), or any folder of pictures with class folders."""
    if not any(PurePosixPath(name).name == "test_batch" for name in members.names):
        return pictures(entry, members, folder, **options)
    used = {name for name in members.names if PurePosixPath(name).name in CIFAR_BESIDE}
    count = 0
    for split, files in CIFAR_FILES.items():
        found = [_member(members, file) for file in files]
        batches = [_cifar_batch(members.read(name), file) for name, file in zip(found, files)]
        count += sum(len(images) for images, _ in batches)
        used.update(found)
        _write(folder, split, batches)
    return _record(entry.classes, CIFAR_FILES, Report(count, left_out=_unused(members, used)))


def pictures(entry: Entry, members: Members, folder: Path, *, gray: bool, size: int | None) -> dict:
    """Pictures in folders, brought to size as the layout says.

    Splits and classes are those of the pictures that could be decoded (places.py).
    """
    reading = Reading(gray=gray, size=size, shape=SHAPES.get(entry.layout, "square"))
    with Spool(folder / "spool.bin") as spool:
        for name in members.names:
            if _aside(name, entry):
                reading.left_out.append((name, "in a folder that is no part of the set"))
            elif (image := reading.array(members, name)) is not None:
                spool.add(name, image)
        if not reading.read:
            raise DataError(f"no readable picture in it: {reading.report(members)}")
        where = places(spool.places)
        classes = sorted({place.label for place in where})
        for split, rows in groupby(where, key=attrgetter("split")):
            _write_pictures(Writer(folder, split), spool, rows, classes)
    splits = sorted({place.split for place in where})
    return _record(classes, splits, reading.report(members))


DECODERS: dict[str, Callable[..., dict]] = {
    "idx": idx_files,
    "cifar10": cifar10,
    **dict.fromkeys(SHAPES, pictures),
}


class _Unpickler(pickle.Unpickler):
    """Loads arrays and plain values only: a pickle may otherwise run any program."""

    ALLOWED = {
        ("numpy", "ndarray"),
        ("numpy", "dtype"),
        ("_codecs", "encode"),
        *(
            (module, "_reconstruct")
            for module in ("numpy.core.multiarray", "numpy._core.multiarray")
        ),
    }

    def find_class(self, module: str, name: str) -> object:
        if (module, name) not in self.ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def _cifar_batch(data: bytes, name: str) -> tuple[np.ndarray, np.ndarray]:
    """One pickle -> images (N, 32, 32, 3) uint8, labels (N,)."""
    try:
        batch = _Unpickler(io.BytesIO(data), encoding="bytes").load()
        flat, labels = batch[b"data"], np.array(batch[b"labels"], np.int64)
        images = flat.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    except Exception as error:  # a damaged pickle may raise anything
        raise DataError(f"{name} is not one of CIFAR-10's pickles: {error}") from None
    if (
        images.dtype != np.uint8
        or len(images) != len(labels)
        or not ((labels >= 0) & (labels < 10)).all()
    ):
        raise DataError(
            f"{name} is damaged: {len(images)} images of {images.dtype}, {len(labels)} labels"
        )
    return images, labels


def _member(members: Members, file: str) -> str:
    """The member with this base name, packed or not. DataError naming it where there is none."""
    for name in members.names:
        if PurePosixPath(name).name in (file, f"{file}.gz"):
            return name
    raise DataError(f"{file} is missing in it")


def _write(folder: Path, split: str, parts: list[tuple[np.ndarray, np.ndarray]]) -> None:
    writer = Writer(folder, split)
    for images, labels in parts:
        writer.extend(images, labels)
    writer.close()


def _write_pictures(
    writer: Writer, spool: Spool, rows: Iterable[Place], classes: list[str]
) -> None:
    numbers = {name: number for number, name in enumerate(classes)}
    for place in rows:
        writer.add(spool.get(place.name), numbers[place.label], place.name)
    writer.close()


def _aside(name: str, entry: Entry) -> bool:
    """True in a folder of the official archive that is no part of the set."""
    return any(part.lower() in entry.aside for part in PurePosixPath(name).parts[:-1])


def _unused(members: Members, used: set[str]) -> tuple[tuple[str, str], ...]:
    """(name, reason) of what a set with files of its own does not need."""
    others = [(name, "not one of the set's files") for name in members.names if name not in used]
    return tuple(sorted([*members.left_out, *others]))


def _record(classes: Sequence[str], splits: Iterable[str], report: Report) -> dict:
    return {"classes": list(classes), "splits": list(splits), "report": report.as_dict()}
