"""What a person sees: live bars and tables in a terminal, plain lines and columns elsewhere.

Names and errors come from anywhere, so a console takes no text for markup and writes control
characters out. That is decided here and nowhere else.
"""

import textwrap
from collections.abc import Iterator
from typing import Any

from rich import box
from rich.console import Console, ConsoleOptions, RenderableType
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TransferSpeedColumn,
)
from rich.table import Table
from rich.text import Text

from coursekit.errors import printable
from coursekit.runner.record import Job, Outcome

WORDS = {"ran": "ran", "current": "up to date", "failed": "FAILED", "stopped": "stopped"}
UNWRAPPED = 4000  # columns where there is no screen
READABLE = 10  # columns that a table's cell needs at least, where its words are that long
NARROW = 80  # columns below which a bar leaves no room for a lesson's name


class Screen(Console):
    """A console that shows text as it is: no markup, no emoji codes, no control characters."""

    def __init__(self, **options: Any):
        super().__init__(markup=False, emoji=False, highlight=False, **options)

    def render_str(self, text: str, **options) -> Text:
        return super().render_str(printable(text), **options)


def console(*, stderr: bool = False) -> Screen:
    """A console that wraps at the screen's width, and not at all where there is no screen."""
    screen = Screen(stderr=stderr)
    return screen if screen.is_terminal else Screen(stderr=stderr, width=UNWRAPPED)


class Rows:
    """Rows of text under headings; one paragraph a row where the screen is too narrow for that.

    The first column holds names, which stay whole either way.
    """

    def __init__(self, *headings: str, ruled: bool):
        self.headings, self.ruled = headings, ruled
        self.rows: list[tuple[str, ...]] = []

    def add_row(self, *cells: str) -> None:
        """Add a row: one text for each heading."""
        self.rows.append(tuple(map(printable, cells)))

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        if self._needed() <= options.max_width:
            yield self._table()
        else:
            for row in self.rows:
                yield from self._paragraph(row, options.max_width)

    def _needed(self) -> int:
        """Columns that the table needs to be read."""
        names, *others = zip(self.headings, *self.rows)
        words = [max(len(word) for text in column for word in text.split()) for column in others]
        return max(map(len, names)) + sum(min(longest, READABLE) + 2 for longest in words)

    def _table(self) -> Table:
        shown = Table(
            box=box.SIMPLE_HEAD if self.ruled else None, pad_edge=False, header_style="bold"
        )
        whole = max(len(row[0]) for row in (self.headings, *self.rows))
        shown.add_column(self.headings[0], no_wrap=True, min_width=whole)
        for heading in self.headings[1:]:
            shown.add_column(heading, overflow="fold")
        for row in self.rows:
            shown.add_row(*row)
        return shown

    def _paragraph(self, row: tuple[str, ...], width: int) -> Iterator[str]:
        yield row[0]
        for heading, cell in zip(self.headings[1:], row[1:]):
            if cell.strip():
                yield textwrap.fill(
                    f"{heading}: {cell}",
                    width,
                    initial_indent="  ",
                    subsequent_indent="    ",
                    break_long_words=False,
                )


def table(out: Console, *headings: str) -> Rows:
    """A table with rules in a terminal, and plain aligned columns elsewhere."""
    return Rows(*headings, ruled=out.is_terminal)


def sentence(outcome: Outcome) -> str:
    """How a lesson ended, in one line."""
    seconds = f" in {outcome.seconds:.1f} s" if outcome.state == "ran" else ""
    claims = f", {outcome.claims} claims hold" if outcome.claims else ""
    error = f": {outcome.error}" if outcome.error else ""
    return f"{outcome.lesson}: {WORDS[outcome.state]}{seconds}{claims}{error}"


def summary(out: Console, outcomes: list[Outcome]) -> Rows:
    """The closing table: lesson, how it ended, seconds, claims, and the error if there was one."""
    rows = table(out, "lesson", "result", "seconds", "claims hold", "error")
    for outcome in outcomes:
        seconds = f"{outcome.seconds:.1f}" if outcome.seconds else ""
        rows.add_row(outcome.lesson, WORDS[outcome.state], seconds, outcome.claims, outcome.error)
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
        self.out.print(sentence(outcome), soft_wrap=True)


class Bars(Lines):
    """For a terminal: a bar for each running lesson that shows the cell it has reached."""

    def __init__(self, out: Console, jobs: list[Job]):
        super().__init__(out)
        self.waiting = {job.lesson for job in jobs}
        self.bars = Progress(*_columns(out.width), console=out, transient=True)
        self.tasks: dict[str, TaskID] = {}

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


def _columns(width: int) -> tuple[ProgressColumn, ...]:
    """A lesson's name, and as much of its progress as there is room for."""
    name = TextColumn("{task.description}", markup=False)
    if width < NARROW:
        return name, TextColumn("{task.completed}/{task.total}")
    reached = TextColumn("cell {task.completed} of {task.total}")
    return name, BarColumn(), reached, TimeElapsedColumn()


class Download:
    """A bar for each file of a download, in a terminal only.

    Call it with (bytes so far, bytes in all, file name).
    """

    def __init__(self, out: Console):
        name = TextColumn("{task.description}", markup=False)
        columns = (name, BarColumn(), DownloadColumn(), TransferSpeedColumn())
        off = not out.is_terminal
        self.bars = Progress(*columns, console=out, transient=True, disable=off)
        self.tasks: dict[str, TaskID] = {}

    def __enter__(self) -> "Download":
        self.bars.start()
        return self

    def __exit__(self, *exception) -> None:
        self.bars.stop()

    def __call__(self, done: int, total: int | None, name: str) -> None:
        name = printable(name)
        if name not in self.tasks:
            self.tasks[name] = self.bars.add_task(name, total=total)
        self.bars.update(self.tasks[name], completed=done, total=total)
