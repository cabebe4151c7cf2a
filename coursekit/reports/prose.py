"""Markdown as HTML that needs nothing from outside: formulas become MathML, pictures become data.

pandoc does the conversion, because every current browser draws its MathML without a script or a font.
"""

import base64
import html
import mimetypes
import re
from pathlib import Path
from urllib.parse import unquote

import pypandoc
from nbformat import NotebookNode

MARKDOWN = "gfm+tex_math_dollars-gfm_auto_identifiers-autolink_bare_uris"
_IMAGE = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
_SOURCE = re.compile(r"""\bsrc=(["'])(.*?)\1""", re.IGNORECASE)
_ALT = re.compile(r"""\balt=(["'])(.*?)\1""", re.IGNORECASE)
_HEADING = re.compile(r"<h([1-6])\b[^>]*>(.*?)</h\1>", re.DOTALL)
_FUNCTION = re.compile(r'(</mn>(?:<msub><mrow>)?)?<mi mathvariant="normal">([a-z]{2,}(?:\s[a-z]+)?)</mi>(?=(<m[infs])?)')
_RAW_FORMULA = re.compile(r'<span class="math (?:inline|display)">(.*?)</span>', re.DOTALL)


def to_html(markdown: str, *, folder: Path, attachments: dict | None = None) -> str:
    """Markdown -> HTML. folder: where relative pictures lie; attachments: a cell's own pictures."""
    page = pypandoc.convert_text(markdown, "html", format=MARKDOWN, extra_args=["--mathml", "--wrap=preserve", "--quiet"])
    return _FUNCTION.sub(_spaced, _IMAGE.sub(lambda match: _embedded(match[0], folder, attachments or {}), page))


def unreadable_formulas(page: str) -> list[str]:
    """Formulas that pandoc could not read and left as TeX."""
    return [html.unescape(formula) for formula in _RAW_FORMULA.findall(page)]


def number_headings(pages: list[str]) -> tuple[list[str], list[tuple[int, str, str]]]:
    """Give every heading an anchor as Jupyter does; return the pages and (level, anchor, text) of each heading."""
    found: list[tuple[int, str, str]] = []

    def mark(match: re.Match) -> str:
        level, text = int(match[1]), match[2]
        anchor = re.sub(r"\s+", "-", html.unescape(re.sub(r"<[^>]+>", "", text)).strip())
        taken = sum(each == anchor or each.startswith(f"{anchor}-") for _, each, _ in found)
        found.append((level, f"{anchor}-{taken}" if taken else anchor, text))
        return f'<h{level} id="{html.escape(found[-1][1])}">{text}</h{level}>'

    return [_HEADING.sub(mark, page) for page in pages], found


def outputs(cell: NotebookNode):
    """The display data of a code cell's outputs."""
    return (output for output in cell.get("outputs", []) if output.output_type in ("display_data", "execute_result"))


def _spaced(match: re.Match) -> str:
    """The thin spaces around log and its like, as TeX sets them: after a number before it, and before its argument."""
    before, name, after = match[1] or "", match[2], match[3]
    classes = " ".join(["ck-after-number"] * bool(before) + ["ck-before-argument"] * bool(after))
    return f'{before}<mi mathvariant="normal"{f" class={chr(34)}{classes}{chr(34)}" if classes else ""}>{name}</mi>'


def _embedded(tag: str, folder: Path, attachments: dict) -> str:
    """An <img> whose picture is in the page itself; one that cannot be is replaced by its description."""
    source = _SOURCE.search(tag)
    address = html.unescape(source[2]) if source else ""
    if address.startswith("data:"):
        return tag
    if data := _picture(address, folder, attachments):
        return tag[:source.start(2)] + data + tag[source.end(2):]
    alt = _ALT.search(tag)
    return f'<i>[Picture: {alt[2] if alt and alt[2] else html.escape(address)}]</i>'


def _picture(address: str, folder: Path, attachments: dict) -> str:
    """A data address for an attachment or a file beside the notebook, or nothing."""
    if address.startswith("attachment:"):
        bundle = attachments.get(unquote(address.removeprefix("attachment:")), {})
        return next((f"data:{kind};base64,{data}" for kind, data in bundle.items()), "")
    path = folder / unquote(address)
    kind = mimetypes.guess_type(path.name)[0] or ""
    if "://" in address or not kind.startswith("image/") or not path.is_file():
        return ""
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
