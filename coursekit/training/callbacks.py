"""What a training run can do besides its steps: schedules, clipping, validation, averages, hooks.

A callback is asked at four moments. One that has a state keeps it in the checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from coursekit.errors import CourseError
from coursekit.runtime import Runtime
from coursekit.training.history import History, finite

Batch = tuple[Tensor, ...]
Loss = Callable[[nn.Module, Batch], Tensor]  # (model, batch) -> scalar


class Run(Protocol):
    """What callbacks may read of a training run: see `trainer.Trainer`."""

    history: History
    runtime: Runtime
    steps: int  # so far

    @property
    def main_network(self) -> nn.Module:
        """The network that the run is for: the generator where there are two."""

    @property
    def loss(self) -> Loss:
        """What the networks lower."""


class Callback:
    """Does nothing at each of the moments. Subclasses say what they do at some of them."""

    def on_start(self, trainer: Run) -> None:
        """Before anything else: refuse what cannot work."""

    def before_update(self, trainer: Run, network: nn.Module) -> None:
        """A network has its gradients and is about to change."""

    def on_step_end(self, trainer: Run) -> None:
        """All networks whose turn it was have changed."""

    def on_epoch_end(self, trainer: Run, row: dict) -> None:
        """`row` is the last of the history; what is added to it stays there."""

    def on_end(self, trainer: Run) -> None:
        """There is nothing more to train."""

    def done(self, trainer: Run) -> bool:
        """Whether to stop before the next step."""
        return False

    def rngs(self) -> list[torch.Generator]:
        """Generators that it draws from."""
        return []

    def recipe(self) -> dict[str, str]:
        """What must be the same for a checkpoint to fit: name -> value."""
        return {}

    def state(self) -> dict[str, Any]:
        """What a checkpoint must hold for it: tensors, numbers, lists, dicts."""
        return {}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state."""


class Schedule(Callback):
    """Learning rates over time: torch's schedulers, stepped after every batch."""

    def __init__(self, *schedulers: torch.optim.lr_scheduler.LRScheduler):
        self.schedulers = schedulers

    def on_step_end(self, trainer: Run) -> None:
        for scheduler in self.schedulers:
            scheduler.step()

    def recipe(self) -> dict[str, str]:
        return {"schedule": str([type(scheduler).__name__ for scheduler in self.schedulers])}

    def state(self) -> dict[str, Any]:
        return {"schedulers": [scheduler.state_dict() for scheduler in self.schedulers]}

    def load(self, state: dict[str, Any]) -> None:
        for scheduler, values in zip(self.schedulers, state["schedulers"], strict=True):
            scheduler.load_state_dict(values)


class ClipGradients(Callback):
    """Scale a network's gradients down to this norm wherever they are larger."""

    def __init__(self, norm: float):
        self.norm = norm

    def before_update(self, trainer: Run, network: nn.Module) -> None:
        nn.utils.clip_grad_norm_(network.parameters(), self.norm)


class Averaging(Callback):
    """A running average of a network's weights (lesson 10), updated after every step.

    average: made from the trained network, the generator where there are two.
    """

    def __init__(self, average: torch.optim.swa_utils.AveragedModel):
        self.average = average

    def on_step_end(self, trainer: Run) -> None:
        self.average.update_parameters(trainer.main_network)

    def recipe(self) -> dict[str, str]:
        return {"average": type(self.average).__name__}

    def state(self) -> dict[str, Any]:
        return {"average": self.average.state_dict()}

    def load(self, state: dict[str, Any]) -> None:
        self.average.load_state_dict(state["average"])


class Validation(Callback):
    """The loss on other data after each epoch, as `val_loss`; with patience it ends the run early.

    patience: stop after so many epochs without a lower val_loss; the best weights are given back.
    """

    def __init__(self, batches: Iterable[Batch], *, patience: int | None = None):
        self.batches, self.patience = batches, patience
        self.best: dict[str, Tensor] | None = None

    def on_start(self, trainer: Run) -> None:
        if batch_count(self.batches) == 0:
            raise CourseError(
                "there is nothing to validate on, the validation set is empty: "
                "train on fewer examples, or keep some of them for validation"
            )

    def on_epoch_end(self, trainer: Run, row: dict) -> None:
        model, history = trainer.main_network, trainer.history
        value = evaluate(model, self.batches, trainer.loss, runtime=trainer.runtime)
        row["val_loss"] = finite(value, "validation loss", f"in epoch {row['epoch']}")
        if self.patience is None:
            return
        if history.best_epoch == row["epoch"]:
            weights = model.state_dict().items()
            self.best = {name: value.detach().clone() for name, value in weights}
        history.stopped_early = row["epoch"] - history.best_epoch >= self.patience

    def done(self, trainer: Run) -> bool:
        return trainer.history.stopped_early

    def on_end(self, trainer: Run) -> None:
        if self.best is not None:
            trainer.main_network.load_state_dict(self.best)

    def rngs(self) -> list[torch.Generator]:
        return own_rngs(self.batches)

    def state(self) -> dict[str, Any]:
        return {"best": self.best}

    def load(self, state: dict[str, Any]) -> None:
        self.best = state["best"]


class OnEpochEnd(Callback):
    """Call a function after each epoch: (network, epoch from 1) -> more for its row, or None.

    The network is the trained one, the generator where there are two.
    """

    def __init__(self, function: Callable[[nn.Module, int], dict | None]):
        self.function = function

    def on_epoch_end(self, trainer: Run, row: dict) -> None:
        row.update(self.function(trainer.main_network, row["epoch"]) or {})


class MaxSteps(Callback):
    """End after so many steps in all, within an epoch if need be."""

    def __init__(self, steps: int):
        self.steps = steps

    def done(self, trainer: Run) -> bool:
        return trainer.steps >= self.steps


@torch.no_grad()
def evaluate(model: nn.Module, batches: Iterable[Batch], loss: Loss, *, runtime: Runtime) -> float:
    """Mean loss over all batches, weighted by their sizes. CourseError where there are none."""
    was_training = model.training
    model.eval()
    total, count = torch.zeros((), dtype=torch.float64), 0
    for batch in batches:
        with runtime.autocast(model):
            value = loss(model, batch)
        total += value.double().cpu() * len(batch[0])
        count += len(batch[0])
    model.train(was_training)
    if count == 0:
        raise CourseError("there are no batches to evaluate on: the set is empty, or used up")
    return float(total / count)


def own_rngs(batches: object) -> list[torch.Generator]:
    """The generator that shuffles the batches, where they have one."""
    rng = getattr(batches, "generator", None)
    return [] if rng is None else [rng]


def batch_count(batches: object) -> int | None:
    """How many batches there are; None for an iterator, which cannot tell."""
    return len(batches) if hasattr(batches, "__len__") else None
