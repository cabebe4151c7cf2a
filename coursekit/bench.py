"""How fast the lessons' models train here: a plain loop beside coursekit's exact and fast ones, in one run.

The three loops take turns, so that a noisy machine disturbs all of them alike; the ratios are of medians. The plain loop
lives in a process of its own: coursekit tells the C library to keep freed memory (`runtime.keep_memory`), nobody tells plain.
"""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import cloudpickle
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.flop_counter import FlopCounterMode

from coursekit import runtime
from coursekit.datasets.batches import Batches
from coursekit.models import pix2pix
from coursekit.models.autoencoder import Denoiser, DenseAutoencoder, StackedAutoencoder
from coursekit.models.seq2seq import Decoder, Encoder, Seq2Seq
from coursekit.training import adam, prepare
from coursekit.training.gan import frozen


@dataclass(frozen=True)
class Case:
    """One model at its lesson's batch size. data: what the lesson holds in memory; loss: (model, batch) -> scalar."""

    name: str
    model: Callable[[], nn.Module]
    batch: int
    data: Callable[[torch.Generator], tuple[Tensor, ...]]
    loss: Callable[[nn.Module, tuple[Tensor, ...]], Tensor]


@dataclass(frozen=True)
class Row:
    """Result for one case: images (or sequences) a second, ratios to plain, and shares of the product peak."""

    name: str
    batch: int
    plain: float
    exact: float
    fast: float
    exact_ratio: float
    fast_ratio: float
    exact_share: float
    fast_share: float


