"""Code shown where it is taught: the tested class or function itself, so that no copy can go stale.

nbval compares what is shown. File, name and code belong to the comparison; the line numbers do
not (they stand in a "measured" span), because an edit further up moves them and changes nothing
that a student reads.
"""

import inspect
import re
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from IPython.display import display


@dataclass(frozen=True)
class Listing:
    """A piece of source code and where it stands; lines are its first and its last, from 1."""

    name: str
    file: str
    lines: tuple[int, int]
    code: str

    @property
    def markdown(self) -> str:
        """A heading line and a code block, which Jupyter, reports and sites all highlight."""
        first, last = self.lines
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", self.code)), default=0))
        where = f'lines <span class="measured">{first} to {last}</span>'
        return f"`{self.name}` in `{self.file}`, {where}:\n\n{fence}python\n{self.code}\n{fence}"

    @property
    def plain(self) -> str:
        """The same as text, without the line numbers."""
        return f"{self.name} in {self.file}:\n\n{self.code}"


def listing(thing: type | Callable) -> Listing:
    """The source of a class, function or method. TypeError where it has no file of its own."""
    thing = inspect.unwrap(thing)
    try:
        lines, first = inspect.getsourcelines(thing)
        file = Path(inspect.getsourcefile(thing) or "")
        package = Path(sys.modules[thing.__module__.partition(".")[0]].__file__ or "")
    except (OSError, TypeError, AttributeError, KeyError):
        raise TypeError(
            f"{thing!r} has no source file: give a class or function of a module"
        ) from None
    home = package.parent.parent if package.stem == "__init__" else package.parent
    if not file.is_relative_to(home):
        raise TypeError(f"{thing!r} stands in no module: import what you want to show")
    code = textwrap.dedent("".join(lines)).rstrip()
    last = first + len(lines) - 1
    return Listing(thing.__qualname__, file.relative_to(home).as_posix(), (first, last), code)


def show(*things: type | Callable) -> None:
    """Show the source of each class or function, in the order given."""
    for found in [listing(thing) for thing in things]:
        display({"text/markdown": found.markdown, "text/plain": found.plain}, raw=True)
