"""What happened to the pictures of a folder or archive: how many were read, converted, left out."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from coursekit.errors import printable

SHOWN = 5  # names in a line of text


@dataclass(frozen=True)
class Report:
    """read: pictures taken; converted and left_out: (name, what or why) of every such file.

    others: (name, why) of files that claim to be a picture neither by name nor by content.
    """

    read: int = 0
    converted: tuple[tuple[str, str], ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    others: tuple[tuple[str, str], ...] = ()

    @property
    def unread(self) -> tuple[tuple[str, str], ...]:
        """(name, why) of every file that was not taken."""
        return tuple(sorted(self.left_out + self.others))

    @property
    def ignored(self) -> int:
        """How many files never claimed to be a picture."""
        return len(self.others)

    def __str__(self) -> str:
        """One line: the counts, the reasons by number, and the first names."""
        text = f"{self.read:,} pictures read"
        for label, rows in (("converted", self.converted), ("left out", self.unread)):
            if rows:
                text += f"; {len(rows):,} {label}: {_summary(rows)}"
        return text

    def as_dict(self) -> dict:
        """Plain values for JSON."""
        return asdict(self)

    def listing(self) -> str:
        """Every file that was not taken, one a line: the name, a tab, the reason."""
        return "".join(f"{on_one_line(name)}\t{why}\n" for name, why in self.unread)

    @classmethod
    def of(cls, values: dict) -> "Report":
        """From as_dict's values after a trip through JSON."""
        rows = {
            key: tuple((name, why) for name, why in values[key])
            for key in ("converted", "left_out", "others")
        }
        return cls(values["read"], **rows)


def on_one_line(name: str) -> str:
    """A file's name as it may be shown: line ends and other control characters written out."""
    return printable(name.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r"))


def some(names: Sequence[str], most: int = SHOWN) -> str:
    """The first names, safe to show, and how many more there are."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(map(on_one_line, names[:most])) + more


def _summary(rows: Sequence[tuple[str, str]]) -> str:
    """Few files with their reasons; of many, how often each reason, and the first names."""
    reasons = Counter(why for _, why in rows).most_common()
    if len(rows) <= SHOWN:
        names = [
            ", ".join(on_one_line(name) for name, own in rows if own == why) for why, _ in reasons
        ]
        return ", ".join(f"{files} ({why})" for files, (why, _) in zip(names, reasons))
    counts = ", ".join(f"{count:,} {why}" for why, count in reasons[:SHOWN])
    others = sum(count for _, count in reasons[SHOWN:])
    rest = f", {others:,} for other reasons" if others else ""
    return f"{counts}{rest} ({some([name for name, _ in rows])})"
