"""Three parsers of dates in words, written by hand: exact names, nearest names, look-alikes."""

import re
from collections.abc import Callable
from datetime import date

from coursekit.datasets.dates import MONTHS, ORDINALS

MONTH_NAMES = {
    name: number for number, month in enumerate(MONTHS, 1) for name in (month, month[:3])
}
DAY_NAMES = {name: number for number, name in enumerate(ORDINALS, 1)}
DIGIT = "[0-9olsb]"
LIKE_DIGITS, LIKE_LETTERS = str.maketrans("olsb", "0158"), str.maketrans("0158", "olsb")
Find = Callable[[str, dict[str, int]], int | None]  # text, names -> the number of the name in it


def parse_exact(text: str) -> str | None:
    """The ISO form of a date whose names are spelled right, with or without spaces; else None."""
    return _parse(text.lower(), _longest_within)


def parse_nearest(text: str) -> str | None:
    """The ISO form of a date with each name taken for the nearest by edit distance; else None."""
    return _parse(text.lower(), nearest_within)


def parse_scanned(text: str) -> str | None:
    """The ISO form of a date in which digits and letters that look alike were mistaken; else None.

    A year begins with 19 or 20; a day stands between words, or in front of its suffix. Where that
    finds no date, the answer is that of `parse_nearest`.
    """
    text = text.lower()
    year = re.search(rf"([1l]9|2[0o]){DIGIT}{{2}}", text)
    rest = text.replace(year[0], " ", 1) if year else text
    number = re.search(rf"(?<![a-z0-9]){DIGIT}{{1,2}}(?=[s5]t|nd|rd|th|[^a-z0-9]|$)", rest)
    names = (rest.replace(number[0], " ", 1) if number else rest).translate(LIKE_LETTERS)
    day = int(number[0].translate(LIKE_DIGITS)) if number else nearest_within(names, DAY_NAMES)
    found = _iso(year and year[0].translate(LIKE_DIGITS), nearest_within(names, MONTH_NAMES), day)
    return found or parse_nearest(text)


def edits(name: str, text: str) -> int:
    """The fewest edits that make some part of the text the name (Sellers 1980).

    An edit inserts, leaves out or replaces a letter, or swaps two neighbors. Where the part begins
    and ends in the text costs nothing.
    """
    rows = [[0] * (len(text) + 1)]
    for i, letter in enumerate(name, 1):
        row = [i]
        for j, other in enumerate(text, 1):
            best = min(rows[-1][j - 1] + (letter != other), rows[-1][j] + 1, row[-1] + 1)
            if i > 1 and j > 1 and (name[i - 2], letter) == (other, text[j - 2]):
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return min(rows[-1])


def _parse(text: str, find: Find) -> str | None:
    year = re.search(r"\d{4}", text)
    rest = text.replace(year[0], " ", 1) if year else text
    number = re.search(r"\d{1,2}", rest)
    month, day = find(rest, MONTH_NAMES), int(number[0]) if number else find(rest, DAY_NAMES)
    return _iso(year and year[0], month, day)


def _iso(year: str | None, month: int | None, day: int | None) -> str | None:
    """The ISO form; None where a part is missing or there is no such day."""
    try:
        return date(int(year or 0), month or 0, day or 0).isoformat()
    except ValueError:
        return None


def _longest_within(text: str, names: dict[str, int]) -> int | None:
    """The number of the longest name that stands in the text."""
    found = [name for name in names if name in text]
    return names[max(found, key=len)] if found else None


def nearest_within(text: str, names: dict[str, int]) -> int | None:
    """The number of the name with the most letters less two for each edit; None if that is 0."""
    best, number = 0, None
    for name in sorted(names, key=len, reverse=True):
        if len(name) <= best:  # no shorter name can be better
            break
        if (score := len(name) - 2 * edits(name, text)) > best:
            best, number = score, names[name]
    return number
