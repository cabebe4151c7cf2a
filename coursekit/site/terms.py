"""The glossary: read from docs/glossary.md, written for Sphinx, linked where a term comes first."""

import re
from pathlib import Path

from nbformat import NotebookNode

from coursekit.errors import CourseError

ENTRY = re.compile(r"^- \*\*(?P<term>[^*]+)\*\*: (?P<text>.+)$", re.MULTILINE)
# What a link must not be put into: code, formulas, links and pictures, headings, tables, tags.
PROTECTED = re.compile(
    r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$\n]+\$|!?\[[^\]]*\](?:\([^)]*\))?|^#.*?$|^\|.*?$|<[^>]+>"
    r"|https?://\S+|\{term\}",
    re.DOTALL | re.MULTILINE,
)


def read(path: Path) -> dict[str, str]:
    """term -> its explanation. CourseError where the file holds none."""
    found = {match["term"]: match["text"] for match in ENTRY.finditer(path.read_text("utf-8"))}
    if not found:
        raise CourseError(f"{path} holds no line of the form: - **term**: explanation")
    return found


def page(terms: dict[str, str]) -> str:
    """The glossary as MyST Markdown."""
    entries = "\n\n".join(f"{term}\n  {text}" for term, text in sorted(terms.items(), key=_order))
    return f"# Glossary\n\n```{{glossary}}\n{entries}\n```\n"


def link(notebook: NotebookNode, terms: dict[str, str]) -> set[str]:
    """Link every term at its first use in the prose -> the terms that were found."""
    waiting = sorted(terms, key=len, reverse=True)  # "skip connection" before "connection"
    for cell in notebook.cells:
        if cell.cell_type != "markdown":
            continue
        for term in list(waiting):
            linked = linked_once(cell.source, term)
            if linked != cell.source:
                cell.source = linked
                waiting.remove(term)
    return set(terms) - set(waiting)


def linked_once(text: str, term: str) -> str:
    """The text with its first use of a term, plural or capitalized too, as a link to it."""
    word = re.compile(rf"(?<![\w-]){re.escape(term)}(?:s|es)?(?![\w-])", re.IGNORECASE)
    place = 0
    for held in [*PROTECTED.finditer(text), None]:
        end = held.start() if held else len(text)
        if found := word.search(text, place, end):
            return f"{text[: found.start()]}{{term}}`{found[0]} <{term}>`{text[found.end() :]}"
        place = held.end() if held else end
    return text


def _order(entry: tuple[str, str]) -> str:
    return entry[0].casefold()
