"""The report rules for one notebook: run in order, outputs stored, captions, numbers, analysis."""

import re
from collections.abc import Iterator, Sequence

from nbformat import NotebookNode

from coursekit.homework.events import Event
from coursekit.homework.verdict import SHOWS, Verdict

EXEMPT = (  # coursekit's own tables: the lesson's text is their analysis
    "Settings of each profile",
    "The claims of this lesson",
)
ANALYSIS = re.compile(  # a section of this name belongs to the one before
    r"analys|discuss|conclusion|تحلیل|بحث|نتیجه", re.IGNORECASE
)
WORDS = 12  # of prose count as an analysis
LARGEST_OUTPUT, LARGEST_TEXT = 4_000_000, 200_000  # letters
RICH = ("image/", "text/html", "video/", "application/")
RERUN = "restart the kernel, run all cells, save"
HEAD = 1  # the cell of the title
NOTHING = Event("", 0)


def order(code: dict[int, NotebookNode]) -> Iterator[str]:
    """Cells that were not run, not in order, or that failed. code: the code cells by number."""
    if not code:
        yield "no code cell: hand in the notebook that made the results"
    due = 0
    for number, cell in code.items():
        count = cell.get("execution_count")
        if count is None:
            yield f"cell {number}: was not run; {RERUN}"
            continue
        due += 1
        if count != due:
            told = f"was run as number {count} where {due} is due"
            yield f"cell {number}: {told}, so not in order from a fresh kernel; {RERUN}"
            due = count if isinstance(count, int) else due
        for output in cell.outputs:
            if output.output_type == "error":
                error = output.get("ename", "error")
                yield f"cell {number}: stopped with {error}; mend it, {RERUN}"


def cleared(code: dict[int, NotebookNode], verdicts: dict[int, Verdict]) -> Iterator[str]:
    """Cells that were run and show something, but hold no output."""
    for number, cell in code.items():
        if silent(cell) and verdicts[number] == SHOWS:
            told = "was run, but its output is not stored"
            yield f"cell {number}: {told}; {RERUN} without clearing outputs"


def silent(cell: NotebookNode) -> bool:
    """Whether a code cell was run and holds no output."""
    return cell.get("execution_count") is not None and not cell.outputs


def sizes(code: dict[int, NotebookNode]) -> Iterator[str]:
    """Outputs that are too long."""
    for number, cell in code.items():
        for output in cell.outputs:
            for kind, content in _contents(output):
                most = LARGEST_OUTPUT if kind.startswith(RICH) else LARGEST_TEXT
                if len(content) > most:
                    told = f"an output of {len(content) / 1e6:.1f} MB, at most {most / 1e6:g}"
                    yield f"cell {number}: {told}; make the figure smaller or print less"


def captions(events: Sequence[Event]) -> Iterator[str]:
    """A figure's caption stands right below it, a table's right above.

    A picture in the first cell, under the title, is a cover and needs none.
    """
    for above, event, below in zip(
        [NOTHING, *events[:-1]], events, [*events[1:], NOTHING], strict=True
    ):
        captioned = (below.kind, below.of) == ("caption", "figure")
        if event.kind == "figure" and event.cell != HEAD and not captioned:
            advice = 'write "Figure N. What it shows" there (lesson.figure does)'
            yield f"cell {event.cell}: a figure without a caption below it; {advice}"
        if event.kind == "table" and (above.kind, above.of) != ("caption", "table"):
            advice = 'write "Table N. What it holds" there (lesson.table does)'
            yield f"cell {event.cell}: a table without a caption above it; {advice}"
        if event.kind == "caption" and len(event.text) < 3:
            told = f"the caption of {event.of} {event.number} says nothing"
            yield f"cell {event.cell}: {told}; say what the {event.of} shows"


def numbers(events: Sequence[Event]) -> Iterator[str]:
    """Numbers of a kind go 1, 2, 3 …"""
    for kind in ("figure", "table"):
        captions = [event for event in events if (event.kind, event.of) == ("caption", kind)]
        for due, event in enumerate(captions, captions[0].number if captions else 1):
            if event.number != due:
                told = f"{kind} {event.number} stands where {kind} {due} is due"
                yield f"cell {event.cell}: {told}; number them in the order of the page"
                break


def analysis(events: Sequence[Event]) -> Iterator[str]:
    """After a section's last figure or table, or in a section of analysis right after it, prose."""
    open_at, words = 0, 0
    ends = [*events, Event("heading", 0, number=1)]
    for above, event in zip([NOTHING, *events], ends, strict=True):
        if event.kind in ("figure", "table") and not above.text.startswith(EXEMPT):
            open_at, words = event.cell, 0
        elif event.kind == "prose":
            words += len(event.text.split())
        elif event.kind == "heading" and event.number <= 2 and not ANALYSIS.search(event.text):
            if open_at and words < WORDS:
                advice = "write below it what it shows and why"
                told = "nothing is said about this result before the section ends"
                yield f"cell {open_at}: {told}; {advice}"
            open_at = 0


def _contents(output: NotebookNode) -> Iterator[tuple[str, str]]:
    if output.output_type == "stream":
        yield "text/plain", str(output.get("text", ""))
    for kind, content in output.get("data", {}).items():
        yield kind, str(content)
