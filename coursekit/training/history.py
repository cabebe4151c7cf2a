"""What a training run leaves behind: a row for each epoch, made of means over its steps."""

import math
from dataclasses import dataclass, field

import pandas as pd
import torch
from torch import Tensor

from coursekit.errors import CourseError


@dataclass
class History:
    """What happened: rows of epoch (from 1), losses, seconds, and what callbacks added."""

    rows: list[dict] = field(default_factory=list)
    stopped_early: bool = False

    def frame(self) -> pd.DataFrame:
        return pd.DataFrame(self.rows)

    def column(self, name: str) -> list:
        return [row[name] for row in self.rows]

    @property
    def best_epoch(self) -> int:
        """The epoch (from 1) of the lowest validation loss, or training loss without validation."""
        name = "val_loss" if "val_loss" in self.rows[0] else "loss"
        return min(self.rows, key=lambda row: row[name])["epoch"]

    @property
    def warnings(self) -> list[str]:
        """What the monitor said, in order; a warning that lasts for many epochs once."""
        said = ["", *(row.get("warning", "") for row in self.rows)]
        return [now for before, now in zip(said, said[1:]) if now and not before]


class RunningMeans:
    """Means of what was recorded in one epoch, read seldom so that a GPU never waits.

    by_example: batches count by their sizes; else all alike, as the two sides of a GAN learn.
    """

    def __init__(self, epoch: int, *, by_example: bool):
        self.epoch, self.by_example = epoch, by_example
        self.sums: dict[str, Tensor] = {}
        self.sizes: dict[str, int] = {}
        self.updates: dict[str, int] = {}

    def add(self, record: dict[str, Tensor], size: int) -> None:
        """record: name -> detached scalar of a batch of `size` examples."""
        size = size if self.by_example else 1
        for name, value in record.items():
            value = value.to(torch.promote_types(value.dtype, torch.float32)) * size
            self.sums[name] = value + self.sums.get(name, 0.0)
            self.sizes[name] = self.sizes.get(name, 0) + size
            self.updates[name] = self.updates.get(name, 0) + 1

    def read(self) -> dict[str, float]:
        """The means so far. CourseError where one is no longer a number."""
        return {name: self._mean(name) for name in self.sums}

    def _mean(self, name: str) -> float:
        total, size = self.sums[name], self.sizes[name]
        mean = float(total / size) if self.by_example else float(total) / size  # as ever rounded
        when = f"in epoch {self.epoch}, by its update {self.updates[name]}"
        return finite(mean, name.replace("_", " "), when)


def finite(value: float, name: str, when: str) -> float:
    """The value, where it is a finite number. CourseError says what to change where it is not."""
    if not math.isfinite(value):
        raise CourseError(
            f"the {name} became {'NaN' if math.isnan(value) else value} {when}: lower the learning "
            "rate or clip gradients. A checkpoint, if there is one, is still that of the last "
            "sound epoch"
        )
    return value
