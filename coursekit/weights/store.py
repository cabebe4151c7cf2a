"""Trained weights in weights/NAME: half precision safetensors, numbers that run no code."""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as parse
from safetensors.torch import save as pack
from torch import Tensor, nn

from coursekit import config, files
from coursekit.errors import DataError, UsageError, nearest
from coursekit.weights.card import Card, read_card
from coursekit.weights.networks import NETWORKS

FILE = "model.safetensors"


def offer(name: str) -> tuple[nn.Module, Card] | None:
    """`load`, for lessons: where the weights cannot be used, say so in one line -> None."""
    try:
        return load(name)
    except DataError as error:
        print(f"Left out, for want of trained weights: {error}")
        return None


def load(name: str) -> tuple[nn.Module, Card]:
    """The trained network of weights/NAME, ready to use, on the CPU, and its card.

    UsageError on an unknown name. DataError where a file is missing, is not the one of the card, or
    does not fit the network tensor by tensor.
    """
    if name not in NETWORKS:
        raise UsageError(f"unknown weights {name!r}: {nearest(name, NETWORKS)}")
    card, path = read_card(name), config.WEIGHTS / name / FILE
    if not path.is_file():
        raise DataError(f"{path} is missing: {config.recovery()}")
    if files.checksum(path) != card.files.get(FILE):
        raise DataError(f"{path} is not the file of its card: {config.recovery()}")
    return fill(name, path), card


def fill(name: str, path: Path) -> nn.Module:
    """The network of that name with the numbers of a file. DataError where they do not fit."""
    with torch.random.fork_rng(devices=[]):  # the lesson's random numbers stay where they were
        network = NETWORKS[name]()
    try:
        stored = parse(path.read_bytes())
    except SafetensorError as error:
        raise DataError(f"{path} cannot be read ({error}): {config.recovery()}") from None
    if wrong := _differences(network.state_dict(), stored):
        raise DataError(f"{path} does not fit the network ({wrong[0]}): {config.recovery()}")
    network.load_state_dict(stored)  # into the network's own precision
    return network.eval()


def write(network: nn.Module, folder: Path) -> Path:
    """Store a network in half precision -> the file. ValueError where a number is too large."""
    halves = {
        name: (value.half() if value.is_floating_point() else value).contiguous().clone()
        for name, value in network.state_dict().items()
    }
    large = [name for name, value in halves.items() if not value.isfinite().all()]
    if large:
        raise ValueError(f"{large[0]} has numbers that half precision cannot hold")
    path = folder / FILE
    files.write_bytes(path, pack(halves))
    return path


def _differences(ours: Mapping[str, Tensor], stored: Mapping[str, Tensor]) -> list[str]:
    """What is missing, unknown or of another shape, a line each."""
    missing = [f"{name} is missing" for name in ours if name not in stored]
    unknown = [f"{name} is unknown" for name in stored if name not in ours]
    shapes = [
        f"{name} is {tuple(stored[name].shape)}, not {tuple(value.shape)}"
        for name, value in ours.items()
        if name in stored and stored[name].shape != value.shape
    ]
    return missing + unknown + shapes
