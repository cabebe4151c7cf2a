"""How each kind of source becomes arrays: IDX files, CIFAR-10's pickles, folders of pictures, pairs side by side.

Each decoder takes (members, folder, gray, size), writes one arrays.Writer a split into the folder, and returns the
record: classes, splits, report.
"""

import io
import pickle
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import numpy as np

from coursekit.datasets import idx
from coursekit.datasets.archives import Members
from coursekit.datasets.cache import Writer
from coursekit.datasets.images import Reading
from coursekit.datasets.places import Place, places
from coursekit.datasets.report import Report
from coursekit.errors import DataError

IDX_FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
CIFAR_FILES = {"train": tuple(f"data_batch_{n}" for n in range(1, 6)), "test": ("test_batch",)}
DIGITS = [str(digit) for digit in range(10)]
CLOTHES = [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
]
CIFAR_CLASSES = [
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
]


def idx_files(members: Members, folder: Path, *, classes: list[str], **_: object) -> dict:
    """MNIST's four files, packed or not, in any folder of the source."""
    count = 0
    for split, files in IDX_FILES.items():
        found = [_member(members, file) for file in files]
        images, labels = (idx.parse(members.read(name), name) for name in found)
        check_idx(images, labels, found[0])
        count += len(images)
        _write(folder, split, [(images, labels)])
    return _record(classes, IDX_FILES, Report(count))


def check_idx(images: np.ndarray, labels: np.ndarray, name: str) -> None:
    """DataError unless images are (N, H, W) and labels (N,)."""
    if images.ndim != 3 or labels.shape != images.shape[:1]:
        raise DataError(
            f"{name}: images {images.shape} and labels {labels.shape} do not belong together"
        )


def cifar10(members: Members, folder: Path, **options: object) -> dict:
    """The official pickles (Krizhevsky 2009), or any folder of pictures with class folders."""
    names = {PurePosixPath(name).name: name for name in members.names}
    if "test_batch" not in names:
        return pictures(members, folder, **options)
    count = 0
    for split, files in CIFAR_FILES.items():
        batches = [_cifar_batch(members.read(_member(members, file)), file) for file in files]
        count += sum(len(images) for images, _ in batches)
        _write(folder, split, batches)
    return _record(CIFAR_CLASSES, CIFAR_FILES, Report(count))


def pictures(
    members: Members, folder: Path, *, gray: bool, size: int | None, shape: str = "square"
) -> dict:
    """Pictures in folders, cropped to size x size; splits and classes as places.py reads them."""
    reading = Reading(gray=gray, size=size, shape=shape)
    where = places(members.names)
    classes = sorted({place.label for place in where if _has_picture(place)})
    splits = list(dict.fromkeys(place.split for place in where if _has_picture(place)))
    for split in splits:
        writer = Writer(folder, split)
        for place in (each for each in where if each.split == split):
            if (image := reading.array(members, place.name)) is not None:
                writer.add(image, _number(classes, place.label), place.name)
        writer.close()
    if not reading.read:
        raise DataError(f"no readable picture in it: {reading.report()}")
    return _record(classes, splits, reading.report())


def pairs(members: Members, folder: Path, *, gray: bool, size: int | None) -> dict:
    """Pictures that hold two halves side by side (pix2pix), brought to size x 2 size."""
    return pictures(members, folder, gray=gray, size=size, shape="pair")


def ragged(members: Members, folder: Path, *, gray: bool, size: int | None) -> dict:
    """Pictures of different sizes, the longer side at most `size`."""
    return pictures(members, folder, gray=gray, size=size, shape="limit")


LAYOUTS: dict[str, Callable[..., dict]] = {
    "idx": idx_files,
    "cifar10": cifar10,
    "pictures": pictures,
    "pairs": pairs,
    "ragged": ragged,
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


def _has_picture(place: Place) -> bool:
    from coursekit.datasets.images import SUFFIXES

    return PurePosixPath(place.name).suffix.lower() in SUFFIXES


def _number(classes: list[str], label: str) -> int:
    return classes.index(label) if label in classes else 0


def _record(classes: list[str], splits, report: Report) -> dict:
    return {"classes": list(classes), "splits": list(splits), "report": report.as_dict()}
