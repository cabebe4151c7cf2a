"""`coursekit site`."""

from pathlib import Path
from typing import Annotated

import typer

from coursekit.errors import UsageError, printable


def site(
    to: Annotated[Path, typer.Option(help="The folder for the site.")] = Path("site"),
    repository: Annotated[
        str, typer.Option(help="OWNER/NAME on GitHub, for links to Colab and Binder.")
    ] = "",
) -> None:
    """Build the course as a static site from the stored notebooks; no connection is needed."""
    import re

    from coursekit.runner import lessons
    from coursekit.site.build import build

    if repository and not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
        raise UsageError(f"--repository is {repository!r}: give OWNER/NAME, as in ada/course")
    count = build(lessons.lessons(), to, repository=repository)
    typer.echo(printable(f"{to / 'index.html'}: {count} pages"))
