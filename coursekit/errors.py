"""Errors that a person can act on. The command line prints their message on one line."""

from collections.abc import Iterable
from difflib import get_close_matches


class CourseError(Exception):
    """Something a user or the world did wrong; the message names the thing and the way out."""

    exit_code = 1

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in place of a traceback: a notebook's reader needs the one line."""
        return [f"{type(self).__name__}: {self}"]


class UsageError(CourseError):
    """An unknown lesson, profile, parameter, data set or option: nothing was started."""

    exit_code = 2


class DataError(CourseError):
    """Data that is missing, damaged or cannot be fetched."""


def nearest(
    name: object, valid: Iterable[str], *, label: str = "Valid", most: int | None = None
) -> str:
    """Advice for an unknown name: the close ones if there are any, then all, or `most` of them."""
    names = [str(candidate) for candidate in valid]
    close = get_close_matches(str(name), names, n=3, cutoff=0.5)
    guess = f"did you mean {' or '.join(close)}? " if close else ""
    rest = len(names[most:]) if most else 0
    return f"{guess}{label}: {', '.join(names[:most])}{f' and {rest} more' if rest else ''}."


def printable(text: str) -> str:
    """The text with its control characters written out: no name moves a cursor or colors a line.

    The two joiners stay: Persian and other scripts are spelled with them.
    """
    return "".join(
        letter if letter.isprintable() or letter in "\n\t\u200c\u200d" else ascii(letter)[1:-1]
        for letter in text
    )
