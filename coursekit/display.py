"""Figures, tables and paragraphs as notebook outputs, the same in Jupyter and in every report.

Measured numbers stand in `<span class="measured">`: nbval's sanitizer skips those, and plain text
leaves them out, because they may differ in the last digits from one machine to the next.
"""

import base64
import html
import io
import string
from collections.abc import Iterable, Mapping
from numbers import Integral, Real
from typing import Any, Literal

import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import display
from PIL import Image

DPI = 100
HEAVY = 60_000  # bytes of a PNG above which a notebook would grow too large
QUALITY = 88  # of a JPEG, out of 95
Kind = Literal["plot", "photo", "pixels"]


def figure(
    fig,
    *,
    number: int,
    caption: str,
    alt: str,
    kind: Kind = "plot",
    marks: Mapping[str, Any] = {},
) -> None:
    """Show a figure as one picture with alternative text, its numbered caption below; close it.

    kind: how the picture is stored, see `stored`. marks: what the runner and the site are told of
    it, in the output's metadata.
    """
    content = stored(fig, kind)
    mime = "image/jpeg" if kind == "photo" else "image/png"
    bundle = {
        mime: base64.b64encode(content).decode(),
        "text/plain": f"Figure {number}: {alt}",
    }
    plt.close(fig)
    told = {"coursekit": dict(marks)} if marks else {}
    display(bundle, raw=True, metadata={mime: {"alt": alt}, **told})
    _show_html(_caption("Figure", number, caption), f"Figure {number}. {caption}")


def table(frame: pd.DataFrame, *, number: int, caption: str) -> None:
    """Show a frame without its index, its numbered caption above. Float columns are measured."""
    measured = [name for name in frame if _holds_floats(frame[name])]
    rows = [[_cell(value) for value in row] for row in frame.itertuples(index=False, name=None)]
    body = _rows_as_html([str(name) for name in frame], rows)
    plain = frame.drop(columns=measured).to_string(index=False)
    _show_html(_caption("Table", number, caption) + body, f"Table {number}. {caption}\n{plain}")


def claims(rows: list[dict], *, number: int, caption: str) -> None:
    """The closing table of a lesson: sentences, whose they are, what was measured, if they hold."""
    cells = [
        (
            html.escape(row["text"]),
            html.escape(row["source"] or "this course"),
            f'<span class="measured">{html.escape(row["measured"])}</span>',
            _verdict(row["holds"]),
        )
        for row in rows
    ]
    markup = _rows_as_html(("claim", "whose", "measured", "holds"), cells)
    plain = "\n".join(f"{_verdict(row['holds'])}: {row['text']}" for row in rows)
    _show_html(_caption("Table", number, caption) + markup, f"Table {number}. {caption}\n{plain}")


def paragraph(text: str, measures: Mapping[str, float]) -> None:
    """Show Markdown with its {name:format} fields filled in. KeyError names a missing measure."""
    names = [name for _, name, _, _ in string.Formatter().parse(text) if name]
    if missing := [name for name in names if name not in measures]:
        raise KeyError(f"no measure {', '.join(missing)}; there are {', '.join(measures)}")
    filled = text.format_map({name: _Measured(measures[name]) for name in names})
    display({"text/markdown": filled, "text/plain": text}, raw=True)


def stored(fig, kind: Kind) -> bytes:
    """The figure's file. "plot": a PNG; a heavy one in its 256 best colors, a third in size.

    256 colors move the hues of photos visibly (CIEDE2000 3 on average, bands in a sky). So "photo"
    is a JPEG with colors at full resolution, no heavier; "pixels", for a sheet of small pictures,
    is a PNG with all its colors, lighter than a JPEG where a pixel is a square of one color.
    """
    buffer, file = io.BytesIO(), io.BytesIO()
    fig.savefig(buffer, format="png", dpi=DPI, bbox_inches="tight", metadata={"Software": None})
    if kind == "plot" and buffer.tell() <= HEAVY:
        return buffer.getvalue()
    picture = Image.open(buffer).convert("RGB")
    if kind == "photo":
        picture.save(file, format="jpeg", quality=QUALITY, subsampling=0, optimize=True)
        return file.getvalue()
    if kind == "plot":
        picture = picture.quantize(256, dither=Image.Dither.NONE)
    picture.save(file, format="png", optimize=True)
    return file.getvalue()


class _Measured(float):
    """A number that formats itself inside the span which marks it as measured."""

    def __format__(self, spec: str) -> str:
        return f'<span class="measured">{float(self):{spec or ".4g"}}</span>'


def _holds_floats(column: pd.Series) -> bool:
    """True for a column of floats, or one that mixes them with words."""
    return pd.api.types.is_float_dtype(column) or any(_is_float(value) for value in column.dropna())


def _is_float(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, Integral)


def _cell(value: Any) -> str:
    """A float as measured, a whole number with commas, nothing if missing, else the words."""
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return ""
    if isinstance(value, bool) or not isinstance(value, Real):
        return html.escape(str(value))
    return f"{value:,}" if isinstance(value, Integral) else format(_Measured(value), "")


def _rows_as_html(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of cells that are HTML already."""
    head = "".join(f"<th>{html.escape(name)}</th>" for name in header)
    body = "\n".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return (
        f'<table class="dataframe ck-table">\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody>\n</table>"
    )


def _verdict(holds: bool) -> str:
    return "holds" if holds else "does not hold"


def _caption(kind: str, number: int, caption: str) -> str:
    return f'<p class="ck-caption"><b>{kind} {number}.</b> {html.escape(caption)}</p>'


def _show_html(markup: str, plain: str) -> None:
    display({"text/html": markup, "text/plain": plain}, raw=True)
