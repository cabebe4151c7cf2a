"""The training loop of lesson 01, for one network or two: steps, epochs, callbacks, checkpoints."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

from torch import Tensor, nn

from coursekit.errors import CourseError, UsageError
from coursekit.runtime import Runtime
from coursekit.training.callbacks import Batch, Callback, Loss, batch_count, own_rngs
from coursekit.training.checkpoint import Checkpoint, random_state, set_random_state
from coursekit.training.history import History, RunningMeans
from coursekit.training.optimizers import Optimizer, check_rates
from coursekit.training.progress import Progress

CHECK_EVERY = {"cpu": 1}  # steps between looks for NaN; 50 on a GPU, which each look makes wait


class Learner:
    """Networks and their optimizers, by name, the main network first, and how they learn."""

    by_example = True  # whether an epoch's means weigh batches by size, see `RunningMeans`

    def __init__(self, networks: dict[str, nn.Module], optimizers: dict[str, Optimizer], loss: Any):
        self.networks, self.optimizers, self.loss = networks, optimizers, loss

    def step(self, trainer: Trainer, batch: Batch) -> dict[str, Tensor]:
        """Update the networks from one batch -> scalars to record, detached."""
        raise NotImplementedError

    def columns(self, trainer: Trainer, means: RunningMeans) -> dict:
        """More for an epoch's row. CourseError where the epoch taught a network nothing."""
        return {}

    def recipe(self) -> dict[str, str]:
        """What must be the same for a checkpoint to fit: name -> value."""
        optimizers = self.optimizers.items()
        return {
            **{name: repr(network) for name, network in self.networks.items()},
            **{name: f"{type(one).__name__} {one.defaults}" for name, one in optimizers},
        }


class OneNetwork(Learner):
    """A network that lowers a loss."""

    def __init__(self, model: nn.Module, optimizer: Optimizer, loss: Loss):
        super().__init__({"network": model}, {"optimizer": optimizer}, loss)
        self.model, self.optimizer = model, optimizer

    def step(self, trainer: Trainer, batch: Batch) -> dict[str, Tensor]:
        with trainer.runtime.autocast(self.model):
            loss = self.loss(self.model, batch)
        trainer.update(self.model, self.optimizer, loss)
        return {"loss": loss.detach()}


def fit(
    model: nn.Module,
    batches: Iterable[Batch],
    loss: Loss,
    *,
    epochs: int,
    optimizer: Optimizer,
    runtime: Runtime,
    callbacks: Sequence[Callback] = (),  # asked in this order
    checkpoint: Checkpoint | None = None,  # the run goes on from it, and rewrites it each epoch
) -> History:
    """Train a network for `epochs`, or until a callback has enough -> what happened.

    CourseError where there is nothing to train or validate on, a learning rate cannot work, a loss
    became NaN, or the checkpoint is of another run.
    """
    learner = OneNetwork(model, optimizer, loss)
    return Trainer(learner, batches, runtime, callbacks, checkpoint).run(epochs)


