"""Batches of tensors held in memory (all lessons): shuffled by index, converted on the fly, no
worker processes."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor


def to_float(images: Tensor) -> Tensor:
    """uint8 in 0..255 -> float32 in [0, 1]; any other tensor (labels, tokens, floats) comes back
    as it is."""
    return images.to(torch.float32).div_(255) if images.dtype == torch.uint8 else images


class Batches:
    """An epoch of tuples of tensors, each (<= batch_size, ...); len() is the number of batches in
    an epoch.

    With a generator every epoch is shuffled by one permutation drawn from it; without one the order
    stays. uint8 arrives as float32 in [0, 1]. `transform(*batch)` is applied last, on the device,
    and gives the tuple to yield (a single tensor is wrapped).
    """

    def __init__(
        self,
        *tensors: Tensor,
        batch_size: int,
        generator: torch.Generator | None = None,
        drop_last: bool = False,
        transform: Callable[..., Tensor | tuple[Tensor, ...]] | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        lengths = {len(tensor) for tensor in tensors}
        if len(lengths) != 1:
            raise ValueError(
                f"Batches needs tensors of one length, got {[len(tensor) for tensor in tensors]}"
            )
        if batch_size < 1:
            raise ValueError(f"batch_size is {batch_size}: it must be at least 1")
        self.tensors, self.size, self.batch_size = tensors, lengths.pop(), batch_size
        self.generator, self.drop_last, self.transform = generator, drop_last, transform
        self.device = torch.device(device)

    def __len__(self) -> int:
        return self.size // self.batch_size if self.drop_last else -(-self.size // self.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        order = (
            torch.randperm(self.size, generator=self.generator)
            if self.generator is not None
            else None
        )
        for number in range(len(self)):
            part = slice(number * self.batch_size, (number + 1) * self.batch_size)
            batch = tuple(
                to_float(self._move(tensor[part if order is None else order[part]]))
                for tensor in self.tensors
            )
            changed = batch if self.transform is None else self.transform(*batch)
            yield changed if isinstance(changed, tuple) else (changed,)

    def _move(self, values: Tensor) -> Tensor:
        """To the device while still uint8 (a quarter of the bytes), pinned where a GPU can then
        copy asynchronously."""
        if self.device.type == "cuda" and values.device.type == "cpu":
            return values.pin_memory().to(self.device, non_blocking=True)
        return values.to(self.device)
