"""What the catalog says of a data set, and the advice that follows from it."""

from dataclasses import dataclass

from coursekit import config


@dataclass(frozen=True)
class Remote:
    """One official file. checksum "md5:…" or "sha256:…", empty where none is published; size in
    bytes where known."""

    name: str
    urls: tuple[str, ...]
    checksum: str = ""
    size: int | None = None


@dataclass(frozen=True)
class Entry:
    """One data set. layout names its decoder (decoders.py).

    size is the decoded side in pixels, None to keep it. sample is the bundled sample for it;
    sample_only sets have no full version. content holds the sha256 of the unpacked official files,
    for copies that were packed anew (as Debian's). classes are the names of classes that the files
    only number. aside names folders of the official archive that are no part of the set.
    """

    name: str
    title: str
    license: str
    layout: str
    sample: str
    remotes: tuple[Remote, ...] = ()
    kaggle: str = ""
    note: str = ""
    megabytes: float | None = None
    size: int | None = None
    gray: bool = False
    system: str = ""
    content: tuple[tuple[str, str], ...] = ()
    sample_only: bool = False
    classes: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()

    @property
    def bundled(self) -> bool:
        """True when a sample of this name lies in data/."""
        return (config.BUNDLED / self.name / "card.toml").is_file()

    @property
    def advice(self) -> str:
        """What a person can do to get the full set."""
        if self.sample_only:
            return f"{self.name} is a bundled sample; there is no full set of it"
        size = f" ({self.megabytes:,.0f} MB)" if self.megabytes else ""
        run = f"Run `coursekit data download {self.name}`{size}. " if self.remotes else ""
        return run + self.elsewhere

    @property
    def elsewhere(self) -> str:
        """What a person can do when the official address fails."""
        note = f" {self.note}" if self.note else ""
        return (
            f"{self._way()}{note} Until then a bundled sample stands in: "
            f"datasets.load({self.sample!r})."
        )

    def _way(self) -> str:
        add = f"`coursekit data add {self.name} PATH` with the archive or folder"
        if self.remotes:
            return f"If you have it from elsewhere: {add}."
        if self.kaggle:
            page = f"https://www.kaggle.com/datasets/{self.kaggle}"
            return f"It needs a Kaggle login: download it in a browser from {page}, then {add}."
        return f"It has no public address: {add} if you have it."