def _reconstruction(model: nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
    return F.mse_loss(model(batch[0]), batch[0])


def _next_tokens(model: nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
    source, shifted, target = batch
    return F.cross_entropy(model(source, shifted).flatten(0, 1), target.flatten())


def _images(*shape: int) -> Callable[[torch.Generator], tuple[Tensor, ...]]:
    return lambda generator: (
        torch.randint(0, 256, (12_000, *shape), generator=generator, dtype=torch.uint8),
    )


def _sequences(generator: torch.Generator) -> tuple[Tensor, ...]:
    return tuple(
        torch.randint(1, 51, (12_000, length), generator=generator) for length in (6, 3, 3)
    )


class Players(nn.Module):
    """Pix2Pix's generator and discriminator as one module: both learn from one batch."""

    def __init__(self):
        super().__init__()
        self.generator, self.discriminator = pix2pix.Generator(), pix2pix.PatchDiscriminator()


def _both_players(model: Players, batch: tuple[Tensor, ...]) -> Tensor:
    """The work of a step of each, in one: the generator is judged by weights that this term leaves alone."""
    photo, truth = batch
    made = model.generator(photo)
    loss = pix2pix.discriminator_loss(
        model.discriminator(photo, truth), model.discriminator(photo, made.detach())
    )
    with frozen(model.discriminator):
        return loss + pix2pix.generator_loss(model.discriminator(photo, made), made, truth)["loss"]


def _picture_pairs(generator: torch.Generator) -> tuple[Tensor, ...]:
    return tuple(
        torch.randint(0, 256, (32, 3, 256, 256), generator=generator, dtype=torch.uint8)
        for _ in range(2)
    )


CASES = (
    Case("dense autoencoder", DenseAutoencoder, 512, _images(784), _reconstruction),
    Case("stacked autoencoder", StackedAutoencoder, 150, _images(1024), _reconstruction),
    Case("denoiser", Denoiser, 64, _images(1, 28, 28), _reconstruction),
    Case("denoiser, source's batch", Denoiser, 2000, _images(1, 28, 28), _reconstruction),
    Case("seq2seq", lambda: Seq2Seq(Encoder(), Decoder()), 32, _sequences, _next_tokens),
    Case("pix2pix 256, both players", Players, 1, _picture_pairs, _both_players),
)


def measure(
    case: Case, *, rounds: int, seconds: float, peaks: dict[str, float], device: str = "auto"
) -> Row:
    """Images a second of the three loops, each timed `rounds` times for about `seconds`."""
    data = _data(case)
    with _alone(case, device) as plain:
        loops = {
            "plain": plain,
            **{p: partial(_rate, _coursekit(case, data, p, device)) for p in runtime.PRECISIONS},
        }
        for loop in loops.values():
            loop(0.2)  # warm up: allocations, oneDNN's kernels
        rates = {name: [] for name in loops}
        for _ in range(rounds):
            for name, loop in loops.items():
                rates[name].append(loop(seconds))
    plain, exact, fast = (median(rates[name]) for name in ("plain", "exact", "fast"))
    flops = flops_per_example(case, data)
    return Row(
        case.name,
        case.batch,
        plain,
        exact,
        fast,
        exact / plain,
        fast / plain,
        exact * flops / peaks["exact"],
        fast * flops / peaks["fast"],
    )


def peak(precision: str, *, device: str = "auto", size: int = 2048) -> float:
    """Floating-point operations a second of a large matrix product in this precision (best of ten)."""
    run = runtime.setup(precision=precision, device=device)
    kind = torch.bfloat16 if run.amp else torch.float32
    a, b = (torch.randn(size, size, device=run.device).to(kind) for _ in range(2))
    return 2 * size**3 / min(_seconds(lambda: a @ b, run.device) for _ in range(10))


def flops_per_example(case: Case, data: tuple[Tensor, ...]) -> float:
    """Operations of one example forward and backward, counted by torch (products and convolutions only).

    On the meta device nothing is computed, and an LSTM is the products it is made of: on the CPU it would be one
    oneDNN call, which the counter does not know.
    """
    batch = tuple(_float(each[:2]).to("meta") for each in data)
    with FlopCounterMode(display=False) as counter:
        case.loss(case.model().to("meta"), batch).backward()
    return counter.get_total_flops() / 2


def run(*, quick: bool = False, device: str = "auto") -> dict:
    """Measure every case. quick: a tenth of the time, for trying the command."""
    rounds, seconds = (1, 0.3) if quick else (5, 2.0)
    peaks = {precision: peak(precision, device=device) for precision in runtime.PRECISIONS}
    rows = [
        measure(case, rounds=rounds, seconds=seconds, peaks=peaks, device=device) for case in CASES
    ]
    chosen = runtime.setup(device=device, precision="fast")
    return {
        "processor": runtime.processor(),
        "device": str(chosen.device),
        "threads": chosen.threads,
        "fast_is": "bfloat16" if chosen.amp else "float32",
        "versions": runtime.versions(),
        "peak_gflops": {name: value / 1e9 for name, value in peaks.items()},
        "rows": [asdict(row) for row in rows],
    }


def main(json_path: Path | None = None, quick: bool = False, device: str = "auto") -> None:
    """Print the table; write it as JSON where asked."""
    result = run(quick=quick, device=device)
    peaks = result["peak_gflops"]
    print(
        f"{result['processor']}, {result['device']}, {result['threads']} threads; fast is {result['fast_is']}"
    )
    print(f"matrix product peak: exact {peaks['exact']:.0f}, fast {peaks['fast']:.0f} GFLOP/s")
    print(
        f"{'examples a second':26}{'batch':>6}{'plain':>9}{'exact':>9}{'fast':>9}"
        f"{'exact/plain':>13}{'fast/plain':>12}{'of peak':>16}"
    )
    for row in result["rows"]:
        rates = "".join(
            f"{row[name]:9.{0 if row[name] >= 10 else 2}f}" for name in ("plain", "exact", "fast")
        )
        print(
            "{name:26}{batch:6}{rates}{exact_ratio:13.2f}{fast_ratio:12.2f}{exact_share:8.0%}{fast_share:8.0%}".format(
                **row, rates=rates
            )
        )
    if json_path is not None:
        json_path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


@contextmanager
def _alone(case: Case, device: str) -> Iterator[Callable[[float], float]]:
    """Yields: seconds -> examples a second of the plain loop, in another process."""
    packed = cloudpickle.dumps((case, device, runtime.thread_count()))
    with ProcessPoolExecutor(
        1, mp_context=get_context("spawn"), initializer=_begin, initargs=(packed,)
    ) as pool:
        yield lambda seconds: pool.submit(_rate_here, seconds).result()


def _begin(packed: bytes) -> None:
    global _here
    case, device, threads = cloudpickle.loads(packed)
    torch.set_num_threads(threads)
    _here = _plain(case, _data(case), device)


def _rate_here(seconds: float) -> float:
    return _rate(_here, seconds)


def _data(case: Case) -> tuple[Tensor, ...]:
    return case.data(torch.Generator().manual_seed(0))


def _plain(case: Case, data: tuple[Tensor, ...], device: str) -> Iterator[int]:
    """What one writes first: float tensors, a DataLoader with default settings, contiguous float32, plain Adam."""
    loader = DataLoader(TensorDataset(*map(_float, data)), batch_size=case.batch, shuffle=True)
    place = runtime.find_device(device)
    model = case.model().to(place)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    while True:
        for batch in loader:
            loss = case.loss(model, tuple(each.to(place) for each in batch))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            yield len(batch[0])


def _coursekit(case: Case, data: tuple[Tensor, ...], precision: str, device: str) -> Iterator[int]:
    """The lessons' way: uint8 in memory, the faster memory order, fused Adam, freed memory kept, bfloat16 when fast."""
    chosen = runtime.setup(precision=precision, device=device)
    batches = Batches(
        *data, batch_size=case.batch, generator=chosen.generator("bench"), device=chosen.device
    )
    model = prepare(case.model(), chosen)
    optimizer = adam(model, 1e-3)
    while True:
        for batch in batches:
            with chosen.autocast():
                loss = case.loss(model, batch)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            yield len(batch[0])


def _rate(loop: Iterator[int], seconds: float) -> float:
    """Examples a second over at least `seconds`."""
    start, count = time.perf_counter(), 0
    while (passed := time.perf_counter() - start) < seconds:
        count += next(loop)
    return count / passed


def _seconds(call: Callable[[], Tensor], device: torch.device) -> float:
    start = time.perf_counter()
    call()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - start


def _float(values: Tensor) -> Tensor:
    return values.float() / 255 if values.dtype == torch.uint8 else values
