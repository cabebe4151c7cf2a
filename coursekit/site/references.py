"""One bibliography for the course, gathered from the lists that close the lessons."""

import re
from collections.abc import Iterable

from coursekit.runner.lessons import LessonFile

SECTION = re.compile(r"^#+\s*(?:\d+\.?\s*)?References\s*$(?P<body>.*?)(?=^#|\Z)", re.M | re.S)
ITEM = re.compile(
    r"^\s*(?:[-*]|\d+\.)\s+(?P<text>.+?)(?=^\s*(?:[-*]|\d+\.)\s|\Z|\n\s*\n)", re.M | re.S
)
ADDRESS = re.compile(r"https?://[^\s)>\]]+")


def of_lesson(lesson: LessonFile) -> list[str]:
    """The references of a lesson as one line of Markdown each."""
    texts = (text for kind, text in lesson.sources if kind == "markdown")
    sections = (match["body"] for text in texts for match in SECTION.finditer(text))
    return [" ".join(m["text"].split()) for body in sections for m in ITEM.finditer(body)]


def merged(lessons: Iterable[LessonFile]) -> dict[str, list[str]]:
    """reference -> the lessons that cite it; the same work in other words counts once."""
    found: dict[str, tuple[str, list[str]]] = {}
    for lesson in lessons:
        for text in of_lesson(lesson):
            whole, cited = found.setdefault(_key(text), (text, []))
            cited += [lesson.id] if lesson.id not in cited else []
            found[_key(text)] = (max(whole, text, key=len), cited)
    return dict(sorted(found.values(), key=lambda entry: entry[0].casefold()))


def page(lessons: Iterable[LessonFile]) -> str:
    """The bibliography as Markdown, with links to the lessons."""
    lines = [
        f"- {text} *Lesson {', '.join(f'[{name[:2]}]({name}.ipynb)' for name in cited)}.*"
        for text, cited in merged(lessons).items()
    ]
    return "# Bibliography\n\n" + "\n".join(lines or ["The lessons cite nothing yet."]) + "\n"


def _key(text: str) -> str:
    """What two lists share of one work: its address, else its first words and its year."""
    if address := ADDRESS.search(text):
        return address[0].rstrip(".,").removesuffix(".pdf").lower()
    year = re.search(r"\b(19|20)\d\d\b", text)
    return re.sub(r"\W+", " ", text.lower())[:24] + (year[0] if year else "")
