"""pandoc as a function: text becomes blocks of its tree, and blocks become HTML, DOCX or typst."""

import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pypandoc

from coursekit.errors import CourseError
from coursekit.reports.nodes import Node

VERSION = [1, 23, 1]  # of the tree
MARKDOWN = "gfm+tex_math_dollars-footnotes-gfm_auto_identifiers-autolink_bare_uris"
HTML = "html+tex_math_single_backslash"
UNREADABLE = "CouldNotConvertTeXMath"


def read(content: str | bytes, form: str) -> list[Node]:
    """Blocks of a text or a DOCX. Nothing but the content is read: no file, no address."""
    return json.loads(run(content, form, "json"))["blocks"]


def html_of(markdown: str) -> str:
    r"""Markdown -> HTML, formulas as \(TeX\); raw HTML goes through, so it is not harmless yet."""
    return run(markdown, MARKDOWN, "html-task_lists", "--mathjax", "--wrap=preserve").decode()


def write(blocks: Sequence[Node], form: str, *arguments: str) -> str:
    """Blocks as text of a form: html5, typst or plain."""
    return run(_tree(blocks, {}), "json", form, "--wrap=preserve", *arguments).decode()


def write_docx(
    blocks: Sequence[Node], meta: Mapping[str, Node], files: Mapping[str, bytes]
) -> bytes:
    """Blocks as a DOCX. files: the pictures that the blocks name, and reference.docx."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        options = ("--reference-doc=reference.docx", "--output=report.docx")
        run(_tree(blocks, meta), "json", "docx", *options, folder=folder, sandbox=False)
        return (Path(folder) / "report.docx").read_bytes()


def unreadable_formulas(formulas: Sequence[str]) -> list[str]:
    """The TeX that pandoc cannot read, which stays as typed in every format."""
    displayed = [{"t": "Math", "c": [{"t": "DisplayMath"}, tex]} for tex in formulas]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.json"
        blocks = [{"t": "Para", "c": displayed}]
        run(_tree(blocks, {}), "json", "html5", "--mathml", f"--log={log}", sandbox=False)
        said = json.loads(log.read_text(encoding="utf-8"))
    refused = {told["contents"] for told in said if told["type"] == UNREADABLE}
    return [tex for tex in dict.fromkeys(formulas) if tex in refused]


def run(
    content: str | bytes,
    source: str,
    target: str,
    *arguments: str,
    folder: str | None = None,
    sandbox: bool = True,
) -> bytes:
    """What pandoc makes of a content. CourseError where it refuses."""
    command = [pypandoc.get_pandoc_path(), f"--from={source}", f"--to={target}", "--quiet"]
    command += [*arguments, *(["--sandbox"] if sandbox else [])]
    given = content.encode("utf-8", "replace") if isinstance(content, str) else content
    done = subprocess.run(command, input=given, cwd=folder, capture_output=True)
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip()[:300]
        raise CourseError(f"pandoc could not make {target} of {source.partition('+')[0]}: {reason}")
    return done.stdout


def _tree(blocks: Sequence[Node], meta: Mapping[str, Node]) -> str:
    return json.dumps({"pandoc-api-version": VERSION, "meta": dict(meta), "blocks": list(blocks)})