class Trainer:
    """The state of a training run, and the loop. Callbacks may read all of it."""

    def __init__(
        self,
        learner: Learner,
        batches: Iterable[Batch],
        runtime: Runtime,
        callbacks: Sequence[Callback] = (),
        checkpoint: Checkpoint | None = None,
    ):
        self.learner, self.batches, self.runtime = learner, batches, runtime
        self.callbacks, self.checkpoint = list(callbacks), checkpoint or Checkpoint()
        self.epoch, self.steps, self.history = 0, 0, History()
        theirs = [rng for callback in self.callbacks for rng in callback.rngs()]
        self.rngs = [*own_rngs(batches), *theirs, *self.checkpoint.rngs]

    @property
    def main_network(self) -> nn.Module:
        """The network that the run is for: the generator where there are two."""
        return next(iter(self.learner.networks.values()))

    @property
    def loss(self) -> Any:
        """What the networks lower."""
        return self.learner.loss

    def run(self, epochs: int) -> History:
        """Train up to this many epochs in all, those of the checkpoint included."""
        self.start()
        with Progress() as progress:
            while self.epoch < epochs and not self.done():
                row, whole = self.train_epoch(progress, epochs)
                self.epoch = row["epoch"]
                self.history.rows.append(row)
                for callback in self.callbacks:
                    callback.on_epoch_end(self, row)
                if whole:
                    self.checkpoint.save(self.state)
        for callback in self.callbacks:
            callback.on_end(self)
        return self.history

    def start(self) -> None:
        """Refuse what cannot work; go on from the checkpoint, where there is one."""
        if batch_count(self.batches) == 0:
            raise CourseError(
                "there are no batches to train on: give at least as many examples as a batch "
                "holds, or smaller batches"
            )
        check_rates(self.learner.optimizers.values())
        kinds = [type(callback).__name__ for callback in self.callbacks if callback.state()]
        if twice := sorted({kind for kind in kinds if kinds.count(kind) > 1}):
            raise UsageError(f"two callbacks of one kind, {twice[0]}: give one that does both")
        for callback in self.callbacks:
            callback.on_start(self)
        if (state := self.checkpoint.load(self.recipe())) is not None:
            self.resume(state)

    def done(self) -> bool:
        return any(callback.done(self) for callback in self.callbacks)

    def train_epoch(self, progress: Progress, epochs: int) -> tuple[dict, bool]:
        """One pass over the batches -> row of the history, and whether it got to the end."""
        start, number, count = time.perf_counter(), 0, batch_count(self.batches)
        means = RunningMeans(self.epoch + 1, by_example=self.learner.by_example)
        for network in self.learner.networks.values():
            network.train()
        for number, batch in enumerate(self.batches, 1):
            means.add(self.step(batch), len(batch[0]))
            if number % CHECK_EVERY.get(self.runtime.device.type, 50) == 0:
                means.read()
            progress.say(f"epoch {self.epoch + 1} of {epochs}, batch {number} of {count or '?'}")
            if self.done():
                break
        if number == 0:
            raise CourseError("there are no batches to train on: the iterator is used up")
        row = {"epoch": self.epoch + 1, **self.learner.columns(self, means), **means.read()}
        row["seconds"] = time.perf_counter() - start
        return row, not self.done() if count is None else number == count

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """One step of all networks -> scalars to record, detached."""
        record = self.learner.step(self, batch)
        self.steps += 1
        for callback in self.callbacks:
            callback.on_step_end(self)
        return record

    def update(self, network: nn.Module, optimizer: Optimizer, loss: Tensor) -> None:
        """One update of one network's weights."""
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        for callback in self.callbacks:
            callback.before_update(self, network)
        optimizer.step()

    def recipe(self) -> dict[str, str]:
        """What must be the same for a checkpoint to fit."""
        recipe = self.learner.recipe()
        for callback in self.callbacks:
            recipe |= callback.recipe()
        return recipe | {"number of random number generators": str(len(self.rngs))}

    def state(self) -> dict[str, Any]:
        """All that a checkpoint must hold."""
        networks, optimizers = self.learner.networks.items(), self.learner.optimizers.items()
        return {
            "recipe": self.recipe(),
            "networks": {name: network.state_dict() for name, network in networks},
            "optimizers": {name: optimizer.state_dict() for name, optimizer in optimizers},
            "callbacks": {type(one).__name__: one.state() for one in self.callbacks if one.state()},
            "epoch": self.epoch,
            "steps": self.steps,
            "rows": self.history.rows,
            "stopped_early": self.history.stopped_early,
            "random": random_state(self.rngs),
        }

    def resume(self, state: dict[str, Any]) -> None:
        """Take a run up where its checkpoint left it."""
        for name, network in self.learner.networks.items():
            network.load_state_dict(state["networks"][name])
        for name, optimizer in self.learner.optimizers.items():
            optimizer.load_state_dict(state["optimizers"][name])
        for callback in self.callbacks:
            if (saved := state["callbacks"].get(type(callback).__name__)) is not None:
                callback.load(saved)
        self.epoch, self.steps = state["epoch"], state["steps"]
        self.history = History(state["rows"], state["stopped_early"])
        set_random_state(state["random"], self.rngs)
