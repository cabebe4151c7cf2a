"""Triples: emoji as three aligned pictures of one thing, for translations that need structure."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from coursekit.datasets.dataset import Split
from coursekit.errors import UsageError, nearest

SIDE = 64
SHEETS = {"line": "line.png", "flat": "flat.png", "rendered": "rendered.jpg"}


@dataclass(frozen=True)
class Triples(Split):
    """A split of triples, uint8 (N, 64, 64, 3) each: images are the line drawings, targets the 3D
    renders, flat the pictures in flat colors. labels are the categories; pictures of one family are
    near copies, and all in one split."""

    flat: Tensor = field(kw_only=True)
    families: tuple[str, ...] = field(kw_only=True)

    @property
    def line(self) -> Tensor:
        """(N, 64, 64, 3), black on white, its three channels the same."""
        return self.kind("line")

    @property
    def rendered(self) -> Tensor:
        """(N, 64, 64, 3), the 3D renders."""
        return self.kind("rendered")

    def kind(self, name: str) -> Tensor:
        """(N, 64, 64, 3) of one kind: "line", "flat" or "rendered"."""
        found = {"line": self.images, "flat": self.flat, "rendered": self.targets}.get(name)
        if not isinstance(found, Tensor):
            raise UsageError(f"unknown kind of picture {name!r}: {nearest(name, list(SHEETS))}")
        return found

    def pairs(self, source: str, target: str) -> Split:
        """Two of the three kinds as a split of pairs, as of the maps: images and targets."""
        return Split(self.kind(source), self.labels, self.names, self.kind(target))

    def of(self, labels: Sequence[int]) -> "Triples":
        """Only these categories, numbered anew in the order given."""
        kept = Split(torch.arange(len(self)), self.labels).of(labels)
        return self.rows(torch.as_tensor(kept.images), kept.labels)

    def rows(self, numbers: Tensor, labels: Tensor | None = None) -> "Triples":
        """The triples of these numbers (M,), their labels replaced where given."""
        return Triples(
            self.line[numbers],
            self.labels[numbers] if labels is None else labels,
            tuple(self.names[i] for i in numbers.tolist()),
            self.rendered[numbers],
            flat=self.flat[numbers],
            families=tuple(self.families[i] for i in numbers.tolist()),
        )


def read(folder: Path) -> tuple[list[str], dict[str, Triples]]:
    """The categories and the splits of the sheets in a folder, as its index.csv says."""
    with open(folder / "index.csv", encoding="utf-8", newline="") as file:
        index = list(csv.DictReader(file))
    classes = sorted({row["category"] for row in index})
    line, flat, rendered = (tiles(folder / file, len(index)) for file in SHEETS.values())
    everything = Triples(
        line,
        torch.tensor([classes.index(row["category"]) for row in index]),
        tuple(row["name"] for row in index),
        rendered,
        flat=flat,
        families=tuple(row["family"] for row in index),
    )
    numbers = {
        split: torch.tensor([i for i, row in enumerate(index) if row["split"] == split])
        for split in ("train", "validation", "test")
    }
    return classes, {split: everything.rows(rows) for split, rows in numbers.items()}


def tiles(path: Path, count: int) -> Tensor:
    """A sheet of pictures -> its first `count` of them, row by row, uint8 (count, 64, 64, 3)."""
    sheet = torch.from_numpy(np.array(Image.open(path).convert("RGB")))
    height, width, _ = sheet.shape
    grid = sheet.view(height // SIDE, SIDE, width // SIDE, SIDE, 3).transpose(1, 2)
    return grid.reshape(-1, SIDE, SIDE, 3)[:count]
