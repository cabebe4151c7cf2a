"""What an assignment can earn: its questions and their parts, the cap, and what lateness costs."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from coursekit.errors import CourseError
from coursekit.homework.text import clean, decoded

EXAMPLE = Path(__file__).parent / "rubric.toml"
PERSON = ("student", "number", "student2", "number2")  # columns: whose row it is
LATE = "late"  # column: begun days after the deadline


@dataclass(frozen=True)
class Part:
    """One part of a question and the most it can earn. A bonus may be left empty."""

    id: str
    marks: Decimal
    bonus: bool


@dataclass(frozen=True)
class Question:
    """A question and its parts."""

    id: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Rubric:
    """What can be earned, how much of it counts, and what lateness costs."""

    title: str
    cap: Decimal
    questions: tuple[Question, ...]
    free_days: int
    percent: tuple[Decimal, ...]

    @property
    def parts(self) -> list[Part]:
        return [part for question in self.questions for part in question.parts]

    def kept(self, days: int) -> Decimal:
        """Days late -> the share of the mark that is kept, between 0 and 1."""
        if days <= self.free_days:
            return Decimal(1)
        over = days - self.free_days
        return 1 - self.percent[over - 1] / 100 if over <= len(self.percent) else Decimal(0)


def read_rubric(path: Path) -> Rubric:
    """The rubric in a TOML file. CourseError names what is wrong with it."""
    text, advice = decoded(path), f"compare it with {EXAMPLE.name} of coursekit"
    try:
        rubric = _rubric(tomllib.loads(text, parse_float=Decimal))
        _check(rubric)
    except KeyError as error:
        missing = f"{path} has no {error.args[0]!r} where one is needed"
        raise CourseError(f"{missing}: {advice}") from None
    except (ValueError, TypeError, ArithmeticError, AttributeError, RecursionError) as error:
        raise CourseError(f"{path} is not a rubric ({error}): {advice}") from None
    return rubric


def _rubric(content: Mapping) -> Rubric:
    late = content["late"]
    return Rubric(
        str(content.get("title", "")),
        _positive(content["cap"]),
        tuple(_question(question) for question in content["question"]),
        int(late["free_days"]),
        tuple(Decimal(percent) for percent in late["percent"]),
    )


def _question(content: Mapping) -> Question:
    return Question(clean(str(content["id"])), tuple(_part(part) for part in content["parts"]))


def _part(content: Mapping) -> Part:
    bonus = bool(content.get("bonus", False))
    return Part(clean(str(content["id"])), _positive(content["marks"]), bonus)


def _positive(value: int | str | Decimal) -> Decimal:
    number = Decimal(value)
    if not number.is_finite() or number <= 0:
        raise ValueError(f"{value} where a number above 0 is needed")
    return number


def _check(rubric: Rubric) -> None:
    """ValueError where the pieces are right, but not together."""
    names = [part.id for part in rubric.parts]
    if not names or not all(question.parts for question in rubric.questions):
        raise ValueError("a question without parts")
    if doubled := _doubled(names):
        raise ValueError(f"two parts are called {doubled!r}")
    if doubled := _doubled([question.id for question in rubric.questions]):
        raise ValueError(f"two questions are called {doubled!r}")
    if clash := [name for name in names if name in (*PERSON, LATE)]:
        raise ValueError(f"{clash[0]!r} is a column of its own and cannot be a part")
    if not all(names):
        raise ValueError("a part whose id is empty")
    if not all(0 <= percent <= 100 for percent in rubric.percent):
        raise ValueError("late percent outside 0 to 100")


def _doubled(names: list[str]) -> str:
    """The first name that is there twice, or nothing."""
    return next((name for name in names if names.count(name) > 1), "")
