"""Runs lessons: in turn in this process, or several at once on Dask's workers."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from coursekit import cluster as clusters
from coursekit import config
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
                f"{lesson.id} has no parameter {unknown[0]!r}: "
                f"{nearest(unknown[0], lesson.parameters)}"
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
    """Run what is not up to date (everything with force) -> every outcome, in the jobs' order.

    Several workers are so many local processes, or those of the scheduler at `cluster`.
    """
    outcomes = {}
    for job in jobs:
        if not force and (outcome := _current(job)):
            outcomes[job.lesson] = outcome
            progress.done(outcome)
    due = [job for job in jobs if job.lesson not in outcomes]
    workers = min(workers, len(due))
    if workers > 1:
        ended = _parallel(due, workers, cluster, progress.cell)
    else:
        ended = _in_turn(due, progress.cell)
    for outcome in ended:
        outcomes[outcome.lesson] = outcome
        progress.done(outcome)
    return [outcomes[job.lesson] for job in jobs]


def _current(job: Job) -> Outcome | None:
    """The last run's outcome, if it would come out the same today."""
    past = record.load(job.folder)
    if past is None or record.outdated(job):
        return None
    return Outcome(job.lesson, "current", past.seconds, results=past.results)


def _in_turn(jobs: list[Job], on_cell: Callable) -> Iterator[Outcome]:
    """In a second thread: the first stays free to hear Ctrl-C and then ends the kernel."""
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
    """On Dask's workers, a process each, with which their kernels end. A lost one is replaced."""
    from distributed import as_completed

    environment = record.environment()
    with clusters.client(workers=workers, address=cluster) as client:
        client.subscribe_topic(TOPIC, lambda event: on_cell(*event[1]))
        futures = {client.submit(_remote, job, environment, pure=False): job for job in jobs}
        for future in as_completed(futures):
            error = clusters.task_error(future)
            lost = Outcome(futures[future].lesson, "failed", error=f"its worker was lost: {error}")
            yield lost if error else future.result()


def _remote(job: Job, environment: dict[str, str]) -> Outcome:
    from distributed import get_worker

    worker = get_worker()
    with config.without_warnings(), clusters.worker_environment(environment):
        from coursekit.runner.execute import execute

        return execute(job, lambda *event: worker.log_event(TOPIC, event))
