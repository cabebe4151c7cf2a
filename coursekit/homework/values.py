"""Whether the last line of a cell is a value that the notebook shows, by the names it calls."""

import ast
import builtins

from coursekit.homework import known
from coursekit.homework.verdict import SHOWS, SILENT, UNKNOWN, Verdict, one_of


def last_name(function: ast.expr) -> str:
    """The name that is called: f of f(), g of f.g()."""
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def quiet_call(name: str) -> bool:
    """Whether a call of this name is known to show nothing by itself."""
    return name in known.RETURNS_NOTHING | known.RETURNS_SELF or name.startswith(
        ("set", "add_", "register")
    )


def shown(node: ast.expr, module: str) -> Verdict:
    """Whether this value, on the last line of a cell, is one that shows.

    module: what the called name belongs to, where that is known; functions of the notebook
    itself are the caller's to look at.
    """
    match node:
        case ast.Constant(value=None):
            return SILENT
        case ast.Call(func=function):
            return _returned(function, module)
        case ast.IfExp(body=first, orelse=second):
            return one_of((shown(first, module), shown(second, module)))
        case ast.BoolOp(values=values):
            return one_of(shown(value, module) for value in values)
        case ast.NamedExpr(value=value):
            return shown(value, module)
        case ast.Await() | ast.Yield() | ast.YieldFrom() | ast.Starred():
            return UNKNOWN
    return SHOWS


def _returned(function: ast.expr, module: str) -> Verdict:
    name, computing = last_name(function), module in known.VALUE_MODULES
    if not name:  # f()(), table[0]()
        return UNKNOWN
    if name in known.RETURNS_NOTHING and not (computing and name in known.CHANGES):
        return SILENT
    if isinstance(function, ast.Name):
        given = hasattr(builtins, name) and name not in ("eval", "exec", "input", "exit", "quit")
    else:
        sure = computing and not name.startswith(known.NO_VALUE)
        given = sure or (name in known.RETURNS_VALUE and not module)
    return SHOWS if given or name[0].isupper() else UNKNOWN
