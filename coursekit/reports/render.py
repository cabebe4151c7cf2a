"""Reports of executed notebooks, as HTML, Word and PDF, and an index of all. Nothing is run again.

A page asks nobody for anything: its content policy forbids it, so it reads the same on a plane and in ten years.
"""

import base64
import os
import re
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import nbformat
from nbconvert import HTMLExporter
from nbformat import NotebookNode

from coursekit import config
from coursekit.config import FORMATS
from coursekit.errors import CourseError
from coursekit.reports import index, metadata, prose, references
from coursekit.reports.metadata import ReportMetadata
from coursekit.runner import record
from coursekit.runner.lessons import LessonFile, lessons

TEMPLATE = Path(__file__).parent / "template"
POLICY = "default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'"
BANNER = "papermill-error-cell-tag"
CLAIMS = "The claims of this lesson"


def render(
    chosen: Iterable[LessonFile],
    *,
    profile: str,
    formats: Sequence[str] = ("html",),
    code: bool = False,
) -> tuple[list[Path], list[str]]:
    """Write reports/PROFILE/LESSON.… of each chosen lesson that ran, and the index of all. Returns what to open, warnings."""
    target = config.reports() / profile
    ran = [
        lesson.id
        for lesson in chosen
        if (record.folder(profile, lesson.id) / "notebook.ipynb").exists()
    ]
    if not ran:
        raise CourseError(
            f"nothing to report: no such lesson has run at profile {profile}; try: coursekit run --profile {profile}"
        )
    target.mkdir(parents=True, exist_ok=True)
    written, warnings = [], []
    for lesson in ran:
        notebook = read(record.folder(profile, lesson) / "notebook.ipynb")
        told = metadata.of_run(record.folder(profile, lesson), notebook, profile=profile)
        done, more = _write(
            notebook, told, target / lesson, folder=config.notebooks(), formats=formats, code=code
        )
        written += done
        warnings += [f"{lesson}: {each}" for each in more]
    known = [lesson.id for lesson in lessons() if (target / f"{lesson.id}.html").exists()]
    others = {
        lesson: [form for form in FORMATS[1:] if (target / f"{lesson}.{form}").exists()]
        for lesson in known
    }
    cards = [
        index.card(record.folder(profile, lesson), profile=profile, others=others[lesson])
        for lesson in known
    ]
    write(target / "index.html", index.page(cards, profile=profile, style=_style(), policy=POLICY))
    return [target / "index.html"] if "html" in formats else written, warnings


def render_file(
    path: Path, *, formats: Sequence[str] = ("html",), code: bool = False
) -> tuple[list[Path], list[str]]:
    """The report of any executed notebook, beside it as NAME-report.…; foreign ones are data, and nothing in them is run."""
    notebook = read(path)
    told = metadata.of_file(path, notebook)
    return _write(
        notebook,
        told,
        path.with_name(f"{path.stem}-report"),
        folder=path.parent,
        formats=formats,
        code=code,
    )


def read(path: Path) -> NotebookNode:
    """An executed notebook without the runner's banner and without raw cells. CourseError where it is none."""
    try:
        notebook = nbformat.read(path, as_version=4)
        cells = [cell for cell in notebook.cells if cell.cell_type in ("markdown", "code")]
        notebook.cells = [cell for cell in cells if BANNER not in cell.metadata.get("tags", [])]
    except (OSError, ValueError, AttributeError, KeyError, TypeError, RecursionError) as error:
        raise CourseError(
            f"{path} is not a readable notebook ({type(error).__name__}): open it in JupyterLab and save it again"
        ) from None
    return notebook


def page(notebook: NotebookNode, told: ReportMetadata, *, folder: Path, code: bool = False) -> str:
    """A notebook as a whole HTML page. folder: where its pictures lie."""
    contents, captions = prepare(notebook, folder=folder)
    if told.appendix or code:
        contents.append((2, "appendix", "Appendix"))
    report = {
        "told": told,
        "policy": POLICY,
        "style": _style(),
        "font": _font(notebook),
        "contents": contents,
        "captions": captions,
        "code": code,
        "direction": "rtl" if prose.rightwards(told.title) else "ltr",
    }
    return _exporter().from_notebook_node(notebook, resources={"report": report})[0]


