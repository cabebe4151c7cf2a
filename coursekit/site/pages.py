"""One lesson as a page: pictures with their alternative text, exercises with a folded solution.

myst-nb drops what an output says of itself, so figures become HTML that names a file beside the
pages. Exercises show the stub of the student edition; the solved cell is folded below it.
"""

import base64
import hashlib
import html
import json
import re
from copy import deepcopy
from pathlib import Path

from nbformat import NotebookNode, from_dict, v4

from coursekit import config
from coursekit.grading import edition
from coursekit.reports.direction import rightwards
from coursekit.runner.lessons import LessonFile

PICTURES = "_pictures"
ATTACHED = re.compile(r"\(attachment:([^)\s]+)\)")
SOLUTION = {"code_prompt_show": "Show a solution", "code_prompt_hide": "Hide the solution"}
SETUP = {"code_prompt_show": "Show imports and settings", "code_prompt_hide": "Hide"}
METADATA = {
    "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
    "language_info": {"name": "python", "pygments_lexer": "ipython3"},
}


def page(lesson: LessonFile, pictures: Path, *, facts: str) -> NotebookNode:
    """The notebook that the site shows. pictures: the folder for its pictures; facts: Markdown
    that stands below the title.
    """
    made = NotebookNode(v4.new_notebook())
    made.metadata = from_dict(METADATA)
    for number, cell in enumerate(map(deepcopy, _cells(lesson))):
        if cell.cell_type == "markdown":
            _prose(cell, pictures)
            if not number:
                cell.source = _below_title(cell.source, facts)
            made.cells.append(cell)
        elif cell.cell_type == "code":
            made.cells += _code(cell, pictures, lesson.id)
    return made


def keep(png: str, folder: Path, suffix: str = "png") -> str:
    """A base64 picture as a file named by its content -> its name."""
    content = base64.b64decode(png)
    name = f"{hashlib.sha256(content).hexdigest()[:16]}.{suffix}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return name


def _cells(lesson: LessonFile) -> list[NotebookNode]:
    return [_as_node(cell) for cell in lesson.notebook["cells"]]


def _as_node(cell: dict) -> NotebookNode:
    node = from_dict(cell)
    node.source = "".join(node.source)
    return node


def _prose(cell: NotebookNode, pictures: Path) -> None:
    """Attached pictures become files; paragraphs from right to left say so."""
    for name, bundle in cell.pop("attachments", {}).items():
        kind, content = next(iter(bundle.items()))
        file = keep("".join(content), pictures, kind.partition("/")[2].partition("+")[0])
        cell.source = cell.source.replace(f"(attachment:{name})", f"({PICTURES}/{file})")
    pieces = re.split(r"(\n\s*\n)", cell.source)
    cell.source = "".join(_directed(piece) for piece in pieces)


def _directed(text: str) -> str:
    plain = text.lstrip("#*->0123456789. \n")
    if text.strip() and rightwards(plain):
        return f'<div dir="rtl">\n\n{text}\n\n</div>'
    return text


def _below_title(source: str, facts: str) -> str:
    title, _, rest = source.partition("\n")
    return f"{title}\n\n{facts}\n{rest}"


def _code(cell: NotebookNode, pictures: Path, lesson: str) -> list[NotebookNode]:
    """The cell as the site shows it, before it the stub where it is an exercise."""
    tags = list(cell.metadata.get("tags", []))
    before = []
    if edition.BEGIN in cell.source:
        before = [v4.new_markdown_cell(f"```python\n{edition.stub(cell.source, lesson)}\n```")]
        cell.metadata = NotebookNode({"tags": ["hide-input"], "mystnb": SOLUTION})
    elif {"parameters", "colab"} & set(tags):
        return []  # set-up without a word to read; the notebook to download has it
    elif "ck.start(" in cell.source:
        cell.metadata = NotebookNode({"tags": ["hide-input"], "mystnb": SETUP})
    else:
        cell.metadata = NotebookNode()
    cell.outputs = [_shown(output, pictures) for output in cell.outputs]
    return [*before, cell]


def _shown(output: NotebookNode, pictures: Path) -> NotebookNode:
    """An output; a picture as HTML with its alternative text, and no number marked as measured."""
    data = output.get("data", {})
    if kind := next((kind for kind in config.FIGURES if kind in data), ""):
        alt = output.metadata.get(kind, {}).get("alt", "")
        name = keep("".join(data[kind]), pictures, config.FIGURES[kind])
        source, words = f"{PICTURES}/{name}", html.escape(alt, quote=True)
        moving = _moving(output.metadata.get("coursekit", {}).get("frames"), pictures)
        output.data = {"text/html": f'<img class="ck-figure" src="{source}" alt="{words}">{moving}'}
        output.metadata = {}
    elif "text/html" in data:
        output.data = {"text/html": "".join(data["text/html"])}
    return output


def _moving(frames: dict | None, pictures: Path) -> str:
    """The place that the site's script fills with sliders and the picture they choose."""
    if not frames:
        return ""
    files = [f"{PICTURES}/{keep(png, pictures)}" for png in frames["pictures"]]
    told = html.escape(json.dumps({"axes": frames["axes"], "files": files}), quote=True)
    return f'<div class="ck-frames" data-frames="{told}"></div>'
