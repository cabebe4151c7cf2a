"""The training loop of lesson 01, with a schedule, early stopping and checkpoints."""

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor, nn

from coursekit.errors import CourseError
from coursekit.runtime import Runtime
from coursekit.training import checkpoint
from coursekit.training.progress import Progress

Loss = Callable[[nn.Module, tuple[Tensor, ...]], Tensor]  # (model, batch) -> scalar
BIG = 1 << 23  # weights of transposed convolutions, see `prepare`


@dataclass
class History:
    """What happened in each epoch: rows of epoch (from 1), loss, seconds, val_loss with validation, and what watch gave."""

    rows: list[dict] = field(default_factory=list)
    stopped_early: bool = False

    def frame(self) -> pd.DataFrame:
        return pd.DataFrame(self.rows)

    def column(self, name: str) -> list[float]:
        return [row[name] for row in self.rows]

    @property
    def best_epoch(self) -> int:
        """The epoch (from 1) with the lowest validation loss, or training loss where there was no validation."""
        name = "val_loss" if "val_loss" in self.rows[0] else "loss"
        return min(self.rows, key=lambda row: row[name])["epoch"]


def one_cycle(optimizer: torch.optim.Optimizer, *, steps: int, warmup: float = 0.3):
    """Learning rate up to the optimizer's own and down to nothing in `steps` (Smith & Topin 2018)."""
    rates = [group["lr"] for group in optimizer.param_groups]
    return torch.optim.lr_scheduler.OneCycleLR(
        optimizer, rates, total_steps=steps, pct_start=warmup, cycle_momentum=False
    )


def adam(model: nn.Module, rate: float, *, weight_decay: float = 0.0) -> torch.optim.Adam:
    """Adam (Kingma & Ba 2015) with one fused update for all weights; weight_decay is L2 on the gradient."""
    return torch.optim.Adam(model.parameters(), lr=rate, weight_decay=weight_decay, fused=True)


def prepare(model: nn.Module, runtime: Runtime) -> nn.Module:
    """Move the model to the device, convolutions in channels-last order (2.6 times faster on a CPU).

    Big transposed convolutions stay as they are on a CPU: oneDNN gives their gradients in another order, and to copy
    those of Pix2Pix's 54 million weights at every step cost a fifth of it.
    """
    transposed = sum(
        each.weight.numel() for each in model.modules() if isinstance(each, nn.ConvTranspose2d)
    )
    if runtime.device.type == "cpu" and transposed >= BIG:
        return model.to(runtime.device)
    return model.to(runtime.device, memory_format=torch.channels_last)


def fit(
    model: nn.Module,
    batches: Iterable[tuple[Tensor, ...]],
    loss: Loss,
    *,
    epochs: int,
    optimizer: torch.optim.Optimizer,
    runtime: Runtime,
    schedule=None,  # stepped after every batch
    validation: Iterable[tuple[Tensor, ...]] | None = None,
    patience: int | None = None,  # epochs without a better val_loss before stopping
    clip: float | None = None,  # largest norm of the gradient
    generators: Iterable[
        torch.Generator
    ] = (),  # besides the batches' own: noise, dropout of your own
    path: Path | None = None,  # checkpoint: resumes from it, rewrites it each epoch
    watch: Callable[[nn.Module, int], dict | None]
    | None = None,  # after each epoch (model, epoch) -> more for its row
) -> History:
    """Train for `epochs`, or until `patience` runs out; the best weights by val_loss are kept when patience is given."""
    own = [
        each.generator
        for each in (batches, validation)
        if getattr(each, "generator", None) is not None
    ]
    run = _Run(model, batches, loss, optimizer, runtime, schedule, clip, own + list(generators))
    run.resume(path)
    with Progress() as progress:
        while run.epoch < epochs and not run.history.stopped_early:
            row = run.train_epoch(progress, epochs)
            if validation is not None:
                row["val_loss"] = _sound(
                    evaluate(model, validation, loss, runtime=runtime),
                    "validation loss",
                    row["epoch"],
                )
            run.close_epoch(row, patience)
            if watch is not None:
                row.update(watch(model, run.epoch) or {})
            if path is not None:
                checkpoint.save(run.state(), path)
    if run.best is not None:
        model.load_state_dict(run.best)
    return run.history


