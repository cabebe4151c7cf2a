"""Does a picture cost more when there are more of them? Steps on small and large sets, in turn."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median

import torch
from torch import Tensor

from coursekit import memory, runtime
from coursekit.bench import rate
from coursekit.datasets.batches import Batches
from coursekit.models.layered_vae import LayeredVAE
from coursekit.models.ppca import PPCA
from coursekit.models.residual_autoencoder import ResidualAutoencoder
from coursekit.training import NegativeELBO, adam, prepare

SIZES = (1_000, 60_000)  # pictures


@dataclass(frozen=True)
class Scaled:
    """Milliseconds a picture at each size, and the memory beside the pictures, in GB."""

    name: str
    milliseconds: tuple[float, ...]
    beside_gb: float

    @property
    def ratio(self) -> float:
        return self.milliseconds[-1] / self.milliseconds[0]


def autoencoder(count: int) -> Iterator[int]:
    """Lesson 01: ten numbers for 784 pixels."""
    pictures = _random(count, 784)
    run = runtime.setup(device="cpu")
    model = prepare(ResidualAutoencoder(pictures[:100].float() / 255), run)

    def loss(x):
        return (model(x) - x).square().mean()

    return _steps(model, loss, run, pictures, batch=128)


def faces(count: int) -> Iterator[int]:
    """Lesson 06: the layered VAE, pictures of 64x64 and the palette's number at each pixel."""
    pictures, numbers = _random(count, 64, 64, 3), _random(count, 64, 64).remainder_(32)
    run = runtime.setup(device="cpu")
    start = PPCA(torch.zeros(12_288), torch.ones(12_288, 32), 1.0)
    model = prepare(LayeredVAE(start, torch.rand(32, 3)), run)
    elbo = NegativeELBO(rng=run.generator("noise"))

    def loss(x, labels):
        return elbo(model, (x.movedim(-1, 1), (255 * labels).round()))

    return _steps(model, loss, run, pictures, numbers, batch=16)


def measure(make: Callable[[int], Iterator[int]], *, rounds: int, seconds: float) -> Scaled:
    """A row; the sizes take turns."""
    before = memory.resident_gb()
    loops = [make(size) for size in SIZES]
    for loop in loops:
        next(loop)  # warm up: allocations, oneDNN's kernels, the permutation
    rates: list[list[float]] = [[] for _ in loops]
    for _ in range(rounds):
        for found, loop in zip(rates, loops, strict=True):
            found.append(rate(loop, seconds))
    held = sum(SIZES) * (784 if make is autoencoder else 64 * 64 * 4) / 1e9
    milliseconds = tuple(1_000 / median(found) for found in rates)
    return Scaled(make.__name__, milliseconds, memory.resident_gb() - before - held)


def main(*, quick: bool = False) -> None:
    """Print the table."""
    rounds, seconds = (1, 0.3) if quick else (5, 4.0)
    print(f"{runtime.processor()}, {runtime.thread_count()} threads")
    print(
        f"{'milliseconds a picture':24}{SIZES[0]:>10,}{SIZES[1]:>10,}{'ratio':>8}{'GB beside':>11}"
    )
    for make in (autoencoder, faces):
        row = measure(make, rounds=rounds, seconds=seconds)
        times = "".join(f"{value:10.3f}" for value in row.milliseconds)
        print(f"{row.name:24}{times}{row.ratio:8.2f}{row.beside_gb:11.2f}")


def _random(*shape: int) -> Tensor:
    return torch.randint(0, 256, shape, dtype=torch.uint8)


def _steps(model, loss, run: runtime.Runtime, *data: Tensor, batch: int) -> Iterator[int]:
    """Endless training steps -> the pictures of each."""
    epoch = Batches(*data, batch_size=batch, generator=run.generator("bench"), drop_last=True)
    optimizer = adam(model, 1e-3)
    while True:
        for tensors in epoch:
            value = loss(*tensors)
            optimizer.zero_grad(set_to_none=True)
            value.backward()
            optimizer.step()
            yield len(tensors[0])
