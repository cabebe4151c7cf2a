"""Dask's worker processes: local ones, or those of a scheduler that exists. Light: no torch."""

import logging
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING

from coursekit.config import Variable, cluster_address, cores, thread_count, worker_limit
from coursekit.errors import CourseError, UsageError

if TYPE_CHECKING:
    from distributed import Client

SECONDS_TO_ANSWER = 5  # how long a scheduler may take to say hello
SCHEMES = ("tcp", "tls", "ws", "wss", "ucx")
LARGE = "distributed.admin.large-graph-warning-threshold"  # a sweep sends its pictures along


def address(given: str | None = None) -> str | None:
    """The scheduler to use: the one given, else the environment's, else none."""
    return given or cluster_address()


def worker_count(tasks: int, threads: int | None = None) -> int:
    """Worker processes for this many tasks, never more than tasks.

    As many as the environment asks for, else one for each `threads` cores.
    """
    wanted = worker_limit() or cores() // (threads or thread_count())
    return max(1, min(tasks, wanted))


@contextmanager
def client(*, workers: int, address: str | None = None) -> "Iterator[Client]":
    """A Dask client: of the scheduler at `address`, else of `workers` new local processes.

    Those processes end with the block.
    """
    import dask

    with dask.config.set({LARGE: "2 GiB"}):
        if address:
            with _connect(address) as found, found.as_current():
                yield found
            return
        from distributed import Client, LocalCluster

        with _interrupts_held():
            cluster = LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                dashboard_address="127.0.0.1:0",
                memory_limit=0,
                silence_logs=logging.CRITICAL,
            )
        with cluster, Client(cluster) as found:
            yield found


@contextmanager
def worker_environment(environment: dict[str, str]) -> Iterator[None]:
    """On a worker: this environment, and sweeps in one process, for other workers are busy too."""
    before = dict(os.environ)
    os.environ.update({**environment, Variable.WORKERS: "1", Variable.CLUSTER: ""})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def task_error(future) -> BaseException | None:
    """What broke a task that is over, or nothing. CourseError where the scheduler went away."""
    if future.cancelled():  # codespell:ignore cancelled
        raise CourseError(
            "the Dask scheduler went away: what was finished is kept, run again for the rest"
        )
    return future.exception()


def check(address: str) -> None:
    """CourseError where no scheduler answers."""
    _connect(address).close()


def _connect(address: str) -> "Client":
    """A client of a scheduler that exists.

    CourseError where none answers, UsageError for what is no address.
    """
    from distributed import Client

    scheme, separator, place = address.rpartition("://")
    host, _, port = place.rpartition(":") if ":" in place else (place, "", "8786")
    if (separator and scheme not in SCHEMES) or not port.isdecimal():
        raise UsageError(
            f"{address!r} is not the address of a Dask scheduler: write it as tcp://HOST:8786"
        )
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        socket.create_connection(
            (host.strip("[]"), int(port)), SECONDS_TO_ANSWER
        ).close()  # Dask itself would try for long
        return Client(address, timeout=SECONDS_TO_ANSWER, set_as_default=False)
    except (OSError, ValueError, OverflowError) as error:  # nobody there, or somebody else
        raise CourseError(
            f"no Dask scheduler answers at {address!r} ({type(error).__name__}): start one with "
            "`dask scheduler`, or leave out --cluster and unset COURSEKIT_CLUSTER to use this "
            "machine"
        ) from None


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Ctrl-C waits, and processes started meanwhile never hear it: this process ends them."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    resource_tracker.ensure_running()  # or the first process started lets interrupts through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
