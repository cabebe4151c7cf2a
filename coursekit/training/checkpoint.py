"""Checkpoints, written whole or not at all, that hold every generator a run draws from."""

import glob
import io
import random
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from coursekit import files
from coursekit.errors import CourseError


@dataclass(frozen=True)
class Checkpoint:
    """Where a run keeps its state, and the random number generators that it must hold.

    path: none keeps nothing. rngs: those that losses, transforms and callbacks draw from; the
    generators that shuffle batches are held anyway, and so are torch's and Python's own.
    """

    path: Path | None = None
    rngs: Sequence[torch.Generator] = ()

    def load(self, recipe: dict[str, str]) -> dict | None:
        """The state to go on from, None for a fresh start. CourseError if it is another run's."""
        return None if self.path is None else fitting(self.path, recipe)

    def save(self, state: Callable[[], dict]) -> None:
        """Write what `state` gives, where there is a path."""
        if self.path is not None:
            save(state(), self.path)


def save(state: dict, path: Path) -> None:
    """Write a state (tensors, numbers, lists, dicts): a kill leaves the old file or the new one."""
    buffer = io.BytesIO()  # torch hides a full disk behind an error of its own
    torch.save(state, buffer)
    try:
        files.write_bytes(path, buffer.getvalue())
    except CourseError as error:
        raise type(error)(
            f"checkpoint {path}: {error}; run again, it goes on from the last whole checkpoint"
        ) from None


def load(path: Path) -> dict | None:
    """The state at path, on the CPU; None where there is none. CourseError names a damaged file."""
    if not path.exists():
        return None
    try:
        with zipfile.ZipFile(path) as archive:  # torch itself does not look at the checksums
            if (member := archive.testzip()) is not None:
                raise zipfile.BadZipFile(member)
        state = torch.load(path, map_location="cpu", weights_only=True)
        if not isinstance(state, dict):
            raise TypeError(type(state).__name__)
    except Exception as error:  # torch raises a dozen kinds for a damaged file
        raise CourseError(
            f"checkpoint {path} is damaged ({type(error).__name__}): delete it and run again"
        ) from error
    return state


def fitting(path: Path, recipe: dict[str, str]) -> dict | None:
    """The state at path, None where there is none. CourseError names what differs from the recipe.

    recipe: what must be the same for a checkpoint to fit; every state holds its own under "recipe".
    """
    sweep(path)
    if (state := load(path)) is None:
        return None
    saved = state.get("recipe", {})
    names = [name for name in recipe | saved if saved.get(name) != recipe.get(name)]
    if names:
        raise CourseError(
            f"checkpoint {path} is of another {' and '.join(names)}: "
            "delete it, or go back to that one"
        )
    return state


def sweep(path: Path) -> None:
    """Remove what a run that was killed while writing left half done."""
    for temporary in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        temporary.unlink(missing_ok=True)


def random_state(rngs: Sequence[torch.Generator]) -> dict:
    """The state of the given generators, of Python's own and of torch's own, CPU and GPU."""
    return {
        "rngs": [rng.get_state() for rng in rngs],
        "python": random.getstate(),
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def set_random_state(state: dict, rngs: Sequence[torch.Generator]) -> None:
    """Put the generators back where `random_state` found them."""
    for rng, saved in zip(rngs, state["rngs"], strict=True):
        rng.set_state(saved)
    random.setstate(state["python"])
    torch.set_rng_state(state["torch"])
    if torch.cuda.is_available() and state["cuda"]:
        torch.cuda.set_rng_state_all(state["cuda"])
