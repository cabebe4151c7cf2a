"""Decoded sets on disk: uint8 .npy files, memory-mapped when read, that appear whole or not at all.

One folder a set: record.json beside, for each split, images.npy (N, H, W[, 3]) or, where sizes
differ, one row of bytes with shapes.npy (N, 3); labels.npy (N,); names.json. The folder's name
carries the checksum of the source.
"""

import json
import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from coursekit import config, files
from coursekit.datasets.dataset import Ragged, Split
from coursekit.datasets.report import Report

VERSION = 2  # of the decoders: a new one makes old folders stale
HEADER = 128  # bytes kept free for the .npy header
CHECKED = 2**28  # bytes up to which a load checks content, not only sizes


class Writer:
    """Writes one split, picture by picture, without holding it in memory."""

    def __init__(self, folder: Path, split: str) -> None:
        self.folder, self.split = folder, split
        self.shapes: list[tuple[int, ...]] = []
        self.labels: list[np.ndarray] = []
        self.names: list[str] = []
        self.file = (folder / f"{split}-images.npy").open("wb")
        self.file.write(bytes(HEADER))

    def add(self, image: np.ndarray, label: int, name: str) -> None:
        """One picture, uint8 (H, W) or (H, W, 3)."""
        self.extend(image[None], np.array([label]), [name])

    def extend(
        self, images: np.ndarray, labels: np.ndarray, names: list[str] | None = None
    ) -> None:
        """Many pictures of one size, uint8 (N, H, W[, 3])."""
        self.file.write(np.ascontiguousarray(images).data)
        self.shapes += [images.shape[1:]] * len(images)
        self.labels.append(labels.astype(np.int64))
        self.names += names or []

    def close(self) -> None:
        """Write the header, now that the shape is known, and the labels and names."""
        sizes = set(self.shapes)
        shape = (
            (len(self.shapes), *sizes.pop())
            if len(sizes) == 1
            else (sum(map(_product, self.shapes)),)
        )
        self.file.seek(0)
        np.lib.format.write_array_header_1_0(
            self.file, {"descr": "|u1", "fortran_order": False, "shape": shape}
        )
        if self.file.tell() != HEADER:
            raise RuntimeError(f"numpy wrote a header of {self.file.tell()} bytes, not {HEADER}")
        self.file.close()
        if len(shape) == 1:
            np.save(
                self.folder / f"{self.split}-shapes.npy",
                np.array(self.shapes, np.int64).reshape(-1, 3),
            )
        np.save(
            self.folder / f"{self.split}-labels.npy",
            np.concatenate(self.labels or [np.zeros(0, np.int64)]),
        )
        (self.folder / f"{self.split}-names.json").write_text(
            json.dumps(self.names), encoding="utf-8"
        )


class Spool:
    """Pictures that wait in a file, in memory's place, until all are seen. A context manager."""

    def __init__(self, path: Path) -> None:
        self.path, self.places = path, dict[str, tuple[int, tuple[int, ...]]]()
        self.file = path.open("wb+")

    def __enter__(self) -> "Spool":
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()
        self.path.unlink()

    def add(self, name: str, image: np.ndarray) -> None:
        """One picture, uint8 (H, W) or (H, W, 3)."""
        self.places[name] = (self.file.seek(0, os.SEEK_END), image.shape)
        self.file.write(np.ascontiguousarray(image).data)

    def get(self, name: str) -> np.ndarray:
        """The picture of that name."""
        start, shape = self.places[name]
        self.file.seek(start)
        return np.frombuffer(self.file.read(_product(shape)), np.uint8).reshape(shape)


def key(name: str, source: str, **options: object) -> str:
    """Folder name of a set decoded in one way from one source."""
    text = json.dumps([VERSION, source, options], sort_keys=True)
    return f"{name}-{sha256(text.encode()).hexdigest()[:16]}"


def cached(folder_name: str, build: Callable[[Path], dict]) -> Path:
    """The folder of that name, built if missing or damaged.

    build(folder) writes the splits and returns the record: classes, splits, report.
    """
    folder = config.cache() / "arrays" / folder_name
    if not problems(folder):
        return folder
    with files.lock(folder_name):
        if problems(folder):  # another process may have built it while this one waited
            with files.whole_folder(folder) as new:
                record = build(new)
                record["files"] = {
                    path.name: [path.stat().st_size, files.checksum(path)]
                    for path in sorted(new.iterdir())
                }
                (new / "record.json").write_text(json.dumps(record), encoding="utf-8")
    return folder


def problems(folder: Path, *, thorough: bool = False) -> dict[str, str]:
    """File -> what is wrong with it; empty when all is well.

    thorough: content of big sets too, not only sizes.
    """
    try:
        listed = record(folder)["files"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        return {"record.json": f"missing or damaged: {error}"}
    deep = thorough or sum(size for size, _ in listed.values()) <= CHECKED
    found = {}
    for name, (size, digest) in listed.items():
        path = folder / name
        if not path.is_file():
            found[name] = "missing"
        elif path.stat().st_size != size:
            found[name] = f"{path.stat().st_size:,} bytes instead of {size:,}"
        elif deep and files.checksum(path) != digest:
            found[name] = "content differs from its checksum"
    return found


def record(folder: Path) -> dict:
    """What was written beside the arrays: classes, report, splits, files."""
    return json.loads((folder / "record.json").read_text(encoding="utf-8"))


def read(folder: Path) -> tuple[dict[str, Split], list[str], Report]:
    """Splits, classes and report of a decoded set; the pictures stay on disk until touched."""
    values = record(folder)
    splits = {split: _split(folder, split) for split in values["splits"]}
    return splits, values["classes"], Report.of(values["report"])


def _split(folder: Path, split: str) -> Split:
    pixels = _mapped(folder / f"{split}-images.npy")
    shapes = folder / f"{split}-shapes.npy"
    images = Ragged(pixels, torch.from_numpy(np.load(shapes))) if shapes.exists() else pixels
    labels = torch.from_numpy(np.load(folder / f"{split}-labels.npy"))
    names = json.loads((folder / f"{split}-names.json").read_text(encoding="utf-8"))
    return Split(images, labels, tuple(names))


def _mapped(path: Path) -> Tensor:
    """Copy on write: a notebook that writes into its images changes no file, no other process."""
    try:
        return torch.from_numpy(np.load(path, mmap_mode="c"))
    except ValueError:  # an empty file cannot be mapped
        return torch.from_numpy(np.load(path))


def _product(shape: tuple[int, ...]) -> int:
    return int(np.prod(shape))
