"""Whether IPython's magics and shell lines show something: `%time`, `%%capture`, `!ls`."""

import ast
from functools import lru_cache

from coursekit.homework import known
from coursekit.homework.verdict import SHOWS, SILENT, UNKNOWN, Verdict


@lru_cache(maxsize=1)
def _manager():
    from IPython.core.inputtransformer2 import TransformerManager

    return TransformerManager()


def as_python(source: str) -> str:
    """A cell's code with magics as calls of get_ipython(). SyntaxError where that cannot be."""
    try:
        return _manager().transform_cell(source)
    except (RuntimeError, ValueError, IndexError) as error:
        raise SyntaxError(str(error)) from None


def call(node: ast.Call) -> tuple[str, list[str]] | None:
    """What is asked of IPython and how, as ("run_line_magic", ["time", "f()"]); else None."""
    match node.func:
        case ast.Attribute(value=ast.Call(func=ast.Name(id="get_ipython")), attr=kind):
            return kind, [str(getattr(argument, "value", "")) for argument in node.args]
    return None


def verdict(kind: str, arguments: list[str]) -> Verdict:
    """Whether a call of IPython shows something."""
    name, line = (arguments + ["", ""])[:2]
    if kind == "run_line_magic":
        return _line(name, line)
    if kind == "run_cell_magic":
        if name == "capture":
            return SILENT
        return SHOWS if name in known.SHOWING_CELLS else UNKNOWN
    if kind in ("system", "getoutput"):
        return _command(name) if kind == "system" else SILENT
    return UNKNOWN


def body(kind: str, arguments: list[str]) -> str:
    """The Python code below a magic like `%%time`, else nothing."""
    python = kind == "run_cell_magic" and len(arguments) > 2 and arguments[0] in known.PYTHON_CELLS
    return arguments[2] if python else ""


def _line(name: str, line: str) -> Verdict:
    if set(line.split()) & known.QUIET:
        return UNKNOWN
    if name == "config":
        return SILENT if "=" in line else SHOWS
    if name in known.SILENT_LINES:
        return SILENT
    return SHOWS if name in known.SHOWING_LINES else UNKNOWN


def _command(line: str) -> Verdict:
    """Of a shell line: by its first word, where nothing is piped or hushed."""
    words = line.split()
    if not words or set(words) & known.QUIET or any(mark in line for mark in "|&;>"):
        return UNKNOWN
    if words[0] in known.SILENT_COMMANDS:
        return SILENT
    return SHOWS if words[0] in known.SHOWING_COMMANDS else UNKNOWN
