"""The lessons as files: which there are, what they say of themselves, what a typed name means.

Read with json alone, so that `coursekit list` starts at once.
"""

import ast
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from coursekit import config
from coursekit.config import PROFILES
from coursekit.errors import CourseError, UsageError, nearest
from coursekit.files import existing


@dataclass(frozen=True)
class LessonFile:
    """One notebook of the course; its id is the file's stem, as in 01_autoencoders."""

    path: Path

    @property
    def id(self) -> str:
        return self.path.stem

    @cached_property
    def notebook(self) -> dict:
        """The notebook as JSON. CourseError where it is none."""
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CourseError(
                f"{self.path} is not a readable notebook ({error}): {config.recovery()}"
            ) from None
        if not isinstance(content, dict) or not isinstance(content.get("cells"), list):
            raise CourseError(
                f"{self.path} is not a notebook: it has no cells; {config.recovery()}"
            )
        return content

    @cached_property
    def sources(self) -> list[tuple[str, str]]:
        """(cell type, source) of every cell; outputs are left out."""
        return [
            (cell.get("cell_type", ""), "".join(cell.get("source", "")))
            for cell in self.notebook["cells"]
        ]

    @property
    def title(self) -> str:
        """The first heading, or the id."""
        lines = (
            line for kind, text in self.sources if kind == "markdown" for line in text.splitlines()
        )
        return next((line.lstrip("#").strip() for line in lines if line.startswith("#")), self.id)

    @property
    def about(self) -> str:
        """The first sentence of prose, or nothing."""
        return first_sentence(text for kind, text in self.sources if kind == "markdown")

    @property
    def learned(self) -> str:
        """What the lesson says its readers will do or learn, as Markdown, or nothing."""
        texts = "\n\n".join(text for kind, text in self.sources[:3] if kind == "markdown")
        match = re.search(r"\*\*(You will\b[^*]*)\*\*(.*?)(?=\n\s*\n\*\*|\n#|\Z)", texts, re.DOTALL)
        return f"{match[1]}{match[2]}".strip() if match else ""

    @property
    def needs(self) -> str:
        """What the lesson needs, in words: its own, else its data sets' names."""
        own = self.notebook.get("metadata", {}).get("coursekit", {})
        return own.get("needs") or ", ".join(own.get("data", [])) or "nothing"

    @property
    def parameters(self) -> list[str]:
        """Names assigned in the cell tagged "parameters"."""
        for cell in self.notebook["cells"]:
            if "parameters" in cell.get("metadata", {}).get("tags", []):
                return _assigned("".join(cell["source"]))
        return []


def lessons() -> list[LessonFile]:
    """Every lesson there is, in order."""
    return [LessonFile(path) for path in sorted(config.notebooks().glob("*.ipynb"))]


def find(names: Iterable[str]) -> list[LessonFile]:
    """The lessons of these names, in the course's order; all of them for no name.

    UsageError on an unknown one.
    """
    if config.value(config.Variable.NOTEBOOKS):
        existing(config.notebooks(), "folder")
    known = lessons()
    if not known:
        raise CourseError(f"there are no lessons in {config.notebooks()}: {config.recovery()}")
    wanted = {_find(name, known).id for name in names}
    return [lesson for lesson in known if not wanted or lesson.id in wanted]


def profile(name: str) -> str:
    """The name, if it is a profile. UsageError otherwise."""
    if name not in PROFILES:
        raise UsageError(f"unknown profile {name!r}: {nearest(name, PROFILES)}")
    return name


def first_sentence(texts: Iterable[str]) -> str:
    """The first sentence of the first block that is prose: no heading, list, table or formula."""
    blocks = (block.strip() for text in texts for block in text.split("\n\n"))
    prose = next((block for block in blocks if block and block[0] not in "#-*|>!<$`"), "")
    return " ".join(prose.split()).partition(". ")[0].rstrip(".") + "." if prose else ""


def _find(name: str, known: list[LessonFile]) -> LessonFile:
    """One lesson by its id, its number, its name without the number, or its file."""
    if "/" in name and not _of_the_course(existing(Path(name), "file")):
        raise UsageError(f"{name!r} is no lesson of the course: name one of {config.notebooks()}")
    stem = Path(name).name.removesuffix(".ipynb")
    for lesson in known:
        number, _, rest = lesson.id.partition("_")
        same_number = stem.isdecimal() and number.isdecimal() and int(stem) == int(number)
        if same_number or stem in (lesson.id, rest):
            return lesson
    raise UsageError(f"unknown lesson {name!r}: {nearest(stem, [lesson.id for lesson in known])}")


def _of_the_course(path: Path) -> bool:
    return path.resolve().parent == config.notebooks().resolve()


def _assigned(source: str) -> list[str]:
    try:
        statements = ast.parse(source).body
    except SyntaxError:
        return []
    assignments = (node for node in statements if isinstance(node, ast.Assign))
    targets = [target for node in assignments for target in node.targets]
    return [target.id for target in targets if isinstance(target, ast.Name)]
