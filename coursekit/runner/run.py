"""Runs lessons, one after the other in this process or several at once on Dask's workers (see `coursekit.cluster`)."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from coursekit import cluster as clusters
from coursekit.errors import UsageError, nearest
from coursekit.runner import record
from coursekit.runner.lessons import LessonFile
from coursekit.runner.record import Job, Outcome

TOPIC = "coursekit"


class Progress(Protocol):
    """Who wants to hear how the runs go on."""

    def cell(self, lesson: str, index: int, total: int) -> None: ...
    def done(self, outcome: Outcome) -> None: ...


def plan(lessons: Iterable[LessonFile], parameters: dict) -> list[Job]:
    """One job a lesson. UsageError where a lesson's parameters cell lacks one of the parameters."""
    jobs = []
    for lesson in lessons:
        if unknown := [name for name in parameters if name not in lesson.parameters]:
            raise UsageError(
                f"{lesson.id} has no parameter {unknown[0]!r}: {nearest(unknown[0], lesson.parameters)}"
            )
        folder = record.folder(parameters["profile"], lesson.id)
        jobs.append(Job(lesson.id, str(lesson.path), str(folder), tuple(parameters.items())))
    return jobs


def run(
    jobs: list[Job],
    *,
    workers: int = 1,
    force: bool = False,
    progress: Progress,
    cluster: str | None = None,
) -> list[Outcome]:
    """Run what is not up to date (everything with force) and return every outcome, in the jobs' order.

    With several workers on that many local processes, or on those of the scheduler at the address `cluster`.
    """
    due = [job for job in jobs if force or record.outdated(job)]
    outcomes = {job.lesson: _current(job) for job in jobs if job not in due}
    for outcome in outcomes.values():
        progress.done(outcome)
    workers = min(workers, len(due))
    for outcome in (
        _parallel(due, workers, cluster, progress.cell)
        if workers > 1
        else _in_turn(due, progress.cell)
    ):
        outcomes[outcome.lesson] = outcome
        progress.done(outcome)
    return [outcomes[job.lesson] for job in jobs]


def _current(job: Job) -> Outcome:
    past = record.load(job.folder)
    return Outcome(job.lesson, "current", past.seconds, results=past.results)


def _in_turn(jobs: list[Job], on_cell: Callable) -> Iterator[Outcome]:
    """In this process, in a second thread: the first stays free to hear Ctrl-C and then ends the kernel."""
    if not jobs:
        return
    from coursekit.runner.execute import execute, stop_kernels

    with ThreadPoolExecutor(1) as pool:
        for job in jobs:
            future = pool.submit(execute, job, on_cell)
            try:
                yield future.result()
            except KeyboardInterrupt:
                stop_kernels()
                raise


def _parallel(
    jobs: list[Job], workers: int, cluster: str | None, on_cell: Callable
) -> Iterator[Outcome]:
    """On Dask's workers, a process each. A lost worker's lesson is tried again; kernels end with their worker."""
    from distributed import as_completed

    environment = {name: os.environ[name] for name in record.ENVIRONMENT if name in os.environ}
    with clusters.client(workers=workers, address=cluster) as client:
        client.subscribe_topic(TOPIC, lambda event: on_cell(*event[1]))
        futures = {client.submit(_remote, job, environment, pure=False): job for job in jobs}
        for future in as_completed(futures):
            error = clusters.task_error(future)
            lost = Outcome(futures[future].lesson, "failed", error=f"its worker was lost: {error}")
            yield lost if error else future.result()


def _remote(job: Job, environment: dict[str, str]) -> Outcome:
    from distributed import get_worker

    from coursekit.runner.execute import execute

    worker = get_worker()
    with clusters.worker_environment(environment):
        return execute(job, lambda *event: worker.log_event(TOPIC, event))