def prepare(
    notebook: NotebookNode, *, folder: Path
) -> tuple[list[tuple[int, str, str]], list[tuple[str, str]]]:
    """Turn prose and outputs into harmless HTML in place, without the title.

    Returns the contents (level, anchor, text), headings 2 and 3, and the captions (anchor, text).
    """
    prosaic = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    displayed = [output for cell in notebook.cells for output in prose.outputs(cell)]
    for output in displayed:
        _harmless(output.data, output.metadata, folder)
    said = [output.data for output in displayed if "text/markdown" in output.data]
    texts = [(cell.source, cell.get("attachments")) for cell in prosaic] + [
        (data["text/markdown"], None) for data in said
    ]
    converted = prose.pages(texts, folder=folder)
    for cell, source in zip(prosaic, converted, strict=False):
        cell.source = source
    for data, source in zip(said, converted[len(prosaic) :], strict=True):
        data["text/markdown"] = source
    if prosaic:
        prosaic[0].source = re.sub(
            r"<h1\b.*?</h1>", "", prosaic[0].source, count=1, flags=re.DOTALL
        )
    places = _in_order(notebook)
    captions = references.anchor(places)
    known = {anchor for anchor, _ in captions}
    pages, headings = prose.number_headings(
        [references.link(place[kind], known) for place, kind in places]
    )
    for (place, kind), source in zip(places, pages, strict=True):
        place[kind] = source
    return [heading for heading in headings if heading[0] in (2, 3)], captions


def write(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    temporary.write_bytes(content.encode() if isinstance(content, str) else content)
    os.replace(temporary, path)


def _write(
    notebook: NotebookNode,
    told: ReportMetadata,
    base: Path,
    *,
    folder: Path,
    formats: Sequence[str],
    code: bool,
) -> tuple[list[Path], list[str]]:
    """Write a notebook's report in each format -> files, warnings."""
    warnings: list[str] = []
    if set(formats) - {"html"}:
        from coursekit.reports import document, docx, pdf

        sources = document.code_of(notebook) if code else []
        whole = document.of(notebook, folder=folder)
        if "docx" in formats:
            write(base.with_name(f"{base.name}.docx"), docx.made(whole, told, code=sources))
        if "pdf" in formats:
            content, unreadable = pdf.made(whole, told, code=sources)
            write(base.with_name(f"{base.name}.pdf"), content)
            warnings += [f"the PDF shows this formula as typed: {each}" for each in unreadable]
    if "html" in formats:
        report = page(notebook, told, folder=folder, code=code)
        warnings += [
            f"this formula stays as typed: {each}" for each in prose.unreadable_formulas(report)
        ]
        write(base.with_name(f"{base.name}.html"), report)
    return [base.with_name(f"{base.name}.{each}") for each in FORMATS if each in formats], warnings


def _harmless(data: dict, metadata: dict, folder: Path) -> None:
    """An output's HTML and LaTeX as harmless HTML; every picture with a description."""
    if "text/html" in data:
        data["text/html"] = prose.whole(data["text/html"], folder=folder)
        if CLAIMS in data["text/html"]:
            data["text/html"] = "<h2>Claims</h2>" + data["text/html"]
    if "text/latex" in data and "text/html" not in data:
        data["text/html"] = prose.to_html(data.pop("text/latex"), folder=folder)
    for kind in [kind for kind in data if kind.startswith("image/")]:
        given = metadata.get(kind)
        metadata[kind] = {
            "alt": str(
                (given if isinstance(given, dict) else {}).get("alt")
                or "A figure without a description"
            )
        }


def _in_order(notebook: NotebookNode) -> list[tuple[dict, str]]:
    """Where headings may stand, in the order of the page."""
    places = []
    for cell in notebook.cells:
        places += [(cell, "source")] if cell.cell_type == "markdown" else []
        places += [
            (output.data, kind)
            for output in prose.outputs(cell)
            for kind in ("text/html", "text/markdown")
            if kind in output.data
        ]
    return places


@cache
def _exporter() -> HTMLExporter:
    return HTMLExporter(
        template_name="report",
        extra_template_basedirs=[str(TEMPLATE)],
        exclude_input_prompt=True,
        exclude_output_prompt=True,
    )


@cache
def _style() -> str:
    return (TEMPLATE / "style.css").read_text(encoding="utf-8")


def _font(notebook: NotebookNode) -> str:
    """The mathematical font as a style rule, for a page with formulas: few machines have one, and braces need it."""
    if not any("<math" in place[kind] for place, kind in _in_order(notebook)):
        return ""
    data = base64.b64encode((TEMPLATE / "math.woff").read_bytes()).decode()
    return f'@font-face {{ font-family: "Coursekit Math"; src: url("data:font/woff;base64,{data}") format("woff"); }}'
