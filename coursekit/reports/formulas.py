r"""Formulas as people write them in notebooks -> TeX that pandoc reads.

Jupyter sets aside every formula before it reads Markdown: \begin{align} outside dollars, lines that
begin with a minus, bars in a table's row. So does this module. Tags, labels, references and macros,
which pandoc does not know, are written out.
"""

import re
from collections.abc import Sequence

TOKEN = re.compile(
    r"(?P<fence>^ {0,3}(?P<ticks>`{3,}|~{3,})[^\n]*\n.*?(?:^ {0,3}(?P=ticks)[`~]*[ \t]*$|\Z))"
    r"|(?P<code>(?<!`)(?P<tick>`+)(?!`).*?(?<!`)(?P=tick)(?!`))"
    r"|(?P<escape>\\\$)"
    r"|(?P<display>\$\$(?P<inner>.+?)\$\$)"
    r"|(?P<inline>\$(?=[^\s$])(?:[^$\\]|\\.)*?(?<=\S)\$(?!\d))"
    r"|(?P<bare>\\begin\{(?P<name>[A-Za-z]+\*?)\}.*?\\end\{(?P=name)\})"
    r"|\\(?:eqref|ref)\{(?P<to>[^{}]+)\}",
    re.DOTALL | re.MULTILINE,
)
LABEL = re.compile(r"\\label\s*\{([^{}]*)\}")
TAG = re.compile(r"\\tag(\*?)\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
ROW_END = re.compile(r"\\\\(?![A-Za-z])")
COMMENT = re.compile(r"(?<!\\)%[^\n]*")
DEFINITION = re.compile(
    r"\\(?:re|provide)?newcommand\*?\s*\{?\s*\\([A-Za-z]+)\s*\}?\s*(?:\[(\d)\])?\s*(?=\{)"
    r"|\\def\s*\\([A-Za-z]+)\s*((?:#\d)*)\s*(?=\{)"
    r"|\\DeclareMathOperator(\*?)\s*\{\s*\\([A-Za-z]+)\s*\}\s*(?=\{)"
)
FUNCTIONS = "arg|cos|det|dim|exp|inf|lim|ln|log|max|min|sin|sup|tan|tanh"
BEFORE = re.compile(rf"(?<=[0-9}}])\s*(\\(?:{FUNCTIONS})(?![A-Za-z]))")
AFTER = re.compile(
    rf"(\\(?:{FUNCTIONS})(?![A-Za-z]))\s*(?=[A-Za-z0-9\\])(?!\\[,;:! ]|\\left|\\limits|\\big)"
)
LONGEST = 20_000  # letters of a formula whose macros are written out
Macros = dict[str, tuple[int, str]]  # name -> how many arguments, what it stands for


def prepared(texts: Sequence[str]) -> list[str]:
    """Pieces of Markdown with all their formulas in dollars, on one line each, tags and references
    written out.
    """
    numbers = _numbers(texts)
    return [TOKEN.sub(lambda match: _token(match, numbers), text) for text in texts]


def macros(formulas: Sequence[str]) -> Macros:
    r"""What \newcommand, \def and \DeclareMathOperator define in these formulas."""
    found: Macros = {}
    for tex in formulas:
        for match in DEFINITION.finditer(tex):
            body, _ = _group(tex, match.end())
            if match[6]:
                found[match[6]] = (0, rf"\operatorname{match[5]}{{{body}}}")
            elif match[3]:
                found[match[3]] = (match[4].count("#"), body)
            else:
                found[match[1]] = (int(match[2] or 0), body)
    return found


def written_out(tex: str, known: Macros) -> str:
    """A formula without definitions, its macros replaced by what they stand for."""
    while match := DEFINITION.search(tex):
        tex = tex[: match.start()] + tex[_group(tex, match.end())[1] :]
    name = re.compile(r"\\(" + "|".join(sorted(known, key=len, reverse=True)) + r")(?![A-Za-z])")
    for _ in range(10 if known else 0):  # macros may stand for others; none may grow without end
        match = name.search(tex)
        while match and len(tex) < LONGEST:
            body, end = _applied(tex, match.end(), *known[match[1]])
            tex = tex[: match.start()] + body + tex[end:]
            match = name.search(tex, match.start() + len(body))
    return tex.strip()


def spaced(tex: str) -> str:
    """A formula with TeX's thin spaces around log and its like, which browsers leave out."""
    return AFTER.sub(r"\1\\, ", BEFORE.sub(r"\\,\1", tex))


def _numbers(texts: Sequence[str]) -> dict[str, str]:
    """Label -> what stands in the parentheses: its tag, or the next number."""
    found: dict[str, str] = {}
    for text in texts:
        for match in TOKEN.finditer(text):
            if tex := match["display"] or match["bare"]:
                tag = TAG.search(tex)
                for label in LABEL.findall(tex):
                    found[label] = tag[2] if tag else str(len(found) + 1)
    return found


def _token(match: re.Match, numbers: dict[str, str]) -> str:
    if match["to"]:
        shown = numbers.get(match["to"], "")
        return f"({shown})" if shown and match[0].startswith(r"\eqref") else shown or match[0]
    if not (match["display"] or match["inline"] or match["bare"]):
        return match[0]
    line = match.string[match.string.rfind("\n", 0, match.start()) + 1 : match.start()]
    tex = match["inner"] or match["bare"] or match[0][1:-1]
    tex = _on_one_line(tex, quoted=line.lstrip().startswith(">"))
    if line.lstrip().startswith("|"):  # in a table's row
        tex = tex.replace(r"\|", r"\Vert{}").replace("|", r"\vert{}")
    if match["inline"]:
        return f"${tex}$"
    return f"$${_tagged(tex, numbers)}$$"


def _on_one_line(tex: str, *, quoted: bool) -> str:
    tex = COMMENT.sub("", tex)
    return re.sub(r"\s*\n[ \t]*>?\s*" if quoted else r"\s*\n\s*", " ", tex).strip()


def _tagged(tex: str, numbers: dict[str, str]) -> str:
    """A formula with its tags and numbered labels in parentheses at the end of their rows."""
    tex = re.sub(r"\\(?:nonumber|notag)(?![A-Za-z])", "", tex)
    tex = LABEL.sub("" if TAG.search(tex) else lambda found: rf"\tag{{{numbers[found[1]]}}}", tex)
    while tag := TAG.search(tex):
        shown = tag[2] if tag[1] else f"({tag[2]})"
        tex = tex[: tag.start()] + tex[tag.end() :]
        end = _end_of_row(tex, tag.start())
        tex = rf"{tex[:end].rstrip()} \qquad\text{{{shown}}} {tex[end:]}".rstrip()
    return tex


def _end_of_row(tex: str, at: int) -> int:
    """Where the row ends that a place stands in: at the next double backslash, or before the last
    end.
    """
    rows = re.match(r"\s*\\begin\{(?:align|gather|eqnarray|flalign|alignat)", tex)
    found = ROW_END.search(tex, at) if rows else None
    found = found or re.compile(r"\\end\{[A-Za-z]+\*?\}\s*$").search(tex, at)
    return found.start() if found else len(tex)


def _applied(tex: str, at: int, arguments: int, body: str) -> tuple[str, int]:
    """A macro's body with its arguments in it, and where the last of them ends."""
    for number in range(1, arguments + 1):
        given, at = _group(tex, at)
        body = body.replace(f"#{number}", given)
    return body, at


def _group(tex: str, at: int) -> tuple[str, int]:
    """What the braces hold that open here, or the next sign; and where it ends."""
    while at < len(tex) and tex[at].isspace():
        at += 1
    if tex[at : at + 1] != "{":
        sign = re.compile(r"\\[A-Za-z]+|\\?.").match(tex, at)
        return (sign[0], sign.end()) if sign else ("", at)
    depth = 0
    for end in range(at, len(tex)):
        depth += {"{": 1, "}": -1}.get(tex[end], 0) if tex[end - 1 : end] != "\\" else 0
        if depth == 0:
            return tex[at + 1 : end], end + 1
    return tex[at + 1 :], len(tex)
