"""What a person sees while lessons run: live bars in a terminal, one line a lesson elsewhere, a table at the end."""

from rich import box
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TransferSpeedColumn,
)
from rich.table import Table

from coursekit.runner.record import Job, Outcome

WORDS = {"ran": "ran", "current": "up to date", "failed": "FAILED", "stopped": "stopped"}


def console(*, stderr: bool = False) -> Console:
    """A console that wraps at the screen's width, and does not wrap at all where there is no screen."""
    screen = Console(stderr=stderr)
    return screen if screen.is_terminal else Console(stderr=stderr, width=400)


def table(out: Console, *columns: str) -> Table:
    """A table with rules in a terminal, and plain aligned columns elsewhere."""
    return Table(
        *columns,
        box=box.SIMPLE_HEAD if out.is_terminal else None,
        pad_edge=False,
        header_style="bold",
    )


def sentence(outcome: Outcome) -> str:
    """How a lesson ended, in one line."""
    seconds = f" in {outcome.seconds:.1f} s" if outcome.state == "ran" else ""
    claims = f", {outcome.claims} claims hold" if outcome.claims else ""
    return f"{outcome.lesson}: {WORDS[outcome.state]}{seconds}{claims}{': ' + outcome.error if outcome.error else ''}"


def summary(out: Console, outcomes: list[Outcome]) -> Table:
    """The closing table: every lesson, how it ended, seconds, claims, and the error if there was one."""
    rows = table(out, "lesson", "result", "seconds", "claims hold", "error")
    for each in outcomes:
        seconds = f"{each.seconds:.1f}" if each.seconds else ""
        rows.add_row(each.lesson, WORDS[each.state], seconds, each.claims, each.error)
    return rows


class Lines:
    """For logs and pipes: one line when a lesson is done."""

    def __init__(self, out: Console):
        self.out = out

    def __enter__(self) -> "Lines":
        return self

    def __exit__(self, *exception) -> None:
        pass

    def cell(self, lesson: str, index: int, total: int) -> None:
        pass

    def done(self, outcome: Outcome) -> None:
        self.out.print(sentence(outcome), markup=False, highlight=False)


class Bars(Lines):
    """For a terminal: a bar for each running lesson that shows the cell it has reached."""

    def __init__(self, out: Console, jobs: list[Job]):
        super().__init__(out)
        self.waiting = {job.lesson for job in jobs}
        self.bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("cell {task.completed} of {task.total}"),
            TimeElapsedColumn(),
            console=out,
            transient=True,
        )
        self.tasks = {}

    def __enter__(self) -> "Bars":
        self.bars.start()
        return self

    def __exit__(self, *exception) -> None:
        self.bars.stop()

    def cell(self, lesson: str, index: int, total: int) -> None:
        if lesson not in self.waiting:  # events of Dask's workers can arrive late
            return
        if lesson not in self.tasks:
            self.tasks[lesson] = self.bars.add_task(lesson, total=total)
        self.bars.update(self.tasks[lesson], completed=index)

    def done(self, outcome: Outcome) -> None:
        self.waiting.discard(outcome.lesson)
        if (task := self.tasks.pop(outcome.lesson, None)) is not None:
            self.bars.remove_task(task)
        super().done(outcome)


def watcher(out: Console, jobs: list[Job]) -> Lines:
    """Bars in a terminal, lines elsewhere."""
    return Bars(out, jobs) if out.is_terminal else Lines(out)


class Download:
    """A bar for each file of a download, in a terminal only. Call it with (bytes so far, bytes in all, file name)."""

    def __init__(self, out: Console):
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
        )
        self.bars, self.tasks = (
            Progress(*columns, console=out, transient=True, disable=not out.is_terminal),
            {},
        )

    def __enter__(self) -> "Download":
        self.bars.start()
        return self

    def __exit__(self, *exception) -> None:
        self.bars.stop()

    def __call__(self, done: int, total: int | None, name: str) -> None:
        if name not in self.tasks:
            self.tasks[name] = self.bars.add_task(name, total=total)
        self.bars.update(self.tasks[name], completed=done, total=total)
