"""Loaders of the bundled samples in data/: small, checked against their cards, decoded into memory at each load."""

import csv
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import torch
from torch import Tensor

from coursekit import config, files
from coursekit.datasets import decoders, idx
from coursekit.datasets.catalog import Entry
from coursekit.datasets.crops import cut
from coursekit.datasets.dataset import Dataset, Split
from coursekit.datasets.images import read_pictures
from coursekit.datasets.places import held_out_names
from coursekit.datasets.report import Report
from coursekit.datasets.sources import Source
from coursekit.datasets.views import views
from coursekit.errors import DataError, UsageError, nearest

CLASSES = {"fashion-mnist": decoders.CLOTHES, "mnist": decoders.DIGITS}


@dataclass(frozen=True)
class Card:
    """A sample's card.toml and its folder."""

    folder: Path
    values: dict

    @property
    def sha256(self) -> str:
        """Of the pictures' files, as for a full set's source."""
        files = {
            name: digest for name, digest in self.values["files"].items() if name != "index.csv"
        }
        return Source(self.folder, "bundled", files).sha256


def load(entry: Entry, **options: object) -> Dataset:
    """The bundled sample of this entry. DataError names the stand-in where it has none."""
    if not entry.bundled:
        raise DataError(
            f"{entry.name} has no bundled sample: datasets.load({entry.sample!r}) stands in, "
            f"and datasets.load({entry.name!r}, full=True) loads the real set."
        )
    card = read_card(entry.name)
    bad = [f"{file}: {problem}" for file, problem in problems(entry.name).items() if problem]
    if bad:
        raise DataError(
            f"the sample data/{entry.name} is damaged ({'; '.join(bad)}): "
            f"get it back with `git checkout -- data/{entry.name}`"
        )
    try:
        classes, splits, report = LOADERS[entry.name](card, **options)
    except TypeError as error:
        if "unexpected keyword" not in str(error):
            raise
        raise UsageError(
            f"datasets.load({entry.name!r}): {_option(error, LOADERS[entry.name])}"
        ) from None
    title, license = card.values["title"], card.values["license"]
    return Dataset(entry.name, "bundled", title, license, card.sha256, classes, splits, report)


