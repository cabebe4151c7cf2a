"""The adversarial loop of lesson 09 (Goodfellow et al. 2014, algorithm 1): two players, two optimizers, one checkpoint."""

import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from coursekit.errors import CourseError
from coursekit.runtime import Runtime
from coursekit.training import checkpoint
from coursekit.training.progress import Progress
from coursekit.training.trainer import History

Batch = tuple[Tensor, ...]
Paid = (
    Tensor | dict[str, Tensor]
)  # a scalar to minimize, or {"loss": that scalar, more scalars to record under their names}
NAMES = ("generator", "discriminator")
CHECK_EVERY = {"cpu": 1}  # steps between looks for NaN; 50 on a GPU, which each look makes wait


@dataclass(frozen=True)
class Game:
    """The rules: what the generator makes of a batch, and what each player pays. Any object with these three will do."""

    generate: Callable[[nn.Module, Batch], Tensor]  # (generator, batch) -> fake
    discriminator_loss: Callable[
        [nn.Module, Batch, Tensor], Paid
    ]  # (discriminator, batch, fake without its graph)
    generator_loss: Callable[[nn.Module, Batch, Tensor], Paid]  # (discriminator, batch, fake)


@dataclass(frozen=True)
class Referee:
    """Says when the discriminator has won for good: `epochs` in a row it hardly errs while the generator pays ever more.

    It looks at the columns "accuracy", which the game must give for that, and `watched` (the generator's adversarial loss).
    """

    accuracy: float = 0.98
    epochs: int = 5
    watched: str = "generator_loss"

    def verdict(self, rows: list[dict]) -> str:
        """What to tell the reader about the latest of these rows; nothing while the game is open."""
        last = rows[-self.epochs :]
        if len(last) < self.epochs or any(row.get("accuracy", 0.0) < self.accuracy for row in last):
            return ""
        paid, half = [row[self.watched] for row in last], max(1, self.epochs // 2)
        if sum(paid[-half:]) <= sum(paid[:half]):
            return ""
        return (
            f"epoch {rows[-1]['epoch']}: the discriminator has won. For {self.epochs} epochs it has told at least "
            f"{self.accuracy:.0%} of real and made pictures apart, and the generator's loss only rises. Lower the "
            "discriminator's rate, update it less often, or give its inputs noise."
        )


class MatchHistory(History):
    """Rows of epoch, steps (so far), generator_loss, discriminator_loss, seconds, warning, what game and watch recorded."""

    @property
    def warnings(self) -> list[str]:
        """What the referee said, in order; a warning that lasts for many epochs once."""
        said = ["", *(row["warning"] for row in self.rows)]
        return [now for before, now in zip(said, said[1:]) if now and not before]


def accuracy(real: Tensor, fake: Tensor) -> Tensor:
    """Share of right verdicts, both kinds weighted alike; logits of any shape, positive for "real" -> scalar."""
    return ((real.detach() > 0).float().mean() + (fake.detach() < 0).float().mean()) / 2


def fit_adversarial(
    generator: nn.Module,
    discriminator: nn.Module,
    batches: Iterable[Batch],
    game: Game,
    *,
    epochs: int,
    generator_optimizer: torch.optim.Optimizer,
    discriminator_optimizer: torch.optim.Optimizer,
    runtime: Runtime,
    steps: int | None = None,  # end within an epoch, after this many steps in all
    every: int = 1,  # the discriminator learns at one step in this many
    schedules: Iterable = (),  # stepped after every step
    average: torch.optim.swa_utils.AveragedModel
    | None = None,  # of the generator's weights, updated after every step
    generators: Iterable[
        torch.Generator
    ] = (),  # besides the batches' own: the game's noise, watch's draws
    path: Path | None = None,  # checkpoint: resumes from it, rewrites it after whole epochs
    watch: Callable[[nn.Module, int], dict | None]
    | None = None,  # after each epoch (generator, epoch) -> more for its row
    referee: Referee | None = Referee(),
    report: Callable[[str], None] = print,  # is told at once what the referee says
) -> MatchHistory:
    """Train two players for `epochs`: at each step the discriminator learns from real and fake, then the generator from it.

    Both see the same fake, made once (Isola et al. 2017, section 3.3): the discriminator without its graph.
    """
    own = [batches.generator] if getattr(batches, "generator", None) is not None else []
    match = _Match(
        (generator, discriminator),
        (generator_optimizer, discriminator_optimizer),
        batches,
        game,
        runtime,
        every,
        list(schedules),
        average,
        own + list(generators),
    )
    match.resume(path)
    with Progress() as progress:
        while match.epoch < epochs and not match.over(steps):
            row, told = match.play_epoch(progress, epochs, steps), len(match.history.warnings)
            whole = row.pop("whole")
            match.close_epoch(row, referee)
            if watch is not None:
                row.update(watch(generator, match.epoch) or {})
            if path is not None and whole:
                checkpoint.save(match.state(), path)
            for words in match.history.warnings[told:]:
                report(words)
    return match.history


@contextmanager
def frozen(model: nn.Module) -> Iterator[None]:
    """Within, the model's weights get no gradients (its inputs do): what the generator's step needs of its opponent."""
    weights = [each for each in model.parameters() if each.requires_grad]
    for each in weights:
        each.requires_grad_(False)
    try:
        yield
    finally:
        for each in weights:
            each.requires_grad_(True)


class _Match:
    """The state of one game: what a checkpoint must hold."""

    def __init__(
        self, players, optimizers, batches, game, runtime, every, schedules, average, generators
    ):
        self.players, self.optimizers = dict(zip(NAMES, players)), dict(zip(NAMES, optimizers))
        self.batches, self.game, self.runtime, self.every = batches, game, runtime, every
        self.schedules, self.average, self.generators = schedules, average, generators
        self.epoch, self.steps, self.history = 0, 0, MatchHistory()

    def over(self, steps: int | None) -> bool:
        return steps is not None and self.steps >= steps

    def play_epoch(self, progress: Progress, epochs: int, steps: int | None) -> dict:
        """One pass over the batches, or up to `steps` in all -> row of the history."""
        start, tally, number = time.perf_counter(), Tally(self.epoch + 1), 0
        for player in self.players.values():
            player.train()
        for number, batch in enumerate(self.batches, 1):
            tally.add(self.step(batch))
            if number % CHECK_EVERY.get(self.runtime.device.type, 50) == 0:
                tally.means()
            progress.say(
                f"epoch {self.epoch + 1} of {epochs}, batch {number} of {len(self.batches)}"
            )
            if self.over(steps):
                break
        if "generator_loss" not in tally.sums:
            raise ValueError(
                "there are no batches to train on: fewer examples than a batch, or an iterator used up"
            )
        if "discriminator_loss" not in tally.sums:
            raise ValueError(
                f"the discriminator learns at one step in {self.every}, but epoch {self.epoch + 1} has only "
                f"{number}: take a smaller `every`, or smaller batches"
            )
        return {
            "epoch": self.epoch + 1,
            "steps": self.steps,
            **tally.means(),
            "seconds": time.perf_counter() - start,
            "whole": number == len(self.batches),
        }

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """One update of each player whose turn it is -> what they paid, detached."""
        with self.runtime.autocast():
            fake = self.game.generate(self.players["generator"], batch)
        record = {}
        if self.steps % self.every == 0:
            record |= self.update("discriminator", batch, fake.detach())
        with frozen(self.players["discriminator"]):
            record |= self.update("generator", batch, fake)
        for schedule in self.schedules:
            schedule.step()
        if self.average is not None:
            self.average.update_parameters(self.players["generator"])
        self.steps += 1
        return record

    def update(self, name: str, batch: Batch, fake: Tensor) -> dict[str, Tensor]:
        """One step of one player's optimizer. Both are judged by the discriminator."""
        with self.runtime.autocast():
            paid = getattr(self.game, f"{name}_loss")(self.players["discriminator"], batch, fake)
        paid = dict(paid) if isinstance(paid, dict) else {"loss": paid}
        self.optimizers[name].zero_grad(set_to_none=True)
        paid["loss"].backward()
        self.optimizers[name].step()
        return {
            f"{name}_loss" if key == "loss" else key: value.detach() for key, value in paid.items()
        }

    def close_epoch(self, row: dict, referee: Referee | None) -> None:
        self.epoch = row["epoch"]
        self.history.rows.append(row)
        row["warning"] = referee.verdict(self.history.rows) if referee is not None else ""

    def state(self) -> dict:
        return {
            "recipe": self.recipe(),
            **{name: player.state_dict() for name, player in self.players.items()},
            "optimizers": {name: each.state_dict() for name, each in self.optimizers.items()},
            "schedules": [each.state_dict() for each in self.schedules],
            "average": self.average.state_dict() if self.average is not None else None,
            "epoch": self.epoch,
            "steps": self.steps,
            "rows": self.history.rows,
            "random": checkpoint.random_state(self.generators),
        }

    def recipe(self) -> dict[str, str]:
        """What must be the same for a checkpoint to fit."""
        return {
            **{name: repr(player) for name, player in self.players.items()},
            **{
                f"{name}'s optimizer": f"{type(each).__name__} {each.defaults}"
                for name, each in self.optimizers.items()
            },
            "schedule": str([type(each).__name__ for each in self.schedules]),
            "average": type(self.average).__name__,
            "number of generators": str(len(self.generators)),
            "rhythm": f"discriminator every {self.every} steps",
        }

    def resume(self, path: Path | None) -> None:
        """Take up the game where its checkpoint left it; a fresh start where there is none."""
        if (state := checkpoint.fitting(path, self.recipe())) is None:
            return
        for name in NAMES:
            self.players[name].load_state_dict(state[name])
            self.optimizers[name].load_state_dict(state["optimizers"][name])
        for schedule, values in zip(self.schedules, state["schedules"]):
            schedule.load_state_dict(values)
        if self.average is not None:
            self.average.load_state_dict(state["average"])
        self.epoch, self.steps, self.history = (
            state["epoch"],
            state["steps"],
            MatchHistory(state["rows"]),
        )
        checkpoint.set_random_state(state["random"], self.generators)


class Tally:
    """Means of what was paid in one epoch, read seldom so that a GPU never waits."""

    def __init__(self, epoch: int):
        self.epoch, self.sums, self.counts = epoch, {}, {}

    def add(self, record: dict[str, Tensor]) -> None:
        for name, value in record.items():
            self.sums[name] = self.sums.get(name, 0.0) + value.float()
            self.counts[name] = self.counts.get(name, 0) + 1

    def means(self) -> dict[str, float]:
        """Mean of each; CourseError where one is no longer a number."""
        means = {name: float(total) / self.counts[name] for name, total in self.sums.items()}
        for name, value in means.items():
            if not math.isfinite(value):
                raise CourseError(
                    f"the {name.replace('_', ' ')} became {'NaN' if value != value else value} in epoch "
                    f"{self.epoch}, by its update {self.counts[name]}: lower the learning rates. "
                    "A checkpoint, if there is one, is still that of the last sound epoch"
                )
        return means
