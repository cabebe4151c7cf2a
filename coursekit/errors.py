"""Errors that a person can act on. The command line prints their message on one line and no traceback."""

from collections.abc import Iterable
from difflib import get_close_matches


class CourseError(Exception):
    """Something a user or the world did wrong; the message names the thing and the way out."""

    exit_code = 1


class UsageError(CourseError):
    """An unknown lesson, profile, parameter, data set or option: nothing was started."""

    exit_code = 2


class DataError(CourseError):
    """Data that is missing, damaged or cannot be fetched."""


def nearest(name: object, valid: Iterable[str]) -> str:
    """Advice for an unknown name: the close ones if there are any, then all of them."""
    names = [str(each) for each in valid]
    close = get_close_matches(str(name), names, n=3, cutoff=0.5)
    guess = f"did you mean {' or '.join(close)}? " if close else ""
    return f"{guess}Valid: {', '.join(names)}."
