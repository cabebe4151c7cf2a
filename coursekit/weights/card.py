"""The card of trained weights: how they were made, and what they reached."""

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from coursekit import config, files
from coursekit.errors import DataError

CARD = "card.toml"


@dataclass(frozen=True)
class Card:
    """What weights/NAME/card.toml says."""

    lesson: str
    what: str
    command: str  # that makes them again
    seconds: int  # of one processor core
    machine: str
    date: str
    license: str
    code: str  # checksum of the recipe
    data: Mapping[str, str]  # bundled set -> its checksum
    files: Mapping[str, str]  # file -> sha256
    figures: Mapping[str, float]  # measured on the weights as stored

    @property
    def minutes(self) -> int:
        """Minutes of one processor core, at least 1."""
        return max(1, round(self.seconds / 60))

    def write(self, folder: Path) -> None:
        """Write the card into the folder of its weights."""
        values = asdict(self)
        tables = {key: values.pop(key) for key in ("data", "files", "figures")}
        lines = [f"{key} = {_toml(value)}" for key, value in values.items()]
        for name, table in tables.items():
            lines += ["", f"[{name}]", *(f'"{key}" = {_toml(one)}' for key, one in table.items())]
        files.write_text(folder / CARD, "\n".join(lines) + "\n")


def read_card(name: str) -> Card:
    """The card of weights/NAME. DataError where it is missing or cannot be read."""
    path = config.WEIGHTS / name / CARD
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        return Card(**{field.name: values[field.name] for field in fields(Card)})
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{path} cannot be read ({error}): {config.recovery()}") from None


def _toml(value: object) -> str:
    """A text or a number as TOML writes it."""
    return str(value) if isinstance(value, int | float) else '"' + str(value) + '"'
