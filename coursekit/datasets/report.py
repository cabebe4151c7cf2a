"""What happened to the pictures of a folder or archive: how many were read, converted, left out, and which."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Report:
    """read: pictures taken; converted, left_out: (name, what or why) of each; ignored: files that claim no picture."""

    read: int = 0
    converted: tuple[tuple[str, str], ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    ignored: int = 0

    def __str__(self) -> str:
        text = f"{self.read:,} pictures read"
        for label, rows in (("converted", self.converted), ("left out", self.left_out)):
            if rows:
                text += f"; {len(rows):,} {label}: {_some(rows)}"
        return text

    def as_dict(self) -> dict:
        return {
            "read": self.read,
            "converted": self.converted,
            "left_out": self.left_out,
            "ignored": self.ignored,
        }

    @classmethod
    def of(cls, values: dict) -> "Report":
        """From as_dict's values after a trip through JSON."""
        rows = {
            key: tuple((name, why) for name, why in values[key])
            for key in ("converted", "left_out")
        }
        return cls(values["read"], rows["converted"], rows["left_out"], values["ignored"])


def _some(rows: Iterable[tuple[str, str]], most: int = 5) -> str:
    rows = list(rows)
    shown = ", ".join(f"{name} ({why})" for name, why in rows[:most])
    return shown + (f" and {len(rows) - most:,} more" if len(rows) > most else "")