def read_card(name: str) -> Card:
    """The card of a bundled sample."""
    folder = config.BUNDLED / name
    try:
        return Card(folder, tomllib.loads((folder / "card.toml").read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise DataError(f"{folder / 'card.toml'} cannot be read: {error}") from None


def problems(name: str) -> dict[str, str]:
    """File of a sample -> what is wrong with it; empty text when all is well."""
    card, found = read_card(name), {}
    for file, digest in card.values["files"].items():
        path = card.folder / file
        found[file] = (
            "missing"
            if not path.is_file()
            else ""
            if files.checksum(path) == digest
            else "content differs from its card"
        )
    return found


Loaded = tuple[list[str], dict[str, Split], Report]


def _idx(card: Card) -> Loaded:
    """MNIST's four files; images (N, 28, 28)."""
    splits = {}
    for split, names in decoders.IDX_FILES.items():
        images, labels = (
            idx.parse((card.folder / f"{file}.gz").read_bytes(), file) for file in names
        )
        decoders.check_idx(images, labels, names[0])
        splits[split] = Split(
            torch.from_numpy(images.copy()), torch.from_numpy(labels.astype(np.int64))
        )
    return CLASSES[card.values["name"]], splits, Report(sum(map(len, splits.values())))


def _faces(card: Card, *, size: int = 64, gray: bool = False, test_share: float = 0.1) -> Loaded:
    """Faces (N, size, size, 3), labels by folder; a share held out by the hash of the name."""
    pictures, labels, classes = _read(card, size=size, gray=gray, shape="square")
    return (
        classes,
        _held_out(torch.stack(pictures.images), labels, pictures.names, test_share),
        pictures.report,
    )


def _photos(
    card: Card,
    *,
    size: int = 32,
    patches_per_photo: int = 50,
    seed: int = 0,
    test_share: float = 0.2,
    gray: bool = False,
) -> Loaded:
    """Random patches (N, size, size, 3), split by photo within each category, labels by category."""
    pictures, labels, classes = _read(card)
    return (
        classes,
        cut(
            pictures,
            labels,
            size=size,
            count=patches_per_photo,
            seed=seed,
            test_share=test_share,
            gray=gray,
        ),
        pictures.report,
    )


def _views(
    card: Card,
    *,
    size: int,
    gray: bool,
    views_per_drawing: int,
    seed: int = 0,
    background: str = "white",
    test_share: float = 0.1,
) -> Loaded:
    """Turned, scaled and lit views of each drawing, labels by drawing; train and test views are drawn apart."""
    if views_per_drawing < 2:
        raise UsageError(
            f"views_per_drawing is {views_per_drawing}: give 2 or more, one to train with and one to test with"
        )
    with_alpha = _transparent(card)
    names = [PurePosixPath(name).stem for name in with_alpha]
    test = max(1, round(views_per_drawing * test_share))
    splits = {}
    for split, count in (("train", views_per_drawing - test), ("test", test)):
        images = views(
            with_alpha, count=count, size=size, gray=gray, background=background, seed=(seed, split)
        )
        labels = torch.arange(len(names)).repeat_interleave(count)
        splits[split] = Split(
            images, labels, tuple(name for name in with_alpha for _ in range(count))
        )
    return names, splits, Report(len(with_alpha))


def _fruits(
    card: Card, *, size: int = 100, gray: bool = False, views_per_drawing: int = 100, **options
) -> Loaded:
    """Fruits on white, as Fruits-360 photographed them: (N, size, size, 3)."""
    return _views(card, size=size, gray=gray, views_per_drawing=views_per_drawing, **options)


def _animals(
    card: Card, *, size: int = 28, gray: bool = True, views_per_drawing: int = 60, **options
) -> Loaded:
    """Animals, small and gray: (N, size, size)."""
    return _views(card, size=size, gray=gray, views_per_drawing=views_per_drawing, **options)


def _paintings(card: Card, *, size: int | None = None, test_share: float = 0.2) -> Loaded:
    """A list of paintings (H, W, 3) of different sizes, the longer side at most size; split by painting."""
    pictures, labels, classes = _read(card, size=size, shape="limit")
    return classes, _held_out(pictures.images, labels, pictures.names, test_share), pictures.report


def _pairs(card: Card, *, size: int = 256) -> Loaded:
    """Pairs: images (N, size, size, 3) the photo, targets the relief; split by place as index.csv says: neighbors overlap."""
    from coursekit.datasets.loading import halves

    pictures, labels, classes = _read(card, size=size, shape="pair")
    with open(card.folder / "index.csv", encoding="utf-8", newline="") as file:
        test = {row["name"] for row in csv.DictReader(file) if row["split"] == "test"}
    splits = _part(torch.stack(pictures.images), torch.zeros_like(labels), pictures.names, test)
    return [""], {name: halves(split) for name, split in splits.items()}, pictures.report


LOADERS: dict[str, Callable[..., Loaded]] = {
    "fashion-mnist": _idx,
    "mnist": _idx,
    "manga-faces": _faces,
    "cartoon-faces": _faces,
    "photos": _photos,
    "fruits": _fruits,
    "animals": _animals,
    "paintings": _paintings,
    "satellite-relief": _pairs,
}


def _read(card: Card, **options: object) -> tuple:
    """Pictures of the sample's archive, labels by folder (N,), classes."""
    pictures = read_pictures(card.folder / "images.zip", **options)
    folders = [PurePosixPath(name).parent.name for name in pictures.names]
    classes = sorted(set(folders))
    return pictures, torch.tensor([classes.index(folder) for folder in folders]), classes


def _held_out(
    images: "Tensor | list[Tensor]",
    labels: Tensor,
    names: tuple[str, ...],
    share: float,
) -> dict[str, Split]:
    """Split off a share for testing, by the hashes of the names."""
    return _part(images, labels, names, held_out_names(names, share=share))


def _part(
    images: "Tensor | list[Tensor]", labels: Tensor, names: tuple[str, ...], test: set[str]
) -> dict[str, Split]:
    """Those named in test on one side, the others on the other."""
    chosen = {
        "train": [i for i, name in enumerate(names) if name not in test],
        "test": [i for i, name in enumerate(names) if name in test],
    }
    return {
        split: Split(
            images[torch.tensor(rows, dtype=torch.int64)]
            if isinstance(images, Tensor)
            else [images[i] for i in rows],
            labels[rows],
            tuple(names[i] for i in rows),
        )
        for split, rows in chosen.items()
    }


def _transparent(card: Card) -> dict:
    """Name -> RGBA image of a sample of drawings."""
    from zipfile import ZipFile

    from PIL import Image

    with ZipFile(card.folder / "images.zip") as file:
        return {
            name: Image.open(file.open(name)).convert("RGBA") for name in sorted(file.namelist())
        }


def _option(error: TypeError, loader: Callable) -> str:
    import inspect

    unknown = str(error).rpartition("argument ")[2].strip("'")
    valid = [
        name
        for name, value in inspect.signature(loader).parameters.items()
        if value.kind is value.KEYWORD_ONLY
    ]
    return f"unknown option {unknown!r}: {nearest(unknown, valid) if valid else 'this sample has none.'}"
