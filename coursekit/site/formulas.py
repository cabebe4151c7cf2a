"""Formulas as MathML, made by pandoc when the site is built: no script and no address is needed."""

import html
from functools import cache

from coursekit.reports import pandoc


@cache
def mathml(tex: str, *, display: bool) -> str:
    """The MathML of one formula; the TeX as typed where pandoc cannot read it."""
    kind = "DisplayMath" if display else "InlineMath"
    node = {"t": "Math", "c": [{"t": kind}, tex]}
    made = pandoc.write([{"t": "Plain", "c": [node]}], "html5", "--mathml").strip()
    return made if "<math" in made else f"<code>{html.escape(tex)}</code>"


def inline(writer, node) -> None:
    """Sphinx: write a formula within a line."""
    from docutils.nodes import SkipNode

    writer.body.append(mathml(node.astext(), display=False))
    raise SkipNode


def block(writer, node) -> None:
    """Sphinx: write a formula of its own, which scrolls where the screen is narrow."""
    from docutils.nodes import SkipNode

    label = node.get("ids") or [""]
    formula = mathml(node.astext(), display=True)
    writer.body.append(f'<div class="ck-formula" id="{label[0]}" tabindex="0">{formula}</div>\n')
    raise SkipNode
