"""Markdown as HTML that needs nothing from outside: formulas become MathML, pictures become data.

pandoc does the conversion, because every current browser draws its MathML without a script or a font.
"""

import base64
import html
import mimetypes
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

import pypandoc
from nbformat import NotebookNode

from coursekit.reports import sanitize

MARKDOWN = "gfm+tex_math_dollars-footnotes-gfm_auto_identifiers-autolink_bare_uris"
_BETWEEN = "<!-- the next piece of coursekit's prose -->"
_IMAGE = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
_SOURCE = re.compile(r"""\bsrc=(["'])(.*?)\1""", re.IGNORECASE)
_ALT = re.compile(r"""\balt=(["'])(.*?)\1""", re.IGNORECASE)
_HEADING = re.compile(r"<h([1-6])\b[^>]*>(.*?)</h\1>", re.DOTALL)
_FUNCTION = re.compile(
    r'(</mn>(?:<msub><mrow>)?)?<mi mathvariant="normal">([a-z]{2,}(?:\s[a-z]+)?)</mi>(?=(<m[infs])?)'
)
_BLOCK = re.compile(r"<(p|li|h[1-6]|td|th|blockquote|figcaption|dt|dd)\b([^>]*)>")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_RAW_FORMULA = re.compile(r'<span class="math (?:inline|display)">(.*?)</span>', re.DOTALL)


def to_html(
    markdown: str, *, folder: Path, attachments: dict | None = None, formulas: str = "mathml"
) -> str:
    """Markdown -> harmless HTML. folder: where relative pictures lie; attachments: a cell's own pictures; formulas: mathml or mathjax."""
    return pages([(markdown, attachments)], folder=folder, formulas=formulas)[0]


def pages(
    texts: Sequence[tuple[str, dict | None]], *, folder: Path, formulas: str = "mathml"
) -> list[str]:
    """The same for many pieces of Markdown, each with its attachments, in one call of pandoc where they let themselves be told apart."""
    made = (
        _pandoc(f"\n\n{_BETWEEN}\n\n".join(text for text, _ in texts), formulas).split(_BETWEEN)
        if texts
        else []
    )
    if len(made) != len(texts):  # a fence left open, say, took its neighbors in
        made = [_pandoc(text, formulas) for text, _ in texts]
    return [
        _FUNCTION.sub(_spaced, whole(page, folder=folder, attachments=attachments))
        for page, (_, attachments) in zip(made, texts, strict=True)
    ]


def whole(markup: str, *, folder: Path, attachments: dict | None = None) -> str:
    """HTML -> the harmless part of it, its pictures in it, its paragraphs in the direction of their script."""
    return directed(
        _IMAGE.sub(
            lambda match: _embedded(match[0], folder, attachments or {}), sanitize.clean(markup)
        )
    )


def directed(markup: str) -> str:
    """Mark the blocks whose text begins in a script that runs from right to left."""
    if not _RIGHT_TO_LEFT.search(markup):
        return markup

    def mark(match: re.Match) -> str:
        text = html.unescape(
            re.sub(
                r"<math.*?</math>|<[^>]*>",
                "",
                markup[match.end() : match.end() + 2000],
                flags=re.DOTALL,
            )
        )
        return (
            f'<{match[1]} dir="rtl"{match[2]}>'
            if rightwards(text) and "dir=" not in match[2]
            else match[0]
        )

    return _BLOCK.sub(mark, markup)


def rightwards(text: str) -> bool:
    """Whether the first letter of a text belongs to a script that runs from right to left."""
    kinds = (unicodedata.bidirectional(letter) for letter in text)
    return next((kind for kind in kinds if kind in ("L", "R", "AL")), "L") != "L"


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
    return (
        output
        for output in cell.get("outputs", [])
        if output.output_type in ("display_data", "execute_result")
    )


def _pandoc(markdown: str, formulas: str) -> str:
    return pypandoc.convert_text(
        markdown,
        "html",
        format=MARKDOWN,
        extra_args=[f"--{formulas}", "--wrap=preserve", "--quiet"],
    )


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
        return tag[: source.start(2)] + data + tag[source.end(2) :]
    alt = _ALT.search(tag)
    return f"<i>[Picture: {alt[2] if alt and alt[2] else html.escape(address)}]</i>"


def _picture(address: str, folder: Path, attachments: dict) -> str:
    """A data address for an attachment or a file beside the notebook, or nothing."""
    if address.startswith("attachment:"):
        bundle = attachments.get(unquote(address.removeprefix("attachment:")), {})
        return next(
            (
                f"data:{kind};base64,{html.escape(str(data))}"
                for kind, data in bundle.items()
                if kind in sanitize.PICTURES
            ),
            "",
        )
    path = (folder / unquote(address)).resolve()
    kind = mimetypes.guess_type(path.name)[0] or ""
    if (
        not address
        or "://" in address
        or kind not in sanitize.PICTURES
        or not path.is_relative_to(folder.resolve())
        or not path.is_file()
    ):
        return ""
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
