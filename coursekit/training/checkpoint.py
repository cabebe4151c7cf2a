"""Checkpoints that are written whole or not at all, and that hold every generator a run draws from."""

import glob
import io
import os
import random
import zipfile
from pathlib import Path

import torch

from coursekit.errors import CourseError


def save(state: dict, path: Path) -> None:
    """Write a state (tensors, numbers, lists, dicts) so that a kill at any moment leaves the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    buffer = io.BytesIO()  # torch hides a full disk behind an error of its own
    torch.save(state, buffer)
    try:
        with open(temporary, "wb") as file:
            file.write(buffer.getbuffer())
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise CourseError(
            f"checkpoint {path} could not be written: {error.strerror}; free some space and run again, "
            "it goes on from the last whole checkpoint"
        ) from error


def load(path: Path) -> dict | None:
    """The state at path, on the CPU; None where there is none. CourseError names a damaged file and what to do."""
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


def fitting(path: Path | None, recipe: dict[str, str]) -> dict | None:
    """The state to go on from, None for a fresh start. CourseError names what differs where it is another run's.

    recipe: what must be the same for a checkpoint to fit; every state holds its own under "recipe".
    """
    if path is None:
        return None
    sweep(path)
    if (state := load(path)) is None:
        return None
    saved = state.get("recipe", {})
    if other := [name for name, value in recipe.items() if saved.get(name) != value]:
        raise CourseError(
            f"checkpoint {path} is of another {' and '.join(other)}: delete it, or go back to that one"
        )
    return state


def sweep(path: Path) -> None:
    """Remove what a run that was killed while writing left half done."""
    for temporary in path.parent.glob(f"{glob.escape(path.name)}.*.part"):
        temporary.unlink(missing_ok=True)


def random_state(generators: list[torch.Generator]) -> dict:
    """The state of the given generators, of Python's own and of torch's own, CPU and GPU."""
    return {
        "generators": [each.get_state() for each in generators],
        "python": random.getstate(),
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def set_random_state(state: dict, generators: list[torch.Generator]) -> None:
    """Put the generators back where `random_state` found them."""
    for generator, saved in zip(generators, state["generators"], strict=True):
        generator.set_state(saved)
    random.setstate(state["python"])
    torch.set_rng_state(state["torch"])
    if torch.cuda.is_available() and state["cuda"]:
        torch.cuda.set_rng_state_all(state["cuda"])
