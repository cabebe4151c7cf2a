"""Captions become targets, and every "Figure 3" in the prose becomes a link to one."""

import html
import re
from collections.abc import Iterable

CAPTION = re.compile(r"(Figure|Fig\.|Table|شکل|جدول)\s*(\d+)\s*[.:،–-]", re.IGNORECASE)
KIND = {"figure": "figure", "fig.": "figure", "شکل": "figure", "table": "table", "جدول": "table"}
_PARAGRAPH = re.compile(r"<p\b([^>]*)>(.*?)</p>", re.DOTALL)
_MENTION = re.compile(r"\b(Figures?|Fig\.|Tables?|شکل|جدول)(\s|&nbsp;)(\d+)\b", re.IGNORECASE)
_APART = re.compile(
    r"(<(?:a|h[1-6]|pre|code|math|p class=\"ck-caption\"[^>]*)\b.*?</(?:a|h[1-6]|pre|code|math|p)>|<[^>]*>)",
    re.DOTALL,
)


def anchor(places: Iterable[tuple[dict, str]]) -> list[tuple[str, str]]:
    """Give every caption in these texts an identifier, in place; returns (identifier, caption) in order."""
    found: dict[str, str] = {}

    def mark(match: re.Match) -> str:
        text = html.unescape(re.sub(r"<[^>]*>", "", match[2])).strip()
        caption = CAPTION.match(text)
        if not caption:
            return match[0]
        identifier = f"{KIND[caption[1].lower()]}-{int(caption[2])}"
        again = identifier in found
        found.setdefault(identifier, text)
        attributes = match[1] if "ck-caption" in match[1] else f' class="ck-caption"{match[1]}'
        return (
            f"<p{attributes}{'' if again else f' id={chr(34)}{identifier}{chr(34)}'}>{match[2]}</p>"
        )

    for place, kind in places:
        place[kind] = _PARAGRAPH.sub(mark, place[kind])
    return list(found.items())


def link(markup: str, known: set[str]) -> str:
    """Mentions of known figures and tables as links; not those in captions, headings, code, formulas and links."""

    def mention(match: re.Match) -> str:
        name = match[1].lower().removesuffix("s") if match[1].isascii() else match[1]
        identifier = f"{KIND.get(name, '')}-{int(match[3])}"
        return (
            f'<a href="#{identifier}">{match[1]}&nbsp;{match[3]}</a>'
            if identifier in known
            else match[0]
        )

    if not _MENTION.search(markup):
        return markup
    parts = _APART.split(markup)
    return "".join(
        part if index % 2 else _MENTION.sub(mention, part) for index, part in enumerate(parts)
    )
