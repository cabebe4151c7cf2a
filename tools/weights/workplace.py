"""Where a recipe runs, and the training run that most of them share."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from coursekit import config, runtime
from coursekit.datasets.batches import Batches
from coursekit.training import Callback, Checkpoint, Schedule, adam, fit, one_cycle
from coursekit.training.callbacks import Loss


class CPUSeconds(Callback):
    """CPU seconds of a run, those before a stop included."""

    def __init__(self) -> None:
        self.total, self.since = 0.0, 0.0

    def on_start(self, trainer) -> None:
        self.since = time.process_time()

    def on_epoch_end(self, trainer, row: dict) -> None:
        now = time.process_time()
        self.total, self.since = self.total + now - self.since, now
        row["cpu seconds"] = self.total

    def state(self) -> dict:
        return {"total": self.total}

    def load(self, state: dict) -> None:
        self.total = state["total"]


@dataclass
class Workplace:
    """Where a recipe runs: its runtime, its checkpoints, and the seconds it took."""

    name: str
    runtime: runtime.Runtime
    share: float = 1.0  # of the epochs; less to try a recipe out
    seconds: float = 0.0

    @property
    def folder(self) -> Path:
        return config.runs() / "weights" / self.name

    def epochs(self, whole: int) -> int:
        return max(1, round(whole * self.share))

    def checkpoint(self, part: str, rngs: Sequence[torch.Generator] = ()) -> Checkpoint:
        return Checkpoint(self.folder / f"{part}.pt", rngs=rngs)

    def took(self, history) -> None:
        """Count a training run."""
        self.seconds += history.column("cpu seconds")[-1]

    def train(
        self,
        network: nn.Module,
        batches: Batches,
        loss: Loss,
        *,
        epochs: int,
        rate: float,
        rng: torch.Generator,
    ) -> nn.Module:
        """One cycle of Adam's learning rate. rng: what the loss or the batches draw from."""
        epochs, optimizer = self.epochs(epochs), adam(network, rate)
        cycle = one_cycle(optimizer, steps=epochs * len(batches), warmup=0.05)
        history = fit(
            network,
            batches,
            loss,
            epochs=epochs,
            optimizer=optimizer,
            runtime=self.runtime,
            callbacks=[CPUSeconds(), Schedule(cycle)],
            checkpoint=self.checkpoint("network", [rng]),
        )
        self.took(history)
        return network
