"""Marks of an assignment: what each part earned -> each question, the average, what lateness costs.

The rules of the source: a question counts at most 100, its bonus included, and only then are the
questions averaged (105 and 95 give 97.5); three days late are free, the next four cost 5, 10, 15
and 20 %, and after a week nothing is left.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from coursekit.homework.rubric import LATE, PERSON, Rubric
from coursekit.homework.submissions import Submission

FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")  # what begins one somewhere


@dataclass(frozen=True)
class Mark:
    """What came out of a submission. questions: earned, before the cap; counted: after it."""

    submission: Submission
    questions: dict[str, Decimal]
    counted: dict[str, Decimal]
    average: Decimal
    kept: Decimal

    @property
    def final(self) -> Decimal:
        return self.average * self.kept


def mark(rubric: Rubric, submission: Submission) -> Mark:
    """The marks of one submission."""
    earned = {
        question.id: sum((submission.earned[part.id] for part in question.parts), Decimal(0))
        for question in rubric.questions
    }
    counted = {name: min(value, rubric.cap) for name, value in earned.items()}
    average = sum(counted.values(), Decimal(0)) / len(counted)
    return Mark(submission, earned, counted, average, rubric.kept(submission.late))


def as_csv(rubric: Rubric, marks: Sequence[Mark]) -> str:
    """Every mark as a row: who, days late, parts, questions before and after the cap, the mark."""
    people = [name for name in PERSON if any(name in row.submission.person for row in marks)]
    questions = [question.id for question in rubric.questions]
    header = [
        *people,
        LATE,
        *(part.id for part in rubric.parts),
        *(f"question {name}" for name in questions),
        *(f"question {name} counted" for name in questions),
        "average",
        "percent off",
        "mark",
    ]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([_harmless(name) for name in header])
    writer.writerows(_cells(row, people, rubric) for row in marks)
    return out.getvalue()


def shown(value: Decimal) -> str:
    """A mark with at most two decimals, halves rounded up."""
    text = f"{value.quantize(Decimal('0.01'), ROUND_HALF_UP):f}"
    return text.rstrip("0").rstrip(".")


def _cells(row: Mark, people: list[str], rubric: Rubric) -> list[str]:
    submission = row.submission
    numbers = [
        *(submission.earned[part.id] for part in rubric.parts),
        *row.questions.values(),
        *row.counted.values(),
        row.average,
        100 * (1 - row.kept),
        row.final,
    ]
    who = [_harmless(submission.person.get(name, "")) for name in people]
    return [*who, str(submission.late), *(shown(number) for number in numbers)]


def _harmless(cell: str) -> str:
    """A name that a spreadsheet would take for a formula gets an apostrophe before it."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell
