"""Foreign HTML made harmless: only what shows text, tables, pictures and formulas is let through.

A report may be made of somebody else's notebook. No script, style sheet, form, frame or address
that does something survives. A drawing in SVG becomes a picture, and what only a browser with
scripts can show becomes a box that says so.
"""

import base64
from functools import cache

import nh3

TEXT = (
    "a abbr b blockquote br caption cite code col colgroup dd del details div dl dt em figcaption "
    "figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp section small span strong "
    "sub summary sup table tbody td tfoot th thead tr u ul var wbr"
)
MATH = (
    "math annotation maction menclose merror mfrac mi mmultiscripts mn mo mover mpadded mphantom "
    "mprescripts mroot mrow ms mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder "
    "munderover none semantics"
)
EMPTIED = {"script", "style", "title", "noscript", "template", "textarea", "select"}
EMBEDDED = {  # what stands in a report in place of it
    "iframe": "an embedded page",
    "video": "a video",
    "audio": "a sound",
    "object": "an embedded object",
    "canvas": "a drawing made by a script",
}
ATTRIBUTES = {
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start", "type"},
    "td": {"colspan", "rowspan", "align", "style"},
    "th": {"colspan", "rowspan", "align", "style"},
    "annotation": {"encoding"},
    "math": {"display", "xmlns"},
    "mi": {"mathvariant"},
    "mtext": {"mathvariant"},
}
CLASSES = ("ck-", "math", "measured", "inline", "display", "sourceCode", "language-")
NAMESPACE = 'xmlns="http://www.w3.org/2000/svg"'


def clean(markup: str) -> str:
    """HTML -> the harmless part of it, with every tag closed. Boxes are <div class="ck-lost">."""
    if "<" not in markup and "&" not in markup:
        return markup
    markup = _replaced(markup, "svg", as_image)
    for name, what in EMBEDDED.items():
        markup = _replaced(markup, name, lambda _, what=what: f'<div class="ck-lost">{what}</div>')
    return _cleaner().clean(markup)


def visible(markup: str) -> bool:
    """Whether harmless HTML shows anything."""
    shown = nh3.clean(markup, tags={"img", "math"})
    return bool(shown.strip()) or "<img" in shown


def as_image(svg: str) -> str:
    """<svg> -> <img>, in which no script runs and nothing is fetched."""
    if NAMESPACE not in svg.partition(">")[0]:
        svg = f"<svg {NAMESPACE}{svg[4:]}"
    data = base64.b64encode(svg.encode("utf-8", "replace")).decode()
    return f'<img src="data:image/svg+xml;base64,{data}" alt="A drawing without a description">'


def without_scripts(svg: str) -> str:
    """An SVG picture without its scripts."""
    return _replaced(svg, "script", lambda _: "")


def _allowed(tag: str, name: str, value: str) -> str | None:
    if name == "class":
        kept = [
            word for word in value.split() if word.startswith(CLASSES) or tag in ("pre", "code")
        ]
        return " ".join(kept) or None
    return value


@cache
def _cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags={*TEXT.split(), *MATH.split()},
        clean_content_tags=EMPTIED,
        attributes={"*": {"class"}, **ATTRIBUTES},
        attribute_filter=_allowed,
        filter_style_properties={"text-align"},
        url_schemes={"http", "https", "mailto", "data", "attachment"},
        link_rel=None,
    )


def _replaced(markup: str, name: str, by) -> str:
    """Elements of this name with all that is in them, replaced; an unclosed one goes to the end."""
    lower, kept, at = markup.lower(), [], 0
    while (start := _tag(lower, f"<{name}", at)) >= 0:
        kept.append(markup[at:start])
        end = _tag(lower, f"</{name}", start)
        close = lower.find(">", end) if end >= 0 else -1
        if close < 0:
            return "".join([*kept, by(markup[start:])])
        at = close + 1
        kept.append(by(markup[start:at]))
    return "".join([*kept, markup[at:]])


def _tag(lower: str, opening: str, at: int) -> int:
    """Where this tag begins at or after a place, or -1; <styled> is no <style."""
    while (found := lower.find(opening, at)) >= 0:
        if not lower[found + len(opening) : found + len(opening) + 1].isalnum():
            return found
        at = found + 1
    return -1
