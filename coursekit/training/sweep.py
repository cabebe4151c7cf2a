"""Sweeps: a declared grid of settings, one function, and a table of results that grows on disk.

`run(task, grid, runtime=…)` calls `task(settings)` for each settings of the grid and gathers the dicts that come back.
Several runs go at once on Dask's workers (see `coursekit.cluster`). Every run starts from a copy of the task and from
`runtime.setup`, so its numbers are the same bits wherever it runs, and in whatever order. Draw from torch or from a
generator: Python's own `random` is used by Dask's threads as well.
"""

import inspect
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from threading import Lock

import cloudpickle
import pandas as pd
from filelock import FileLock, Timeout

from coursekit import cluster as clusters
from coursekit import config
from coursekit import runtime as runtimes
from coursekit.errors import CourseError
from coursekit.runtime import Runtime
from coursekit.training import checkpoint
from coursekit.training.progress import Progress

Task = Callable[[dict], dict]  # settings -> results, both as JSON can hold them
ONE_AT_A_TIME = Lock()  # a worker's threads share torch's random state


@dataclass
class Sweep:
    """What came of a grid: rows {"settings", "results", "seconds"} of finished runs, in the grid's order; failures."""

    rows: list[dict] = field(default_factory=list)
    failures: list[dict] = field(default_factory=list)  # {"settings", "error"}

    def frame(self) -> pd.DataFrame:
        """One line a finished run: its settings, its results, its seconds."""
        return pd.DataFrame(
            [{**row["settings"], **row["results"], "seconds": row["seconds"]} for row in self.rows]
        )

    def whole(self) -> "Sweep":
        """Itself, where every run finished. CourseError names those that did not, with their settings."""
        if not self.failures:
            return self
        lines = "; ".join(f"{_words(each['settings'])}: {each['error']}" for each in self.failures)
        raise CourseError(
            f"{len(self.failures)} of {len(self.failures) + len(self.rows)} runs of the sweep failed: {lines}"
        )


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
    """Run what the table does not hold yet. A run that fails is reported and does not stop the rest."""
    keys = [_key(task, settings, runtime, identity) for settings in grid]
    with _locked(path):
        table = _read(path)
        due = {key: settings for key, settings in zip(keys, grid) if key not in table}
        failed = {}
        for key, row in _runs(task, due, runtime, clusters.address(cluster), workers):
            if "error" in row:
                failed[key] = row
            else:
                table[key] = row
                _write(path, table)
    return Sweep(
        [table[key] for key in keys if key in table],
        [failed[key] for key in dict.fromkeys(keys) if key in failed],
    )


def code(*functions: Callable) -> str:
    """A hash of the code that decides results: the package's, but for its command line and reports, and of these functions."""
    sources = [path.read_text(encoding="utf-8") for path in config.result_code()] + [
        inspect.getsource(each) for each in functions
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
    """On Dask's workers. A lost worker's run is given to another one; after three lost workers it counts as failed."""
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
            progress.say(
                f"{number} of {len(due)} runs done, on {len(client.scheduler_info()['workers'])} workers"
            )


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
    """The task with all it holds, as it is now: each run gets a copy, so no run can disturb another."""
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


# The table: JSON lines, written whole or not at all


def _read(path: Path | None) -> dict[str, dict]:
    """Key -> row of the finished runs. CourseError names a damaged table."""
    if path is None or not path.exists():
        return {}
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return {
            row["key"]: {name: row[name] for name in ("settings", "results", "seconds")}
            for row in rows
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CourseError(
            f"the table {path} is damaged ({type(error).__name__}): delete it and run again"
        ) from error


def _write(path: Path | None, table: dict[str, dict]) -> None:
    if path is None:
        return
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with open(temporary, "w", encoding="utf-8") as file:
            file.writelines(json.dumps({"key": key, **row}) + "\n" for key, row in table.items())
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise CourseError(
            f"the table {path} could not be written: {error.strerror}; free some space and run again, "
            "it goes on with what is not in it"
        ) from error


@contextmanager
def _locked(path: Path | None) -> Iterator[None]:
    """Only one sweep at a time fills a table."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(f"{path}.lock", timeout=0) if path is not None else nullcontext():
            yield
    except Timeout:
        raise CourseError(f"another sweep is filling {path} right now: wait for that one") from None
