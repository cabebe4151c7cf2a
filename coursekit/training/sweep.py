"""Sweeps: a declared grid of settings, one function, and a table of results that grows on disk.

`run(task, grid, runtime=…)` calls `task(settings)` for each settings of the grid and gathers the
dicts that come back. Several runs go at once on Dask's workers (see `coursekit.cluster`). Every run
starts from a copy of the task and from `runtime.setup`, so its numbers are the same bits wherever
it runs, and in whatever order. Draw from torch or from a generator: Python's own `random` is used
by Dask's threads as well.
"""

import inspect
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from threading import Lock

import cloudpickle
import pandas as pd

from coursekit import cluster as clusters
from coursekit import config
from coursekit import runtime as runtimes
from coursekit.errors import CourseError
from coursekit.runtime import Runtime
from coursekit.training import checkpoint, table
from coursekit.training.progress import Progress

Task = Callable[[dict], dict]  # settings -> results, both as JSON can hold them
ONE_AT_A_TIME = Lock()  # a worker's threads share torch's random state


@dataclass
class Sweep:
    """What came of a grid, in its order: rows {"settings", "results", "seconds"}, and failures."""

    rows: list[dict] = field(default_factory=list)
    failures: list[dict] = field(default_factory=list)  # {"settings", "error"}

    def frame(self) -> pd.DataFrame:
        """One line a finished run: its settings, its results, its seconds."""
        return pd.DataFrame(
            [{**row["settings"], **row["results"], "seconds": row["seconds"]} for row in self.rows]
        )

    def whole(self) -> "Sweep":
        """Itself, where every run finished. CourseError names those that did not."""
        if not self.failures:
            return self
        lines = "; ".join(f"{_words(row['settings'])}: {row['error']}" for row in self.failures)
        count = len(self.failures) + len(self.rows)
        raise CourseError(f"{len(self.failures)} of {count} runs of the sweep failed: {lines}")


def run(
    task: Task,
    grid: list[dict],
    *,
    runtime: Runtime,
    path: Path | None = None,  # the table, JSON lines; none: it lives in memory only
    identity: object = None,  # code and data that decide the results: see `code`
    cluster: str | None = None,  # a Dask scheduler's address; else COURSEKIT_CLUSTER; else local
    workers: int | None = None,  # local processes; one means this process
) -> Sweep:
    """Run what the table does not hold yet. A run that fails does not stop the rest."""
    keys = [_key(task, settings, runtime, identity) for settings in grid]
    with table.locked(path):
        done = table.read(path)
        due = {key: settings for key, settings in zip(keys, grid) if key not in done}
        failed = {}
        for key, row in _runs(task, due, runtime, clusters.address(cluster), workers):
            if "error" in row:
                failed[key] = row
            else:
                done[key] = row
                table.write(path, done)
    return Sweep(
        [done[key] for key in keys if key in done],
        [failed[key] for key in dict.fromkeys(keys) if key in failed],
    )


def code(*functions: Callable) -> str:
    """A hash of the code that decides results: these functions, and the package's.

    Its command line and reports do not count.
    """
    sources = [path.read_text(encoding="utf-8") for path in config.result_code()] + [
        inspect.getsource(function) for function in functions
    ]
    return sha256("\0".join(sources).encode()).hexdigest()


def _key(task: Task, settings: dict, runtime: Runtime, identity: object) -> str:
    """What a finished run is known by: everything that decides its results."""
    machine = [
        runtime.seed,
        runtime.device.type,
        runtime.threads,
        runtime.precision,
        runtimes.versions(),
    ]
    what = json.dumps([task.__qualname__, settings, identity, machine], sort_keys=True, default=str)
    return sha256(what.encode()).hexdigest()[:16]


# Running


def _runs(
    task: Task, due: dict[str, dict], runtime: Runtime, address: str | None, workers: int | None
) -> Iterator:
    """(key, row) of each run as it ends."""
    if not due:
        return
    blob = _packed(task)
    if workers is None:
        workers = (
            clusters.worker_count(len(due), runtime.threads) if runtime.device.type == "cpu" else 1
        )
    with Progress() as progress:
        yield from (
            _on_workers(blob, due, runtime, address, workers, progress)
            if address or workers > 1
            else _in_turn(blob, due, runtime, progress)
        )


def _in_turn(blob: bytes, due: dict[str, dict], runtime: Runtime, progress: Progress) -> Iterator:
    """In this process, whose random state and progress line are afterwards as they were."""
    before, shown = checkpoint.random_state([]), config.value(config.Variable.PROGRESS)
    try:
        for number, (key, settings) in enumerate(due.items(), 1):
            progress.say(f"run {number} of {len(due)}: {_words(settings)}")
            yield key, _one(blob, settings, runtime)
    finally:
        checkpoint.set_random_state(before, [])
        config.put(config.Variable.PROGRESS, shown or None)


def _on_workers(
    blob: bytes,
    due: dict[str, dict],
    runtime: Runtime,
    address: str | None,
    workers: int,
    progress: Progress,
) -> Iterator:
    """On Dask's workers. A lost worker's run goes to another one; after three it has failed."""
    from distributed import as_completed

    with clusters.client(workers=workers, address=address) as client:
        sent = client.submit(bytes, blob, pure=False)  # a task, not data: a lost copy is made again
        futures = {
            client.submit(_one, sent, settings, runtime, pure=False): key
            for key, settings in due.items()
        }
        progress.say(f"0 of {len(due)} runs done, on {address or f'{workers} local workers'}")
        for number, future in enumerate(as_completed(list(futures)), 1):
            key = futures.pop(future)
            yield key, _result(future, due[key])
            there = len(client.scheduler_info()["workers"])
            progress.say(f"{number} of {len(due)} runs done, on {there} workers")


def _result(future, settings: dict) -> dict:
    """The row of a run, or what became of it."""
    error = clusters.task_error(future)
    return (
        {"settings": settings, "error": f"its worker was lost ({error})"}
        if error
        else future.result()
    )


def _one(blob: bytes, settings: dict, runtime: Runtime) -> dict:
    """One run, in whatever process this is -> its row, or its settings and error."""
    with ONE_AT_A_TIME:
        config.put(config.Variable.PROGRESS, "0")  # the sweep has one line for all
        return _started(blob, settings, runtime)


def _started(blob: bytes, settings: dict, runtime: Runtime) -> dict:
    runtimes.setup(
        seed=runtime.seed,
        device=str(runtime.device),
        precision=runtime.precision,
        threads=runtime.threads,
    )
    start = time.perf_counter()
    try:
        results = cloudpickle.loads(blob)(dict(settings))
        return _as_json(
            {"settings": settings, "results": results, "seconds": time.perf_counter() - start}
        )
    except Exception as error:  # whatever it was: the rest of the grid goes on
        return _as_json(
            {
                "settings": settings,
                "error": f"{type(error).__name__}: {' '.join(str(error).split())}"[:500],
            }
        )


def _packed(task: Task) -> bytes:
    """The task with all it holds, as it is now: runs get copies, so none can disturb another."""
    try:
        return cloudpickle.dumps(task)
    except Exception as error:  # pickling raises many kinds
        raise CourseError(
            f"{task.__qualname__} cannot be sent to a worker ({error}): "
            "let it use plain data, tensors and functions only"
        ) from error


def _as_json(row: dict) -> dict:
    """The row as it will be read back from the table, so that fresh and stored rows are alike."""
    return json.loads(json.dumps(row))


def _words(settings: dict) -> str:
    return ", ".join(f"{name} {value}" for name, value in settings.items())
