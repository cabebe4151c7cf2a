"""The synthetic task of lesson 03: read a row of integers, write its first ones in reverse."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

START = 0  # the symbol that tells the decoder to begin


class Sequences(NamedTuple):
    """int64 tensors: source X1 (N, length), shifted X2 (N, target) for teacher forcing, target y
    (N, target)."""

    source: Tensor
    shifted: Tensor
    target: Tensor


def reversed_prefix(
    samples: int,
    *,
    length: int = 6,
    cardinality: int = 51,
    target: int = 3,
    generator: torch.Generator,
) -> Sequences:
    """X1 (N, length) random in 1..cardinality-1, y (N, target) its first `target` reversed, X2
    = start, y[:-1]."""
    if not 1 <= target <= length:
        raise ValueError(f"target is {target}: it must lie in 1..length, and length is {length}")
    if cardinality < 2:
        raise ValueError(
            f"cardinality is {cardinality}: it counts the start symbol and at least one integer"
        )
    source = torch.randint(START + 1, cardinality, (samples, length), generator=generator)
    reverse = source[:, :target].flip(1)
    return Sequences(source, shift(reverse), reverse)


def shift(target: Tensor) -> Tensor:
    """What a decoder is fed under teacher forcing: (N, T) -> (N, T), the start symbol, then the
    target without its last."""
    return torch.cat([torch.full_like(target[:, :1], START), target[:, :-1]], 1)


class Stream:
    """Batches of fresh sequences, `samples` new ones each pass: source (B, length), shifted
    and target (B, T).

    What costs nothing to generate need not be stored, and none is seen twice. All randomness comes
    from the generator, so that a checkpoint which holds its state goes on with the very sequences
    that were to come.
    """

    def __init__(
        self,
        samples: int,
        *,
        batch_size: int,
        generator: torch.Generator,
        device: torch.device | str = "cpu",
        **task: int,
    ):
        if batch_size < 1 or samples % batch_size:
            raise ValueError(
                f"{samples} samples are not whole batches of {batch_size}: choose a multiple of it"
            )
        self.samples, self.batch_size, self.task = samples, batch_size, task
        self.generator, self.device = generator, device

    def __len__(self) -> int:
        return self.samples // self.batch_size

    def __iter__(self) -> Iterator[Sequences]:
        sequences = reversed_prefix(self.samples, generator=self.generator, **self.task)
        for batch in zip(
            *(part.to(self.device).split(self.batch_size) for part in sequences), strict=True
        ):
            yield Sequences(*batch)
