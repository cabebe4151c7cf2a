"""Fashion-MNIST and MNIST: the first pictures of each class, as idx files."""

import gzip
import struct
from pathlib import Path

import numpy as np
from samples import LICENSES, Sample, gzipped
from sources import FASHION_MNIST, MNIST, unpacked

PARTS = {"train": "train", "test": "t10k"}
NOTES = """
Train pictures are chosen from the set's train part, test pictures from its test part: the first
{train} and the first {test} of each of the ten classes, kept in the order of the full set. So the
classes are balanced, and nothing of the test part is seen in training. Bytes of the pictures are
unchanged. Files are idx files as the set's authors publish them: train-images-idx3-ubyte.gz (N,
28, 28), train-labels-idx1-ubyte.gz (N), t10k-... the same for the test part.
{more}"""


def fashion_mnist(scratch: Path) -> Sample:
    """10,000 train and 2,000 test pictures, 28x28 gray, ten kinds of clothing."""
    folder = unpacked(FASHION_MNIST, scratch) / "usr/share/datasets/fashion-mnist"
    classes = (
        "Classes 0 to 9: T-shirt/top, Trouser, Pullover, Dress, Coat, Sandal, Shirt, Sneaker, Bag, "
        "Ankle boot."
    )
    return Sample(
        name="fashion-mnist",
        title="Fashion-MNIST, sample",
        stands_for="Fashion-MNIST (60,000 + 10,000)",
        what="12,000 gray pictures of clothing, 28x28 pixels, ten classes: 10,000 to train, "
        "2,000 to test",
        origin="Zalando Research, Fashion-MNIST (Xiao, Rasul, Vollgraf 2017)",
        package=FASHION_MNIST,
        license="MIT",
        license_url="https://opensource.org/license/mit",
        made_by="Zalando SE",
        count=12_000,
        notes=NOTES.format(train="1,000", test="200", more=classes),
        license_text=(LICENSES / "fashion-mnist.txt").read_text(),
        files=_chosen(folder, {"train": 1000, "test": 200}),
    )


def mnist(scratch: Path) -> Sample:
    """6,000 train and 1,000 test pictures, 28x28 gray, ten digits."""
    folder = unpacked(MNIST, scratch) / "package/data"
    more = (
        "The package states a license for its code only. The set itself is made available under CC "
        "BY-SA 3.0: so says the page on MNIST in Keras' documentation, which names Yann LeCun and "
        "Corinna Cortes as holders."
    )
    return Sample(
        name="mnist",
        title="MNIST, sample",
        stands_for="MNIST (60,000 + 10,000)",
        what="7,000 gray pictures of handwritten digits, 28x28 pixels, ten classes: 6,000 to "
        "train, 1,000 to test",
        origin="The MNIST database of handwritten digits (LeCun, Cortes, Burges 1998), drawn from "
        "NIST's databases",
        package=MNIST,
        license="CC BY-SA 3.0",
        license_url="https://creativecommons.org/licenses/by-sa/3.0/",
        made_by="Yann LeCun, Corinna Cortes, Christopher J.C. Burges",
        count=7_000,
        notes=NOTES.format(train="600", test="100", more=more),
        license_text=(LICENSES / "mnist.txt").read_text(),
        files=_chosen(folder, {"train": 600, "test": 100}),
    )


def _chosen(folder: Path, per_class: dict[str, int]) -> dict[str, bytes]:
    """The four idx.gz files with the first pictures of each class."""
    files = {}
    for part, count in per_class.items():
        images = _read(folder, f"{PARTS[part]}-images-idx3-ubyte")
        labels = _read(folder, f"{PARTS[part]}-labels-idx1-ubyte")
        rows = np.sort(
            np.concatenate([np.flatnonzero(labels == label)[:count] for label in range(10)])
        )
        files[f"{PARTS[part]}-images-idx3-ubyte.gz"] = gzipped(_idx(images[rows]))
        files[f"{PARTS[part]}-labels-idx1-ubyte.gz"] = gzipped(_idx(labels[rows]))
    return files


def _read(folder: Path, name: str) -> np.ndarray:
    """An idx file of unsigned bytes, packed or not."""
    packed = folder / f"{name}.gz"
    blob = gzip.decompress(packed.read_bytes()) if packed.exists() else (folder / name).read_bytes()
    if blob[:3] != b"\0\0\x08":
        raise ValueError(f"{name} begins with {blob[:3]!r}: not an idx file of unsigned bytes")
    shape = struct.unpack_from(f">{blob[3]}I", blob, 4)
    return np.frombuffer(blob, np.uint8, offset=4 + 4 * blob[3]).reshape(shape)


def _idx(array: np.ndarray) -> bytes:
    """uint8 array -> idx bytes."""
    return struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()
