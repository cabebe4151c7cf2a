"""The pages around the lessons: start page, syllabus, what stands below a lesson's title."""

import json
from collections.abc import Sequence

from coursekit.reports.index import first_picture
from coursekit.runner import reference
from coursekit.runner.lessons import LessonFile

COLAB = "https://colab.research.google.com/github/{repository}/blob/main/notebooks/{name}.ipynb"
BINDER = "https://mybinder.org/v2/gh/{repository}/main?labpath=notebooks%2F{name}.ipynb"
NEEDED = {  # lessons that a lesson builds on
    "02": ("01",),
    "05": ("04",),
    "06": ("01",),
    "07": ("06",),
    "08": ("06",),
    "10": ("09",),
    "11": ("05", "10"),
}


def facts(lesson: LessonFile, repository: str) -> str:
    """Markdown below a lesson's title: when and where it ran, and where else it can be opened."""
    run = stored_run(lesson)
    when = f" on {run['date']}" if "date" in run else ""
    parts = [
        f"*The outputs on this page were stored{when}: profile quick, "
        f"{run['seconds']:.0f} seconds on one thread of an {run['processor']} processor.*"
        if run
        else "*The outputs on this page were stored with the notebook.*"
    ]
    links = [f"[Download the notebook](_downloads/{lesson.id}.ipynb)"]
    if repository:
        for label, address in (("Open in Colab", COLAB), ("Open in Binder", BINDER)):
            links.append(f"[{label}]({address.format(repository=repository, name=lesson.id)})")
    return f"{parts[0]}\n\n{' · '.join(links)}\n"


def stored_run(lesson: LessonFile) -> dict:
    """What the reference says of the stored run: date, seconds, processor; empty without one."""
    path = reference.file("quick", lesson.id)
    if not path.exists():
        return {}
    run = json.loads(path.read_text(encoding="utf-8")).get("run", {})
    return run if {"seconds", "processor"} <= set(run) else {}


def index(lessons: Sequence[LessonFile], covers: dict[str, str]) -> str:
    """The start page: a card for each lesson with its best picture. covers: id -> file."""
    cards = "\n".join(_card(lesson, covers.get(lesson.id, "")) for lesson in lessons)
    listed = "\n".join(lesson.id for lesson in lessons)
    return (
        "# Generative deep learning in eleven notebooks\n\n"
        "Autoencoders, sequence models, colorization, VAEs and GANs: each lesson builds a network, "
        "measures it against the strongest simple rival, and stores what came out.\n\n"
        "````{grid} 1 2 2 3\n:gutter: 3\n\n"
        f"{cards}\n````\n\n"
        "```{toctree}\n:hidden:\n:caption: Lessons\n\n"
        f"{listed}\n```\n\n"
        "```{toctree}\n:hidden:\n:caption: The course\n\nsyllabus\nglossary\nbibliography\n```\n"
    )


def syllabus(lessons: Sequence[LessonFile]) -> str:
    """A lesson a week: what is built, what comes before, how long it takes to run."""
    rows = [
        f"| {week} | [{lesson.title}]({lesson.id}.ipynb) | {_needs(lesson, lessons)} "
        f"| {_minutes(lesson)} | {len(_exercises(lesson))} |"
        for week, lesson in enumerate(lessons, 1)
    ]
    goals = "\n\n".join(
        f"## {lesson.title}\n\n{lesson.learned or lesson.about}" for lesson in lessons
    )
    return (
        "# Syllabus\n\nA term of eleven weeks, a lesson a week: read it, predict before each "
        "result, do the exercises, then change one number and run it again. You need Python, "
        "linear algebra and what a gradient is.\n\n"
        "| week | lesson | builds on | minutes to run | coded exercises |\n"
        "| ---: | --- | --- | ---: | ---: |\n" + "\n".join(rows) + f"\n\n{goals}\n"
    )


def cover(lesson: LessonFile) -> tuple[bytes, str]:
    """The picture of a lesson's card and its alternative text."""
    return first_picture(lesson.notebook)


def _card(lesson: LessonFile, picture: str) -> str:
    alt = cover(lesson)[1].replace("\n", " ")
    image = f":img-top: {picture}\n:img-alt: {alt}\n" if picture else ""
    return (
        f"```{{grid-item-card}} {lesson.title}\n:link: {lesson.id}\n:link-type: doc\n{image}\n"
        f"{lesson.about}\n```"
    )


def _needs(lesson: LessonFile, lessons: Sequence[LessonFile]) -> str:
    names = {other.id[:2]: other.id for other in lessons}
    before = [name for name in NEEDED.get(lesson.id[:2], ()) if name in names]
    return ", ".join(f"[lesson {name}]({names[name]}.ipynb)" for name in before) or "-"


def _minutes(lesson: LessonFile) -> str:
    run = stored_run(lesson)
    return f"{max(1, round(run['seconds'] / 60))}" if run else ""


def _exercises(lesson: LessonFile) -> list[str]:
    from coursekit.grading.edition import BEGIN

    return [text for kind, text in lesson.sources if kind == "code" and BEGIN in text]
