"""The process that runs one hand-in: shut in, cell by cell, an answer checked after its cell.

    python -m coursekit.grading.child    # a Job as JSON on stdin; marks as JSON lines on its pipe

It never says more than one line an exercise, and each is signed with a key that the job brought.
"""

import hmac
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from coursekit.grading import confine


@dataclass(frozen=True)
class Job:
    """A hand-in to run. cells: source and its checks (exercise, expression); pipe: to tell by."""

    lesson: str
    cells: list[tuple[str, list[tuple[str, str]]]]
    key: str
    pipe: int
    seeds: list[int]
    work: str
    readable: list[str]
    seconds: int
    cell_seconds: float
    gigabytes: float
    confined: bool = True

    def as_json(self) -> str:
        return json.dumps(asdict(self))


class OutOfTime(BaseException):
    """A cell has had its seconds. Not an Exception: `except Exception` lets it go."""


def main() -> None:
    job = Job(**json.loads(sys.stdin.read()))
    os.close(0)
    os.open(os.devnull, os.O_RDONLY)
    confine.limit(seconds=job.seconds, gigabytes=job.gigabytes)
    if job.confined:
        confine.shut_files(readable=map(Path, job.readable), writable=[Path(job.work)])
    for line in marks(job):
        _write(job.pipe, line)


def signed(key: str, body: str) -> str:
    """One line: the signature of the body, a blank, the body."""
    return f"{hmac.new(key.encode(), body.encode(), 'sha256').hexdigest()} {body}\n"


def opened(key: str, line: str) -> dict | None:
    """What a line says, or None where its signature is not that of the key."""
    body = line.strip().partition(" ")[2]
    return (
        json.loads(body) if hmac.compare_digest(signed(key, body).strip(), line.strip()) else None
    )


def marks(job: Job) -> Iterator[str]:
    """Run the cells; yield a signed line before each cell and for each exercise."""
    sign, dump = signed, json.dumps  # as they are now, whatever the hand-in does to them
    shell, test = _shell(), _tester(job)
    for number, (source, asked) in enumerate(job.cells):
        yield sign(job.key, dump({"cell": number}))
        os.truncate(1, 0)  # what one cell printed leaves room for the next
        os.lseek(1, 0, os.SEEK_SET)
        problem = _run(shell, source, job.cell_seconds)
        for name, expression in asked:
            said = problem or test(name, expression, shell.user_ns)
            yield sign(job.key, dump({"exercise": name, "cell": number, **_mark(said)}))
    yield sign(job.key, dump({"done": True}))


def _mark(said: str) -> dict[str, Any]:
    return {"right": not said, "said": said}


def _shell() -> Any:
    from IPython.core.interactiveshell import InteractiveShell

    InteractiveShell.enable_gui = lambda self, gui=None: None  # type: ignore[method-assign]
    return InteractiveShell.instance(colors="nocolor")


def _tester(job: Job) -> Callable[[str, str, dict], str]:
    """A function (exercise, expression, names) -> what is wrong, empty where nothing is."""
    from coursekit.exercises import checks
    from coursekit.grading import integrity

    known = checks.exercises(job.lesson)
    module = sys.modules.get(f"coursekit.exercises.lesson_{job.lesson[:2]}")
    watched = integrity.parts(module)
    before, changed, fault = integrity.snapshot(watched), integrity.changed, checks.fault

    def test(name: str, expression: str, names: dict) -> str:
        try:
            answer = eval(expression, names)
        except Exception as error:
            return f"The answer could not be had: {type(error).__name__}."
        if part := changed(before, watched):
            return f"The notebook replaces {part}, which the checks use."
        if said := fault(known[name], answer):
            return said
        hidden = any(fault(known[name], answer, seed=seed) for seed in job.seeds)
        if part := changed(before, watched):
            return f"The answer replaces {part}, which the checks use."
        return "It passes the check in the notebook and fails on other inputs." if hidden else ""

    return test


def _run(shell: Any, source: str, seconds: float) -> str:
    """Run a cell within its time; what stopped it if it had a check to come to, in words."""
    with _clock(seconds):
        outcome = shell.run_cell(source, store_history=False)
    error = outcome.error_before_exec or outcome.error_in_exec
    if isinstance(error, OutOfTime):
        return f"The cell ran for more than {seconds:g} seconds."
    if error is None or isinstance(error, NotImplementedError):
        return ""
    return f"The cell raised {type(error).__name__}."


@contextmanager
def _clock(seconds: float) -> Iterator[None]:
    def stop(number: int, frame: object) -> None:
        raise OutOfTime

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1)
    try:
        yield
    except OutOfTime:  # it struck between two cells
        pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _write(pipe: int, line: str) -> None:
    os.write(pipe, line.encode())


if __name__ == "__main__":
    main()
