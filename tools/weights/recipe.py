"""What a recipe is, and how its network gets into weights/NAME with its card."""

import ast
import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from coursekit import config, runtime, weights
from coursekit.datasets.batches import Batches
from coursekit.datasets.cards import read_card
from coursekit.files import checksum
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


@dataclass(frozen=True)
class Recipe:
    """How the network of weights/NAME is made."""

    name: str
    lesson: str  # "06"
    what: str  # one line for people
    data: tuple[str, ...]  # bundled sets
    train: Callable[[Workplace], nn.Module]
    measure: Callable[[nn.Module, runtime.Runtime], dict[str, float]]


def make(recipe: Recipe, *, share: float = 1.0) -> weights.Card:
    """Train, or go on; write weights and card. The figures are those of the weights as stored."""
    place = Workplace(recipe.name, runtime.setup(seed=0, device="cpu"), share)
    network = recipe.train(place).cpu().eval()
    target = config.WEIGHTS if share == 1 else place.folder  # a trial ships nothing
    path = weights.write(network, target / recipe.name)
    stored = weights.fill(recipe.name, path)
    card = weights.Card(
        lesson=recipe.lesson,
        what=recipe.what,
        command=f"make weights NAME={recipe.name}",
        seconds=round(place.seconds),
        machine=f"{runtime.processor()}, one thread",
        date=time.strftime("%Y-%m-%d", time.gmtime()),
        license="MIT",
        data={name: read_card(name).sha256 for name in recipe.data},
        code=code_checksum(Path(recipe.train.__code__.co_filename)),
        files={path.name: checksum(path)},
        figures={
            key: float(f"{value:.4g}")
            for key, value in recipe.measure(stored, place.runtime).items()
        },
    )
    card.write(path.parent)
    return card


def code_checksum(path: Path) -> str:
    """sha256 of a module's code, comments and layout left out."""
    return hashlib.sha256(ast.dump(ast.parse(path.read_text("utf-8"))).encode()).hexdigest()
