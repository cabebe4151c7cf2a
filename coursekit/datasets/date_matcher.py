"""A parser of lesson 03's dates that knows what their generator knows: the calendar, the styles."""

import re
from datetime import date
from functools import cache

import torch
from torch import Tensor

from coursekit.datasets.date_rules import LIKE_DIGITS
from coursekit.datasets.dates import STYLES, write_date

SURE = torch.tensor([chr(code) in "234679" for code in range(128)])  # they look like no letter


def parse_templates(text: str) -> str | None:
    """The day with the spelling, in one of the ten STYLES, that is the fewest edits away.

    Spaces do not count, and o, l, s, b are read as the digits they look like, in the text and in
    the spellings. None where no four digits can be a year.
    """
    text = _fold(text)
    years = sorted(set(re.findall(r"(?=((?:19|20)\d\d))", text)))
    found = [_nearest(text, *_spellings(int(year))) for year in years]
    return min(found)[1] if found else None


def whole_edits(text: str, spelled: Tensor) -> Tensor:
    """The fewest edits that make the whole text each of the spellings (N, L) -> (N,).

    An edit inserts, leaves out or replaces a letter, or swaps two neighbors; one that gives up a
    digit which looks like no letter counts as two.
    """
    places = torch.arange(spelled.shape[1] + 1)
    row = before = places.expand(len(spelled), -1)  # to make nothing the first j letters
    codes = _codes([text])[0]
    for i, letter in enumerate(codes):
        price = 2 if SURE[letter.long()] else 1
        best = torch.minimum(row[:, :-1] + price * (spelled != letter), row[:, 1:] + price)
        if i:
            swapped = (spelled[:, :-1] == letter) & (spelled[:, 1:] == codes[i - 1])
            swap = torch.where(swapped, before[:, :-2] + 1, 2 * len(text))
            best[:, 1:] = torch.minimum(best[:, 1:], swap)
        new = torch.cat([row[:, :1] + price, best], 1)
        row, before = (new - places).cummin(1).values + places, row  # letters inserted
    return row.gather(1, (spelled > 0).sum(1, keepdim=True))[:, 0]


def _nearest(text: str, days: dict[str, str], spelled: Tensor, counts: Tensor) -> tuple[int, str]:
    """The fewest edits to any spelling, and the day that it stands for."""
    if text in days:
        return 0, days[text]
    least = (counts - _counts(_codes([text]))).abs().sum(1) / 2  # no fewer edits can do
    tried = least.argsort(stable=True)[:32]
    tried = (least <= whole_edits(text, spelled[tried]).min()).nonzero()[:, 0]  # others are farther
    distances = whole_edits(text, spelled[tried])
    return int(distances.min()), list(days.values())[int(tried[distances.argmin()])]


@cache
def _spellings(year: int) -> tuple[dict[str, str], Tensor, Tensor]:
    """What each day of a year looks like in all styles, with its ISO form; the letters' codes, and
    how often which letter stands there."""
    first, last = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
    every = [date.fromordinal(day) for day in range(first, last + 1)]
    days = {_fold(write_date(day, style)): day.isoformat() for day in every for style in STYLES}
    spelled = _codes(list(days))
    return days, spelled, _counts(spelled)


def _fold(text: str) -> str:
    return text.lower().replace(" ", "").translate(LIKE_DIGITS)


def _codes(texts: list[str]) -> Tensor:
    """ASCII codes (N, L), filled up with 0."""
    longest = max(map(len, texts))
    filled = "".join(text.ljust(longest, "\0") for text in texts)
    data = bytearray(filled.encode("ascii", "replace"))
    return torch.frombuffer(data, dtype=torch.uint8).unflatten(0, (len(texts), longest))


def _counts(codes: Tensor) -> Tensor:
    """How often each letter stands in codes (N, L) -> int16 (N, 128); 0 fills up."""
    counts = torch.zeros(len(codes), 128, dtype=torch.int16)
    return counts.scatter_add_(1, codes.long(), (codes > 0).short())
