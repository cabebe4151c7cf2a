"""How fast the lessons' models train here: a plain loop beside coursekit's exact and fast ones.

The three loops take turns, so that a noisy machine disturbs all of them alike; the ratios are of
medians. The plain loop lives in a process of its own: coursekit tells the C library to keep freed
memory (`runtime.keep_memory`), nobody tells plain.
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
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.flop_counter import FlopCounterMode

from coursekit import files, runtime
from coursekit.bench_cases import CASES, Case
from coursekit.datasets.batches import Batches
from coursekit.errors import CourseError
from coursekit.training import adam, prepare


@dataclass(frozen=True)
class Row:
    """Result for one case: images (or sequences) a second, ratios to plain, shares of the peak.

    lower: whether fast computed this case in bfloat16, see `runtime.bfloat16_pays`.
    """

    name: str
    batch: int
    plain: float
    exact: float
    fast: float
    exact_ratio: float
    fast_ratio: float
    exact_share: float
    fast_share: float
    lower: bool


def measure(
    case: Case, *, rounds: int, seconds: float, peaks: dict[str, float], device: str = "auto"
) -> Row:
    """Images a second of the three loops, each timed `rounds` times for about `seconds`."""
    data = _data(case)
    with _alone(case, device) as alone:
        loops: dict[str, Callable[[float], float]] = {"plain": alone}
        for precision in runtime.PRECISIONS:
            loops[precision] = partial(rate, _coursekit(case, data, precision, device))
        for loop in loops.values():
            loop(0.2)  # warm up: allocations, oneDNN's kernels
        rates: dict[str, list[float]] = {name: [] for name in loops}
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
        _lower(case, device),
    )


def _lower(case: Case, device: str) -> bool:
    chosen = runtime.setup(precision="fast", device=device)
    return chosen.amp and runtime.bfloat16_pays(case.model(), chosen.device)


def peak(precision: str, *, device: str = "auto", size: int = 2048) -> float:
    """Operations a second of a large dense layer's product in this precision (best of ten)."""
    run = runtime.setup(precision=precision, device=device)
    kind = torch.bfloat16 if run.amp else torch.float32
    layer = prepare(nn.Linear(size, size, bias=False), run).to(kind)
    rows = torch.randn(size, size, device=run.device).to(kind)
    with torch.inference_mode():
        return 2 * size**3 / min(_seconds(lambda: layer(rows), run.device) for _ in range(10))


def flops_per_example(case: Case, data: tuple[Tensor, ...]) -> float:
    """Operations of one example forward and backward (products and convolutions only).

    On the meta device nothing is computed, and an LSTM is the products it is made of: on the CPU it
    would be one oneDNN call, which the counter does not know.
    """
    batch = tuple(_float(values[:2]).to("meta") for values in data)
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
        f"{result['processor']}, {result['device']}, {result['threads']} threads; "
        f"fast is {result['fast_is']}"
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
            f"{row['name']:26}{row['batch']:6}{rates}{row['exact_ratio']:13.2f}"
            f"{row['fast_ratio']:12.2f}{row['exact_share']:8.0%}{row['fast_share']:8.0%}"
        )
    if json_path is not None:
        files.write_text(json_path, json.dumps(result, indent=1) + "\n")
    if slow := slower(result):
        raise CourseError(
            f"fast is slower than exact here for {', '.join(slow)}: it should be float32 for them, "
            "see bfloat16_pays in coursekit/runtime.py"
        )


def slower(result: dict) -> list[str]:
    """The models for which bfloat16 has less than 0.97 of float32's speed: it must have none.

    Where fast is float32, the two are the same and differ by noise.
    """
    rows = [row for row in result["rows"] if row["lower"]]
    return [row["name"] for row in rows if row["fast"] < 0.97 * row["exact"]]


_here: Iterator[int]  # the plain loop of this process, where it is one of `_alone`


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
    return rate(_here, seconds)


def _data(case: Case) -> tuple[Tensor, ...]:
    return case.data(torch.Generator().manual_seed(0))


def _plain(case: Case, data: tuple[Tensor, ...], device: str) -> Iterator[int]:
    """What one writes first: float tensors, a default DataLoader, contiguous order, plain Adam."""
    loader = DataLoader(TensorDataset(*map(_float, data)), batch_size=case.batch, shuffle=True)
    place = runtime.find_device(device)
    model = case.model().to(place)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    while True:
        for batch in loader:
            loss = case.loss(model, tuple(values.to(place) for values in batch))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            yield len(batch[0])


def _coursekit(case: Case, data: tuple[Tensor, ...], precision: str, device: str) -> Iterator[int]:
    """The lessons' way: uint8, the faster memory order, fused Adam, freed memory kept.

    bfloat16 when fast.
    """
    chosen = runtime.setup(precision=precision, device=device)
    batches = Batches(
        *data, batch_size=case.batch, generator=chosen.generator("bench"), device=chosen.device
    )
    model = prepare(case.model(), chosen)
    optimizer = adam(model, 1e-3)
    while True:
        for batch in batches:
            with chosen.autocast(model):
                loss = case.loss(model, batch)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            yield len(batch[0])


def rate(loop: Iterator[int], seconds: float) -> float:
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
