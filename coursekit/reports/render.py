"""Reports of executed notebooks, as HTML, DOCX and PDF, and an index of all. Nothing is run again.

A notebook becomes one document (document.py); each format only writes it. A page asks nobody for
anything: its content policy forbids it, so it reads the same on a plane and in ten years.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from coursekit import config, files
from coursekit.config import FORMATS
from coursekit.errors import CourseError
from coursekit.reports import document, docx, html, index, metadata, pandoc, pdf
from coursekit.reports.document import Document
from coursekit.reports.metadata import ReportMetadata
from coursekit.runner import record
from coursekit.runner.lessons import LessonFile, lessons

BANNER = "papermill-error-cell-tag"


def render(
    chosen: Iterable[LessonFile],
    *,
    profile: str,
    formats: Sequence[str] = ("html",),
    code: bool = False,
) -> tuple[list[Path], list[str]]:
    """Write reports/PROFILE/LESSON.… of each chosen lesson that ran, and the index of all. Returns
    what to open, warnings.
    """
    target = config.reports() / profile
    folders = {lesson.id: record.folder(profile, lesson.id) for lesson in chosen}
    ran = {name: run for name, run in folders.items() if (run / "notebook.ipynb").exists()}
    if not ran:
        raise CourseError(
            f"nothing to report: no such lesson has run at profile {profile}; "
            f"try: coursekit run --profile {profile}"
        )
    written, warnings = [], []
    for name, run in ran.items():
        notebook = read(run / "notebook.ipynb")
        told = metadata.of_run(run, notebook, profile=profile)
        made = document.from_notebook(notebook, folder=config.notebooks())
        sources = document.code_of(notebook) if code else []
        done, more = _write(made, told, target / name, formats=formats, code=sources)
        written += done
        warnings += [f"{name}: {warning}" for warning in more]
    _write_index(target, profile)
    return [target / "index.html"] if "html" in formats else written, warnings


def render_file(
    path: Path, *, formats: Sequence[str] = ("html",), code: bool = False
) -> tuple[list[Path], list[str]]:
    """The report of any executed notebook, beside it as NAME-report.…; foreign ones are data, and
    nothing in them is run.
    """
    notebook = read(path)
    told = metadata.of_file(path, notebook)
    made = document.from_notebook(notebook, folder=path.parent)
    sources = document.code_of(notebook) if code else []
    base = path.with_name(f"{path.stem}-report")
    written, warnings = _write(made, told, base, formats=formats, code=sources)
    return written, [f"{path.name}: {warning}" for warning in warnings]


def read(path: Path) -> NotebookNode:
    """An executed notebook in today's format, without the runner's banner and raw cells.

    CourseError where it is none.
    """
    try:
        notebook = nbformat.reads(path.read_text(encoding="utf-8-sig"), as_version=4)
        cells = [cell for cell in notebook.cells if cell.cell_type in ("markdown", "code")]
        notebook.cells = [cell for cell in cells if BANNER not in cell.metadata.get("tags", [])]
    except (OSError, ValueError, AttributeError, KeyError, TypeError, RecursionError) as error:
        raise CourseError(
            f"{path} is not a readable notebook ({type(error).__name__}): "
            "open it in JupyterLab and save it again"
        ) from None
    return notebook


def page(notebook: NotebookNode, told: ReportMetadata, *, folder: Path, code: bool = False) -> str:
    """A notebook as a whole HTML page. folder: where its pictures lie."""
    sources = document.code_of(notebook) if code else []
    return html.made(document.from_notebook(notebook, folder=folder), told, code=sources)


def _write(
    made: Document,
    told: ReportMetadata,
    base: Path,
    *,
    formats: Sequence[str],
    code: Sequence[str],
) -> tuple[list[Path], list[str]]:
    """Write a notebook's report in each format -> files, warnings."""
    paths = {form: base.with_name(f"{base.name}.{form}") for form in FORMATS}
    unread = pandoc.unreadable_formulas(made.formulas) if made.formulas else []
    warnings = [*made.warnings, *(f"this formula stays as typed: {tex}" for tex in unread)]
    warnings += [f"this picture is not there: {address}" for address in made.missing]
    if "docx" in formats:
        files.write_bytes(paths["docx"], docx.made(made, told, code=code))
    if "pdf" in formats:
        content, refused = pdf.made(made, told, code=code)
        files.write_bytes(paths["pdf"], content)
        only = [tex for tex in refused if tex not in unread]
        warnings += [f"the PDF shows this formula as typed: {tex}" for tex in only]
    if "html" in formats:
        others = [(form, paths[form].name) for form in FORMATS[1:] if paths[form].exists()]
        files.write_text(paths["html"], html.made(made, told, code=code, others=others))
    return [paths[form] for form in FORMATS if form in formats], warnings


def _write_index(target: Path, profile: str) -> None:
    """The page of all reports of a profile."""
    known = [lesson.id for lesson in lessons() if (target / f"{lesson.id}.html").exists()]
    cards = []
    for name in known:
        others = [form for form in FORMATS[1:] if (target / f"{name}.{form}").exists()]
        cards.append(index.card(record.folder(profile, name), profile=profile, others=others))
    files.write_text(target / "index.html", index.page(cards, profile=profile))
