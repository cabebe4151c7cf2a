"""Loaders of the bundled samples in data/, checked against their cards, decoded at each load."""

import csv
import inspect
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import PurePosixPath
from typing import Any
from zipfile import ZipFile

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from coursekit.datasets import decoders, idx, triples
from coursekit.datasets.cards import Card, problems, read_card
from coursekit.datasets.classes import CLOTHES, DIGITS
from coursekit.datasets.crops import cut
from coursekit.datasets.dataset import Dataset, Split, halves
from coursekit.datasets.entry import Entry
from coursekit.datasets.images import Pictures, read_pictures
from coursekit.datasets.places import held_out_names
from coursekit.datasets.report import Report
from coursekit.datasets.views import views
from coursekit.errors import DataError, UsageError, nearest

Loaded = tuple[Sequence[str], dict[str, Split], Report]  # classes, splits, report


def load(entry: Entry, **options: Any) -> Dataset:
    """The bundled sample of this entry. DataError names another sample where it has none."""
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
    loader = LOADERS[entry.name]
    _check_options(entry.name, loader, options)
    classes, splits, report = loader(card, **options)
    return Dataset(
        entry.name,
        "bundled",
        card.values["title"],
        card.values["license"],
        card.sha256,
        list(classes),
        splits,
        report,
    )


def _idx(names: Sequence[str], card: Card) -> Loaded:
    """MNIST's four files; images (N, 28, 28)."""
    splits = {}
    for split, files in decoders.IDX_FILES.items():
        images, labels = (
            idx.parse((card.folder / f"{file}.gz").read_bytes(), file) for file in files
        )
        decoders.check_idx(images, labels, files[0])
        splits[split] = Split(
            torch.from_numpy(images.copy()), torch.from_numpy(labels.astype(np.int64))
        )
    return names, splits, Report(sum(map(len, splits.values())))


def _faces(card: Card, *, size: int = 64, gray: bool = False, test_share: float = 0.1) -> Loaded:
    """Faces (N, size, size, 3), labels by folder; a share held out by the hash of the name."""
    pictures, labels, classes = _read(card, size=size, gray=gray, shape="square")
    images = torch.stack(pictures.images)
    return classes, _held_out(images, labels, pictures.names, test_share), pictures.report


def _photos(
    card: Card,
    *,
    size: int = 32,
    patches_per_photo: int = 50,
    seed: int = 0,
    test_share: float = 0.2,
    gray: bool = False,
) -> Loaded:
    """Random patches (N, size, size, 3), split by photo within each category, the label."""
    pictures, labels, classes = _read(card)
    splits = cut(
        pictures,
        labels,
        size=size,
        count=patches_per_photo,
        seed=seed,
        test_share=test_share,
        gray=gray,
    )
    return classes, splits, pictures.report


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
    """Turned, scaled and lit views of each drawing (N, size, size, 3), no last when gray.

    Labels by drawing; views to train and to test with are drawn apart.
    """
    if views_per_drawing < 2:
        raise UsageError(
            f"views_per_drawing is {views_per_drawing}: give 2 or more, one to train with and one "
            "to test with"
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


def _paintings(card: Card, *, size: int | None = None, test_share: float = 0.2) -> Loaded:
    """A list of paintings (H, W, 3), the longer side at most size; split by painting."""
    pictures, labels, classes = _read(card, size=size, shape="limit")
    return classes, _held_out(pictures.images, labels, pictures.names, test_share), pictures.report


def _pairs(card: Card, *, size: int = 256) -> Loaded:
    """Pairs: images (N, size, size, 3) the photo, targets the relief.

    Split by place as index.csv says: neighbors overlap.
    """
    pictures, labels, classes = _read(card, size=size, shape="pair")
    with open(card.folder / "index.csv", encoding="utf-8", newline="") as file:
        test = {row["name"] for row in csv.DictReader(file) if row["split"] == "test"}
    splits = _part(torch.stack(pictures.images), torch.zeros_like(labels), pictures.names, test)
    return [""], {name: halves(split) for name, split in splits.items()}, pictures.report


def _triples(card: Card) -> Loaded:
    """Three aligned pictures of each emoji; labels by category, split by family (triples.py)."""
    classes, splits = triples.read(card.folder)
    return classes, dict(splits), Report(sum(map(len, splits.values())))


LOADERS: dict[str, Callable[..., Loaded]] = {
    "fashion-mnist": partial(_idx, CLOTHES),
    "mnist": partial(_idx, DIGITS),
    "manga-faces": _faces,
    "cartoon-faces": _faces,
    "photos": _photos,
    "fruits": partial(_views, size=100, gray=False, views_per_drawing=100),  # as in Fruits-360
    "animals": partial(_views, size=28, gray=True, views_per_drawing=60),
    "paintings": _paintings,
    "satellite-relief": _pairs,
    "emoji": _triples,
}


def _read(card: Card, **options: Any) -> tuple[Pictures, Tensor, list[str]]:
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
        split: Split(_rows(images, rows), labels[rows], tuple(names[i] for i in rows))
        for split, rows in chosen.items()
    }


def _rows(images: "Tensor | list[Tensor]", rows: list[int]) -> "Tensor | list[Tensor]":
    if isinstance(images, Tensor):
        return images[torch.tensor(rows, dtype=torch.int64)]
    return [images[i] for i in rows]


def _transparent(card: Card) -> dict[str, Image.Image]:
    """Name -> RGBA image of a sample of drawings."""
    with ZipFile(card.folder / "images.zip") as file:
        return {
            name: Image.open(file.open(name)).convert("RGBA") for name in sorted(file.namelist())
        }


def _check_options(name: str, loader: Callable, options: dict) -> None:
    """UsageError on an option that the sample's loader does not have."""
    parameters = inspect.signature(loader).parameters.values()
    valid = [own.name for own in parameters if own.kind is own.KEYWORD_ONLY]
    for option in options:
        if option not in valid:
            advice = nearest(option, valid) if valid else "this sample has none."
            raise UsageError(f"datasets.load({name!r}): unknown option {option!r}: {advice}")
