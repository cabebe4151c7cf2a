"""Marks for a folder of hand-ins: each exercise of each lesson, right or not, and why."""

import json
import time
from dataclasses import dataclass, field
from pathlib import Path

from coursekit.errors import CourseError, UsageError
from coursekit.exercises.checks import exercises
from coursekit.files import existing
from coursekit.grading import confine, edition, process
from coursekit.grading.process import Cells, Limits
from coursekit.runner import lessons

RESTARTS = 5  # of a hand-in whose process ended in the middle, each time without that cell
LARGEST_NOTEBOOK = 50_000_000  # bytes
NOT_THERE = "It was not handed in."


@dataclass(frozen=True)
class Mark:
    """One exercise of one hand-in: right or not, and what is wrong with it."""

    lesson: str
    exercise: str
    right: bool
    said: str

    @property
    def part(self) -> str:
        """Its column in the table of marks, as in "01 pca"."""
        return f"{self.lesson[:2]} {self.exercise}"


@dataclass
class Graded:
    """One student's marks, in the order of the lessons, and notes of what was not looked at."""

    student: str
    marks: list[Mark] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def hand_ins(folder: Path) -> list[Path]:
    """The folders of the students, by name. UsageError where there is none."""
    found = sorted(path for path in existing(folder, "folder").iterdir() if path.is_dir())
    if not found:
        raise UsageError(f"{folder} holds no folder: one for each student is expected")
    return found


def assigned(folders: list[Path], names: list[str]) -> list[str]:
    """The lessons to grade: those named, else all of which anybody handed something in."""
    known = [lesson.id for lesson in lessons.find(names)]
    found = known if names else [name for name in known if any(_file(f, name) for f in folders)]
    found = [name for name in found if exercises(name)]
    if not found:
        raise UsageError("no notebook of a lesson with exercises was found in these folders")
    return found


def grade(folder: Path, names: list[str], limits: Limits) -> Graded:
    """Run one student's notebooks of these lessons and mark their exercises.

    CourseError where this machine cannot shut a hand-in in.
    """
    if limits.confined and (lack := confine.problem()):
        raise CourseError(
            f"a hand-in cannot be shut in here: {lack}; grade in a container that has no network "
            "and holds nothing else, with --trust-container"
        )
    graded = Graded(folder.name)
    known = {name: _file(folder, name) for name in names}
    taken = {path for path in known.values() if path}
    others = [path.name for path in _notebooks(folder) if path not in taken]
    graded.notes += [f"{name}: of no lesson that is graded" for name in others]
    for name, path in known.items():
        graded.marks += _lesson(name, path, folder, limits, graded.notes)
    return graded


def _lesson(
    name: str, path: Path | None, folder: Path, limits: Limits, notes: list[str]
) -> list[Mark]:
    """The marks of one lesson, in the order of its exercises."""
    found: dict[str, tuple[bool, str]] = {}
    if path is not None:
        try:
            found = _run(name, _cells(path, exercises(name)), folder, limits, notes)
        except CourseError as error:
            notes.append(str(error))
    return [Mark(name, task, *found.get(task, (False, NOT_THERE))) for task in exercises(name)]


def _notebooks(folder: Path) -> list[Path]:
    found = (path for path in sorted(folder.rglob("*.ipynb")) if not path.is_symlink())
    return [path for path in found if ".ipynb_checkpoints" not in path.parts]


def _file(folder: Path, lesson: str) -> Path | None:
    """The student's notebook of a lesson: by its name, or by its number."""
    found = _notebooks(folder)
    named = [path for path in found if path.stem == lesson]
    numbered = [path for path in found if path.stem[:3] in (lesson[:3], f"{lesson[:2]}-")]
    return next(iter([*named, *numbered]), None)


def _cells(path: Path, known: dict) -> Cells:
    """(source, checks) of the code cells. CourseError where it is no notebook."""
    try:
        if path.stat().st_size > LARGEST_NOTEBOOK:
            raise ValueError(f"it is larger than {LARGEST_NOTEBOOK:,} bytes")
        cells = json.loads(path.read_text(encoding="utf-8-sig"))["cells"]
        sources = ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise CourseError(f"{path.name} is not a readable notebook ({error})") from None
    return [
        (source, [(task, said) for task, said in edition.checks(source) if task in known])
        for source in sources
    ]


def _run(
    name: str,
    cells: Cells,
    folder: Path,
    limits: Limits,
    notes: list[str],
) -> dict[str, tuple[bool, str]]:
    """(right, said) by exercise. A cell that ends the process is left out, and it is run again."""
    deadline = time.monotonic() + limits.seconds
    found: dict[str, tuple[bool, str]] = {}
    for _ in range(RESTARTS):
        lines = process.run_once(name, cells, folder, limits, max(1.0, deadline - time.monotonic()))
        for line in lines:
            if "exercise" in line:
                found.setdefault(line["exercise"], (bool(line["right"]), str(line["said"])))
        if any("done" in line for line in lines):
            break
        reached = [line["cell"] for line in lines if "cell" in line]
        over = time.monotonic() >= deadline
        end = "the time was over" if over else "the process ended (stopped, or out of memory)"
        notes.append(f"{name}: in code cell {(reached or [0])[-1] + 1} {end}")
        if over or not reached:
            break
        for task, _ in cells[reached[-1]][1]:
            found.setdefault(task, (False, f"In its cell {end}."))
        cells = [("", []) if n == reached[-1] else cell for n, cell in enumerate(cells)]
    return found