@torch.no_grad()
def evaluate(
    model: nn.Module, batches: Iterable[tuple[Tensor, ...]], loss: Loss, *, runtime: Runtime
) -> float:
    """Mean loss over all batches, each weighted by its size."""
    was_training = model.training
    model.eval()
    total, count = torch.zeros((), dtype=torch.float64), 0
    for batch in batches:
        with runtime.autocast():
            value = loss(model, batch)
        total += value.double().cpu() * len(batch[0])
        count += len(batch[0])
    model.train(was_training)
    return float(total / count)


class _Run:
    """The state of one training run: what a checkpoint must hold."""

    def __init__(self, model, batches, loss, optimizer, runtime, schedule, clip, generators):
        self.model, self.batches, self.loss, self.optimizer = model, batches, loss, optimizer
        self.runtime, self.schedule, self.clip = runtime, schedule, clip
        self.generators = generators
        self.epoch, self.best, self.history = 0, None, History()

    def train_epoch(self, progress: Progress, epochs: int) -> dict:
        """One pass over the batches -> row of the history."""
        self.model.train()
        start, total, count = time.perf_counter(), 0.0, 0
        for step, batch in enumerate(self.batches, 1):
            value = self.step(batch)
            total, count = total + value * len(batch[0]), count + len(batch[0])
            progress.say(f"epoch {self.epoch + 1} of {epochs}, batch {step} of {len(self.batches)}")
        if count == 0:
            raise ValueError(
                "there are no batches to train on: fewer examples than a batch, or an iterator used up"
            )
        mean = _sound(float(total / count), "loss", self.epoch + 1)
        return {"epoch": self.epoch + 1, "loss": mean, "seconds": time.perf_counter() - start}

    def step(self, batch: tuple[Tensor, ...]) -> Tensor:
        """One update of the weights -> the batch's loss, detached (read once an epoch, so a GPU never waits)."""
        with self.runtime.autocast():
            value = self.loss(self.model, batch)
        self.optimizer.zero_grad(set_to_none=True)
        value.backward()
        if self.clip is not None:
            nn.utils.clip_grad_norm_(self.model.parameters(), self.clip)
        self.optimizer.step()
        if self.schedule is not None:
            self.schedule.step()
        return value.detach()

    def close_epoch(self, row: dict, patience: int | None) -> None:
        """Record the epoch; with patience, remember the best weights and decide whether to stop."""
        self.epoch = row["epoch"]
        self.history.rows.append(row)
        if patience is not None:
            if self.history.best_epoch == self.epoch:
                self.best = {
                    name: value.detach().clone() for name, value in self.model.state_dict().items()
                }
            self.history.stopped_early = self.epoch - self.history.best_epoch >= patience

    def state(self) -> dict:
        return {
            "recipe": self.recipe(),
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict() if self.schedule is not None else None,
            "epoch": self.epoch,
            "best": self.best,
            "rows": self.history.rows,
            "stopped_early": self.history.stopped_early,
            "random": checkpoint.random_state(self.generators),
        }

    def recipe(self) -> dict[str, str]:
        """What must be the same for a checkpoint to fit."""
        optimizer = f"{type(self.optimizer).__name__} {self.optimizer.defaults}"
        return {
            "network": repr(self.model),
            "optimizer": optimizer,
            "schedule": type(self.schedule).__name__,
            "number of generators": str(len(self.generators)),
        }

    def resume(self, path: Path | None) -> None:
        """Take up the run where its checkpoint left it; a fresh start where there is none."""
        if (state := checkpoint.fitting(path, self.recipe())) is None:
            return
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        if self.schedule is not None:
            self.schedule.load_state_dict(state["schedule"])
        self.epoch, self.best = state["epoch"], state["best"]
        self.history = History(state["rows"], state["stopped_early"])
        checkpoint.set_random_state(state["random"], self.generators)


def _sound(value: float, name: str, epoch: int) -> float:
    """The value, where it is a finite number."""
    if not math.isfinite(value):
        raise CourseError(
            f"the {name} became {'NaN' if value != value else value} in epoch {epoch}: "
            "lower the learning rate or clip gradients"
        )
    return value
