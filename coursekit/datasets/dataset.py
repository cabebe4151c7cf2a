"""What a loader returns: tensors of pictures and labels by split, with where they came from."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import overload

import torch
from torch import Tensor

from coursekit.datasets.report import Report
from coursekit.errors import DataError, UsageError, nearest


class Ragged(Sequence[Tensor]):
    """Pictures of different sizes in one row of bytes: item i is a uint8 tensor (H_i, W_i, C)."""

    def __init__(self, pixels: Tensor, shapes: Tensor) -> None:
        self.pixels, self.shapes = pixels, shapes  # (bytes,), (N, 3)
        self.starts = torch.cat([torch.zeros(1, dtype=torch.int64), shapes.prod(1).cumsum(0)])

    def __len__(self) -> int:
        return len(self.shapes)

    @overload
    def __getitem__(self, index: int) -> Tensor: ...

    @overload
    def __getitem__(self, index: slice) -> list[Tensor]: ...

    def __getitem__(self, index: int | slice) -> "Tensor | list[Tensor]":
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(f"picture {index} of {len(self)}")
        index %= len(self)
        start, end = self.starts[index : index + 2].tolist()
        return self.pixels[start:end].view(*self.shapes[index].tolist())


@dataclass(frozen=True)
class Split:
    """images uint8 (N, H, W) gray, (N, H, W, 3) color, or a Ragged or list of (H, W, 3).

    labels int64 (N,). targets holds the right half of pairs, same shape as images. names says where
    each picture came from, if known.
    """

    images: "Tensor | Ragged | list[Tensor]"
    labels: Tensor
    names: tuple[str, ...] = ()
    targets: Tensor | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def of(self, labels: Sequence[int]) -> "Split":
        """Only these labels, numbered anew in the order given."""
        places = torch.full((int(self.labels.max()) + 1 if len(self) else 0,), -1)
        for new, old in enumerate(labels):
            places[old : old + 1] = new
        numbers = places[self.labels] if len(self) else self.labels
        keep = (numbers >= 0).nonzero().flatten()
        images = (
            self.images[keep]
            if isinstance(self.images, Tensor)
            else [self.images[i] for i in keep.tolist()]
        )
        names = tuple(self.names[i] for i in keep.tolist()) if self.names else ()
        targets = None if self.targets is None else self.targets[keep]
        return Split(images, numbers[keep], names, targets)


def halves(split: Split) -> Split:
    """Pairs side by side, images (N, S, 2S, 3) -> images (N, S, S, 3) the left, targets the right.

    Both are views.
    """
    if not isinstance(split.images, Tensor):
        raise TypeError(f"pairs need pictures of one size, not a {type(split.images).__name__}")
    left, right = split.images.chunk(2, dim=2)
    return Split(left, split.labels, split.names, right)


@dataclass(frozen=True)
class Dataset:
    """A loaded set. kind "bundled" or "full"; sha256 of its source files; report of the reading."""

    name: str
    kind: str
    title: str
    license: str
    sha256: str
    classes: list[str]
    splits: dict[str, Split]
    report: Report = field(default_factory=Report)

    @property
    def train(self) -> Split:
        return self._split("train")

    @property
    def validation(self) -> Split:
        return self._split("validation")

    @property
    def test(self) -> Split:
        """The test split; the validation split where there is no other (as in maps)."""
        return self._split("test" if "test" in self.splits else "validation")

    def only(self, classes: Sequence[str]) -> "Dataset":
        """Only these classes, labeled 0, 1, … in the order given. UsageError on an unknown one."""
        for name in classes:
            if name not in self.classes:
                raise UsageError(
                    f"unknown class {name!r} in {self.name}: {nearest(name, self.classes)}"
                )
        labels = [self.classes.index(name) for name in classes]
        splits = {name: split.of(labels) for name, split in self.splits.items()}
        return replace(self, classes=list(classes), splits=splits)

    def _split(self, name: str) -> Split:
        if name not in self.splits:
            raise DataError(f"{self.name} has no {name} split: it has {', '.join(self.splits)}")
        return self.splits[name]
