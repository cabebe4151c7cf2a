"""Builds the site: pages are written into a folder of their own, Sphinx makes HTML of them."""

import base64
import io
import re
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import nbformat
from PIL import Image

from coursekit import config
from coursekit.errors import CourseError
from coursekit.files import disk_errors
from coursekit.runner.lessons import LessonFile
from coursekit.site import contents, pages, references, terms

THEME = Path(__file__).parent / "theme"
MARK = ".coursekit-site"  # in a folder that this wrote, so that no other is ever emptied


def build(lessons: Sequence[LessonFile], target: Path, *, repository: str = "") -> int:
    """Write the site into a folder -> pages. repository: owner/name on GitHub, for links.

    CourseError where the folder holds something else, or where Sphinx warns of a page.
    """
    if target.exists() and any(target.iterdir()) and not (target / MARK).exists():
        raise CourseError(f"{target} holds other files: name a new folder, or an earlier site's")
    with tempfile.TemporaryDirectory() as folder:
        source, made = Path(folder) / "pages", Path(folder) / "site"
        source.mkdir()
        write_pages(lessons, source, repository=repository)
        _sphinx(source, made)
        shutil.copytree(source / pages.PICTURES, made / pages.PICTURES, dirs_exist_ok=True)
        (made / "_downloads").mkdir(exist_ok=True)
        for lesson in lessons:
            shutil.copy(lesson.path, made / "_downloads")
        (made / MARK).write_text("made by coursekit site\n")
        shutil.rmtree(made / "_sources", ignore_errors=True)
        shutil.rmtree(made / ".doctrees", ignore_errors=True)
        with disk_errors("the site", target):
            if target.exists():
                shutil.rmtree(target)
            shutil.copytree(made, target)
    return len(list(target.glob("*.html")))


def write_pages(lessons: Sequence[LessonFile], source: Path, *, repository: str = "") -> None:
    """What Sphinx reads: a notebook a lesson, start page, syllabus, glossary, bibliography."""
    known = terms.read(config.ROOT / "docs" / "glossary.md")
    pictures, covers = source / pages.PICTURES, {}
    pictures.mkdir(exist_ok=True)
    for lesson in lessons:
        made = pages.page(lesson, pictures, facts=contents.facts(lesson, repository))
        terms.link(made, known)
        nbformat.write(made, source / f"{lesson.id}.ipynb")
        if best := contents.cover(lesson)[0]:
            kind = str(Image.open(io.BytesIO(best)).format).lower()
            name = pages.keep(base64.b64encode(best).decode(), pictures, kind)
            covers[lesson.id] = f"{pages.PICTURES}/{name}"
    (source / "index.md").write_text(contents.index(lessons, covers), encoding="utf-8")
    (source / "syllabus.md").write_text(contents.syllabus(lessons), encoding="utf-8")
    (source / "glossary.md").write_text(terms.page(known), encoding="utf-8")
    (source / "bibliography.md").write_text(references.page(lessons), encoding="utf-8")
    shutil.copytree(THEME, source, dirs_exist_ok=True)


def _sphinx(source: Path, made: Path) -> None:
    """CourseError with what Sphinx says of the pages, where it says anything."""
    try:
        from sphinx.application import Sphinx
    except ImportError:
        raise CourseError(
            "the site needs Sphinx and its parts: pip install 'coursekit[site]'"
        ) from None
    said, warned = io.StringIO(), io.StringIO()
    with redirect_stdout(said), redirect_stderr(warned):
        app = Sphinx(
            str(source),
            str(source),
            str(made),
            str(made / ".doctrees"),
            "html",
            status=None,
            warning=warned,
            freshenv=True,
        )
        app.build()
    if app.statuscode or warned.getvalue().strip():
        plain = re.sub(r"\x1b\[[0-9;]*m", "", warned.getvalue())  # colors of a terminal
        lines = [line.replace(f"{source}/", "") for line in plain.splitlines()]
        raise CourseError(f"the site was not built: {'; '.join(lines[:5])[:900]}")
