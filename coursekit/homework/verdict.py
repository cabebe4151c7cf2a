"""Whether code shows something, as far as it can be told without running it."""

from collections.abc import Iterable
from enum import IntEnum


class Verdict(IntEnum):
    """In this order, so that the verdict of many steps is the largest of theirs."""

    SILENT = 0
    UNKNOWN = 1
    SHOWS = 2


SILENT, UNKNOWN, SHOWS = Verdict


def together(verdicts: Iterable[Verdict]) -> Verdict:
    """Of steps that all happen."""
    return max(verdicts, default=SILENT)


def doubtful(verdict: Verdict) -> Verdict:
    """Of a step that may not happen."""
    return min(verdict, UNKNOWN)


def one_of(verdicts: Iterable[Verdict]) -> Verdict:
    """Of branches, one of which happens."""
    found = set(verdicts)
    return found.pop() if len(found) == 1 else doubtful(together(found))
