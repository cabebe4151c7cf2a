"""Cards of the bundled samples in data/: what a sample is, and whether its files are unharmed."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from coursekit import config, files
from coursekit.datasets.sources import Source
from coursekit.errors import DataError


@dataclass(frozen=True)
class Card:
    """A sample's card.toml and its folder."""

    folder: Path
    values: dict

    @property
    def files(self) -> dict[str, str]:
        """File -> its sha256."""
        return self.values["files"]

    @property
    def sha256(self) -> str:
        """Of the pictures' files, as for a full set's source."""
        pictures = {name: digest for name, digest in self.files.items() if name != "index.csv"}
        return Source(self.folder, "bundled", pictures).sha256


def read_card(name: str) -> Card:
    """The card of a bundled sample."""
    folder = config.BUNDLED / name
    try:
        return Card(folder, tomllib.loads((folder / "card.toml").read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        card = folder / "card.toml"
        raise DataError(f"{card} cannot be read ({error}): {config.recovery()}") from None


def problems(name: str) -> dict[str, str]:
    """File of a sample -> what is wrong with it; empty text when all is well."""
    card = read_card(name)
    return {file: _problem(card.folder / file, digest) for file, digest in card.files.items()}


def _problem(path: Path, digest: str) -> str:
    if not path.is_file():
        return "missing"
    return "" if files.checksum(path) == digest else "content differs from its card"
