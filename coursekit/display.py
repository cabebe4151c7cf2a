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
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import display
from PIL import Image

DPI = 100
HEAVY = 60_000  # bytes of a PNG above which a notebook would grow too large


def figure(
    fig,
    *,
    number: int,
    caption: str,
    alt: str,
    true_colors: bool = False,
    marks: Mapping[str, Any] = {},
) -> None:
    """Show a figure as one PNG with alternative text, its numbered caption below, and close it.

    true_colors: see `_png`. marks: what the runner and the site are told of it, in the output's
    metadata.
    """
    bundle = {
        "image/png": base64.b64encode(_png(fig, true_colors)).decode(),
        "text/plain": f"Figure {number}: {alt}",
    }
    plt.close(fig)
    told = {"coursekit": dict(marks)} if marks else {}
    display(bundle, raw=True, metadata={"image/png": {"alt": alt}, **told})
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


def _png(fig, true_colors: bool) -> bytes:
    """The figure as PNG. A heavy one (many pictures) in its 256 best colors, a third in size.

    The usual choice of them moves the hues of photos visibly (CIEDE2000 3 on average, 9 for one
    pixel of twenty). With true_colors they are chosen in CIE Lab: 2 and 5, and a second of time.
    """
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png", dpi=DPI, bbox_inches="tight", metadata={"Software": None})
    if buffer.tell() <= HEAVY:
        return buffer.getvalue()
    light, picture = io.BytesIO(), Image.open(buffer).convert("RGB")
    if true_colors and not picture.getcolors(256):  # else they are all kept
        picture = _in_lab_colors(picture)
    else:
        picture = picture.quantize(256, dither=Image.Dither.NONE)
    picture.save(light, format="png", optimize=True)
    return light.getvalue()


def _in_lab_colors(picture: Image.Image) -> Image.Image:
    """256 colors by k-means in CIE Lab, where equal distances look about equally different."""
    from scipy.cluster.vq import kmeans2
    from scipy.spatial import KDTree
    from skimage.color import lab2rgb, rgb2lab

    colors = np.asarray(picture)
    points, rng = rgb2lab(colors).reshape(-1, 3), np.random.default_rng(0)
    some = points[rng.permutation(len(points))[:8_000]]
    centers = kmeans2(some, 256, iter=10, minit="++", seed=0)[0]
    nearest = KDTree(centers).query(points)[1].astype(np.uint8).reshape(colors.shape[:2])
    chosen = Image.fromarray(nearest, "P")
    chosen.putpalette((lab2rgb(centers[None])[0] * 255).round().astype(np.uint8).tobytes())
    return chosen


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
