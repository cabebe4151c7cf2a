"""Lesson 03's second task: dates as people write them, and their ISO form, character by character.

Everything is generated: a day of 1900 to 2099, one of ten ways to write it, and mistakes in letters
and spaces if wanted. No digit becomes another digit: nobody could tell what it had been.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from random import Random
from typing import NamedTuple

import torch
from torch import Tensor

from coursekit.datasets.sequences import START, Sequences, shift

MONTHS = [
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
]
WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
UNITS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"]
TEENS = ["fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth"]
ORDINALS = [
    *(UNITS + ["tenth", "eleventh", "twelfth", "thirteenth"] + TEENS),
    *("twentieth", *(f"twenty-{unit}" for unit in UNITS)),
    *("thirtieth", "thirty-first"),
]
STYLES = (
    "{month} {day}, {year}",
    "{day} {month} {year}",
    "{short} {day}, {year}",
    "{day}-{short}-{year}",
    "{nth} of {month} {year}",
    "{month} the {nth}, {year}",
    "the {ordinal} of {month} {year}",
    "{weekday}, {day} {month} {year}",
    "{weekday}, {month} {nth}, {year}",
    "{year}, {month} {day}",
)
FIRST = date(1900, 1, 1).toordinal()
DAYS = date(2100, 1, 1).toordinal() - FIRST
LETTERS = "abcdefghijklmnopqrstuvwxyz"
END = "."  # closes every source, so that "july 2" is not taken for the beginning of "july 20"
SYMBOLS = END + " ,-0123456789" + LETTERS  # the symbols 1, 2, …; START is 0
CARDINALITY = 1 + len(SYMBOLS)
ISO_LENGTH = 10
ALIKE = {**dict(zip("0158", "olsb")), **dict(zip("olsb", "0158"))}
KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")  # neighbors in a row are mistaken for each other


class Dates(NamedTuple):
    """Dates as written and their ISO forms, in the same order."""

    written: list[str]
    iso: list[str]


def write_date(day: date, style: str) -> str:
    """A day in one of the STYLES, in lower case."""
    suffix = "th" if 10 < day.day < 20 else {1: "st", 2: "nd", 3: "rd"}.get(day.day % 10, "th")
    month = MONTHS[day.month - 1]
    return style.format(
        day=day.day,
        nth=f"{day.day}{suffix}",
        ordinal=ORDINALS[day.day - 1],
        month=month,
        short=month[:3],
        year=day.year,
        weekday=WEEKDAYS[day.weekday()],
    )


def misspell(text: str, rng: Random) -> str:
    """One wrong keystroke in a word of five letters or more; unchanged where there is none.

    Two letters change places, or a letter is left out, doubled, or replaced by its key's neighbor.
    """
    words = [(i, j) for i, j in _words(text) if j - i >= 5]
    if not words:
        return text
    i, j = rng.choice(words)
    at = rng.randrange(i, j - 1)
    letter, then = text[at], text[at + 1]
    wrong = rng.choice((then + letter, then, letter + letter + then, _neighbor(letter, rng) + then))
    return text[:at] + wrong + text[at + 2 :]


def run_together(text: str, rng: Random) -> str:
    """Each space is left out with probability 0.7, and one at least where there is any."""
    spaces = [at for at, letter in enumerate(text) if letter == " "]
    if not spaces:
        return text
    lost = {rng.choice(spaces)} | {at for at in spaces if rng.random() < 0.7}
    return "".join(letter for at, letter in enumerate(text) if at not in lost)


def scan(text: str, rng: Random) -> str:
    """Letters and digits that look alike change places, 0 and o, 1 and l, 5 and s, 8 and b.

    Each with probability 0.3, and one at least where there is any.
    """
    places = [at for at, letter in enumerate(text) if letter in ALIKE]
    if not places:
        return text
    wrong = {rng.choice(places)} | {at for at in places if rng.random() < 0.3}
    return "".join(ALIKE[letter] if at in wrong else letter for at, letter in enumerate(text))


def keep(text: str, rng: Random) -> str:
    """The text as it is."""
    return text


def all_at_once(text: str, rng: Random) -> str:
    """Misspelt, run together and scanned; unchanged where one of the three finds no room."""
    noisy = text
    for noise in (misspell, run_together, scan):
        before, noisy = noisy, noise(noisy, rng)
        if noisy == before:
            return text
    return noisy


NOISES = {"clean": keep, "misspelt": misspell, "run together": run_together, "scanned": scan}
TESTS = {**NOISES, "all at once": all_at_once}


def generate(
    samples: int,
    days: Sequence[int],
    noises: Iterable[str] = tuple(NOISES),
    *,
    generator: torch.Generator,
) -> Dates:
    """Dates of the given days (0 is 1 January 1900), each in a random style with a random noise.

    noises: of TESTS. A day and a style are drawn again where the noise left the text as it was.
    """
    rng, kinds = Random(int(torch.randint(2**62, (), generator=generator))), list(noises)
    written, iso = [], []
    for _ in range(samples):
        kind, text, noisy = rng.choice(kinds), "", ""
        while noisy == text:
            day = date.fromordinal(FIRST + rng.choice(days))
            text = write_date(day, rng.choice(STYLES))
            noisy = TESTS[kind](text, rng)
            if kind == "clean":
                break
        written.append(noisy)
        iso.append(day.isoformat())
    return Dates(written, iso)


def split_days(*, generator: torch.Generator, held_out: float = 0.1) -> tuple[list[int], list[int]]:
    """All days in random order, cut in two: those to train on, and those held out."""
    order = torch.randperm(DAYS, generator=generator).tolist()
    cut = round(DAYS * held_out)
    return order[cut:], order[:cut]


def encode(texts: Sequence[str]) -> Tensor:
    """Texts of one length -> int64 (N, length). ValueError on other lengths or an odd letter."""
    numbers = {letter: number for number, letter in enumerate(SYMBOLS, START + 1)}
    if odd := set("".join(texts)) - set(numbers):
        raise ValueError(
            f"no symbol for {', '.join(map(repr, sorted(odd)))}: there are {SYMBOLS!r}"
        )
    return torch.tensor([[numbers[letter] for letter in text] for text in texts])


def decode(tokens: Tensor) -> list[str]:
    """Symbols (N, T) -> texts; nothing stands for START."""
    letters = ["", *SYMBOLS]
    return ["".join(letters[number] for number in row) for row in tokens.tolist()]


def sequences(dates: Dates) -> Sequences:
    """Dates of one length -> source (N, length + 1), shifted and target (N, 10)."""
    target = encode(dates.iso)
    return Sequences(encode([text + END for text in dates.written]), shift(target), target)


class EqualLengths:
    """Batches of dates that are equally long, so that none is filled up; each pass shuffles anew.

    source (B, length), shifted and target (B, 10). B is smaller in the last batch of a length.
    """

    def __init__(
        self,
        dates: Dates,
        *,
        batch_size: int,
        generator: torch.Generator | None = None,
        device: torch.device | str = "cpu",
    ):
        self.dates, self.generator, self.device = dates, generator, device
        self.batch_size, lengths = batch_size, torch.tensor([len(text) for text in dates.written])
        self.places = [(lengths == length).nonzero()[:, 0] for length in lengths.unique()]
        self.data = [
            sequences(Dates([dates.written[i] for i in rows], [dates.iso[i] for i in rows]))
            for rows in self.places
        ]

    def __len__(self) -> int:
        return sum(-(-len(rows) // self.batch_size) for rows in self.places)

    def __iter__(self) -> Iterator[Sequences]:
        batches = []
        for data in self.data:
            order = torch.randperm(len(data.source), generator=self.generator)
            batches += [(data, rows) for rows in order.split(self.batch_size)]
        for number in torch.randperm(len(batches), generator=self.generator).tolist():
            data, rows = batches[number]
            yield Sequences(*(part[rows].to(self.device) for part in data))


def read(texts: Sequence[str], predict: Callable[[Tensor], Tensor]) -> list[str]:
    """What `predict`, source (N, length + 1) -> symbols (N, T), makes of each text, in order."""
    found = [""] * len(texts)
    for length in sorted({len(text) for text in texts}):
        places = [at for at, text in enumerate(texts) if len(text) == length]
        answers = decode(predict(encode([texts[at].lower() + END for at in places])))
        for at, answer in zip(places, answers, strict=True):
            found[at] = answer
    return found


def _words(text: str) -> list[tuple[int, int]]:
    """Where runs of letters begin and end."""
    marks = [letter in LETTERS for letter in text]
    starts = [i for i in range(len(text)) if marks[i] and not (i and marks[i - 1])]
    return [(i, next((j for j in range(i, len(text)) if not marks[j]), len(text))) for i in starts]


def _neighbor(letter: str, rng: Random) -> str:
    """The key left or right of a letter's key."""
    row = next(row for row in KEYS if letter in row)
    at = row.index(letter)
    return rng.choice(row[max(at - 1, 0) : at] + row[at + 1 : at + 2])
