"""The course's figures beside the sources': results.toml names them, reference/ holds ours."""

import json
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from coursekit import config
from coursekit.errors import DataError

HEADINGS = (
    "lesson",
    "figure",
    "source or baseline",
    "ours",
    "profile",
    "seconds, whole lesson",
)


HEADLINE = "headlines"  # the table of one figure a lesson
HEADLINES = ("lesson", "figure", "source", "strongest rival", "ours", "profile")


@dataclass(frozen=True)
class Row:
    """One figure. `measure` names it in results.json, `baseline` what it is held against there.

    digits: after the point; unit: "%" shows shares as percent; note: said after our value.
    source, where: the source's figure and what it is of, or what `baseline` is.
    """

    table: str
    lesson: str
    profile: str
    figure: str
    measure: str
    digits: int
    source: str = ""
    where: str = ""
    baseline: str = ""
    unit: str = ""
    note: str = ""
    highlight: bool = True

    @property
    def against(self) -> str:
        """The source's figure or our baseline's, in words."""
        if not self.baseline:
            return f"{self.source} {self.where}".strip()
        return self.rival

    @property
    def rival(self) -> str:
        """The baseline's figure and what it is."""
        return f"{self.shown(self._measured(self.baseline))} {self.where}"

    @property
    def value(self) -> str:
        """Our figure, as the reference of its profile has it."""
        return self.shown(self._measured(self.measure))

    @property
    def ours(self) -> str:
        """Our figure and what is to be said of it."""
        return f"{self.value} {self.note}".strip()

    @property
    def seconds(self) -> float:
        """How long the lesson took that gave it."""
        return reference(self.profile, self.lesson)["run"]["seconds"]

    def shown(self, value: float) -> str:
        """A value of this figure with its digits and unit."""
        if self.unit == "%":
            return f"{100 * value:.{self.digits}f} %"
        return f"{value:.{self.digits}f}"

    def _measured(self, name: str) -> float:
        measures = reference(self.profile, self.lesson)["measures"]
        if name not in measures:
            raise DataError(
                f"results.toml names {name!r}, which the {self.profile} reference of lesson "
                f"{self.lesson} does not hold"
            )
        return measures[name]["value"]


def rows() -> list[Row]:
    """Every row of results.toml, in its order; none where there is no such file."""
    path = config.ROOT / "results.toml"
    if not path.is_file():
        return []
    try:
        return [Row(**row) for row in tomllib.loads(path.read_text(encoding="utf-8"))["row"]]
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise DataError(f"{path} cannot be read ({error}): {config.recovery()}") from None


def reference(profile: str, lesson: str) -> dict:
    """The reference of a lesson, by its number. DataError where there is none."""
    found = sorted((config.REFERENCE / profile).glob(f"{lesson}_*.json"))
    if not found:
        raise DataError(f"there is no {profile} reference of lesson {lesson}: refresh it")
    return _read(found[0])


@cache
def _read(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def table(name: str) -> str:
    """One table of results in Markdown."""
    return markdown(HEADINGS, (_cells(row) for row in rows() if row.table == name))


def headlines() -> str:
    """The table of one figure a lesson: the source's, the strongest rival's and ours."""
    lines = (
        (
            row.lesson,
            row.figure,
            row.source or "not measured",
            row.rival,
            f"**{row.value}** {row.note}".strip(),
            row.profile,
        )
        for row in rows()
        if row.table == HEADLINE
    )
    return markdown(HEADLINES, lines)


def markdown(headings: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    return "\n".join(map(_line, (headings, ["---"] * len(headings), *lines)))


def _cells(row: Row) -> tuple[str, ...]:
    ours = f"**{row.value}** {row.note}".strip() if row.highlight else row.ours
    figure = f"{row.figure} (`{row.measure}`)"
    against = f"{row.against} (`{row.baseline}`)" if row.baseline else row.against
    return row.lesson, figure, against, ours, row.profile, f"{row.seconds:.0f}"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
