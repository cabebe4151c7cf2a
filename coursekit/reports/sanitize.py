"""Foreign HTML made harmless: only what shows text, tables, pictures and formulas is let through.

A report may be made of somebody else's notebook. No script, style sheet, form, frame or address that does something
survives; what remains cannot leave its place on the page either.
"""

from functools import cache

from bleach.css_sanitizer import CSSSanitizer
from bleach.sanitizer import Cleaner

TEXT = [
    "a",
    "abbr",
    "b",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "details",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "samp",
    "section",
    "small",
    "span",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "u",
    "ul",
    "var",
    "wbr",
]
MATH = [
    "math",
    "annotation",
    "maction",
    "menclose",
    "merror",
    "mfrac",
    "mi",
    "mmultiscripts",
    "mn",
    "mo",
    "mover",
    "mpadded",
    "mphantom",
    "mprescripts",
    "mroot",
    "mrow",
    "ms",
    "mspace",
    "msqrt",
    "mstyle",
    "msub",
    "msubsup",
    "msup",
    "mtable",
    "mtd",
    "mtext",
    "mtr",
    "munder",
    "munderover",
    "none",
    "semantics",
]
EVERYWHERE = {"class", "dir", "lang", "title", "align"}
OF = {
    "img": {"src", "alt", "width", "height"},
    "ol": {"start", "type"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "details": {"open"},
    "annotation": {"encoding"},
}
OF_MATH = set(
    [
        "display",
        "xmlns",
        "mathvariant",
        "stretchy",
        "form",
        "accent",
        "accentunder",
        "columnalign",
        "rowspacing",
        "columnspacing",
        "columnlines",
        "rowlines",
        "width",
        "height",
        "depth",
        "lspace",
        "rspace",
        "minsize",
        "maxsize",
        "fence",
        "separator",
        "linethickness",
        "displaystyle",
        "scriptlevel",
        "notation",
        "movablelimits",
        "symmetric",
        "voffset",
        "side",
    ]
)
STYLES = [
    "text-align",
    "vertical-align",
    "font-weight",
    "font-style",
    "text-decoration",
    "white-space",
    "background-color",
    "color",
    "padding-left",
    "padding-right",
]
EMPTIED = (
    "script",
    "style",
    "title",
    "iframe",
    "object",
    "noscript",
    "template",
    "textarea",
    "select",
    "svg",
)
PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")


def clean(markup: str) -> str:
    """HTML -> the harmless part of it, with every tag closed."""
    for name in EMPTIED:  # what stands inside them was never meant to be read
        markup = _without(markup, name)
    return _cleaner().clean(markup) if "<" in markup or "&" in markup else markup


def _allowed(tag: str, name: str, value: str) -> bool:
    if tag == "img" and name == "src":
        return (
            value.startswith((*(f"data:{kind};base64," for kind in PICTURES), "attachment:"))
            or ":" not in value.partition("/")[0]
        )
    if name == "href":
        return tag == "a" and not value.strip().lower().startswith(("data:", "attachment:"))
    if name == "class":
        return all(
            each.startswith(("ck-", "math", "measured", "dataframe", "task-list", "footnote"))
            or each in ("inline", "display", "highlight")
            for each in value.split()
        )
    return (
        name in EVERYWHERE
        or name in OF.get(tag, ())
        or (tag in MATH and name in OF_MATH)
        or name == "style"
    )


@cache
def _cleaner() -> Cleaner:
    return Cleaner(
        tags={*TEXT, *MATH},
        attributes=_allowed,
        protocols={"http", "https", "mailto", "data", "attachment"},
        strip=True,
        css_sanitizer=CSSSanitizer(allowed_css_properties=STYLES),
    )


def _without(markup: str, name: str) -> str:
    """Cut out elements of this name with all that is in them; an unclosed one goes to the end."""
    lower, kept, at = markup.lower(), [], 0
    while (start := _tag(lower, f"<{name}", at)) >= 0:
        kept.append(markup[at:start])
        end = _tag(lower, f"</{name}", start)
        close = lower.find(">", end) if end >= 0 else -1
        if close < 0:
            return "".join(kept)
        at = close + 1
    return "".join([*kept, markup[at:]])


def _tag(lower: str, opening: str, at: int) -> int:
    """Where this tag begins at or after a place, or -1; <styled> is no <style."""
    while (found := lower.find(opening, at)) >= 0:
        if not lower[found + len(opening) : found + len(opening) + 1].isalnum():
            return found
        at = found + 1
    return -1
