"""Whether a notebook's cells show something, read from their code and never run.

A cell shows what it prints or draws on the way, in loops and through the notebook's own functions
too, and the value of its last line. Where neither can be told, the verdict says so.
"""

import ast
from collections.abc import Iterable

from coursekit.homework import known, magics, syntax, values
from coursekit.homework.names import DRAWING, Function, Names, parsed
from coursekit.homework.values import last_name
from coursekit.homework.verdict import (
    SHOWS,
    SILENT,
    UNKNOWN,
    Verdict,
    doubtful,
    one_of,
    together,
)

STREAMS = {"stdout", "stderr"}
BUILTIN = {name for kind in (list, dict, set, str) for name in dir(kind)}


class Code:
    """The code of a notebook, read cell by cell."""

    def __init__(self) -> None:
        self.names = Names()
        self._entered: list[Function] = []  # functions that are being looked into
        self._closes = False  # whether figures are closed where they are drawn

    def read(self, source: str) -> Verdict:
        """Whether the next cell shows something; what it defines is known from now on."""
        try:
            text = magics.as_python(source)
            tree = parsed(text)
            self.names.learn(tree)
            self._closes = syntax.closes(tree)
            return self._cell(tree.body, hushed=syntax.ends_with_semicolon(text))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return UNKNOWN

    def _cell(self, body: list[ast.stmt], *, hushed: bool) -> Verdict:
        last = body[-1] if body and not hushed else None
        value = self._value(last.value) if isinstance(last, ast.Expr) else SILENT
        others = (
            call for call in syntax.calls_alone(body) if call is not getattr(last, "value", None)
        )
        return together((self._block(body), value, *map(self._doubt, others)))

    def _doubt(self, node: ast.Call) -> Verdict:
        """UNKNOWN for a call that may print for all we know."""
        name, module = last_name(node.func), self.names.module(node.func)
        if magics.call(node) or self.names.own(node.func) or module in DRAWING:
            return SILENT  # the verdict on its effect says all
        if name in known.DRAWS:
            return UNKNOWN
        usual = values.quiet_call(name) or values.shown(node, module) != UNKNOWN
        return SILENT if usual else UNKNOWN

    def _value(self, node: ast.expr) -> Verdict:
        """Whether the value of the last line is one that shows."""
        if not isinstance(node, ast.Call):
            return values.shown(node, "")
        if asked := magics.call(node):
            return SHOWS if asked[0] == "getoutput" else SILENT
        if own := self.names.own(node.func):
            built = last_name(node.func) in self.names.classes
            return SHOWS if built else self._unless_builtin(node.func, map(_returns, own))
        return values.shown(node, self.names.module(node.func))

    def _block(self, statements: Iterable[ast.stmt]) -> Verdict:
        return together(map(self._statement, statements))

    def _statement(self, node: ast.stmt) -> Verdict:
        """What happens on the way through a statement."""
        match node:
            case ast.FunctionDef(decorator_list=decorators):
                return SHOWS if any("interact" in ast.dump(name) for name in decorators) else SILENT
            case ast.ClassDef(body=body):
                return self._block(body)
            case ast.If(test=test, body=body, orelse=other):
                taken = {True: self._block(body), False: self._block(other)}
                branch = syntax.decided(test)
                inner = one_of(taken.values()) if branch is None else taken[branch]
                return together((self._effect(test), inner))
            case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body):
                inner = self._block(body)
                inner = doubtful(inner) if any(map(syntax.captures, items)) else inner
                return together((inner, *(self._effect(item.context_expr) for item in items)))
            case ast.Try(handlers=handlers) | ast.TryStar(handlers=handlers):
                caught = [doubtful(self._block(handler.body)) for handler in handlers]
                return together((self._nested(node), *caught))
            case ast.Match(cases=cases):
                return doubtful(together(self._block(case.body) for case in cases))
        return together((self._nested(node), self._effect(node)))

    def _nested(self, node: ast.stmt) -> Verdict:
        """What happens in the blocks of a statement."""
        return together(self._block(getattr(node, block, [])) for block in syntax.BLOCKS)

    def _effect(self, node: ast.AST) -> Verdict:
        """What happens while an expression is computed."""
        match node:
            case ast.IfExp(test=test, body=body, orelse=other):
                branches = [self._effect(branch) for branch in (body, other)]
                return together((self._effect(test), one_of(branches)))
            case ast.BoolOp(values=[first, *others]):
                later = [doubtful(self._effect(value)) for value in others]
                return together((self._effect(first), *later))
        inner = together(map(self._effect, syntax.computed(node)))
        return together((inner, self._call(node))) if isinstance(node, ast.Call) else inner

    def _call(self, node: ast.Call) -> Verdict:
        """What a call shows by itself."""
        name, module = last_name(node.func), self.names.module(node.func)
        if asked := magics.call(node):
            return magics.verdict(*asked)
        if own := self.names.own(node.func):
            return self._unless_builtin(node.func, map(self._function, own))
        if module in DRAWING and name != "show":
            return self._drawn(node.func)
        if name in known.BARS:
            return UNKNOWN if any(word.arg == "disable" for word in node.keywords) else SHOWS
        if name == "print" and isinstance(node.func, ast.Name):
            return _printed(node)
        return SHOWS if _shows(node.func, module) else SILENT

    def _function(self, function: Function) -> Verdict:
        """What a function of the notebook shows when it is called."""
        if function in self._entered:
            return SILENT
        outside = self._closes
        self._entered.append(function)
        self._closes |= syntax.closes(function)
        try:
            if isinstance(function, ast.Lambda):
                return self._effect(function.body)
            return self._block(function.body)
        finally:
            self._entered.pop()
            self._closes = outside

    def _unless_builtin(self, function: ast.expr, verdicts: Iterable[Verdict]) -> Verdict:
        """The verdict on methods of the notebook, in doubt where lists have one of that name."""
        method = isinstance(function, ast.Attribute)
        found = one_of(verdicts)
        return doubtful(found) if method and last_name(function) in BUILTIN else found

    def _drawn(self, function: ast.expr) -> Verdict:
        """What a figure that is drawn into shows at the end of the cell."""
        names = {part.attr for part in ast.walk(function) if isinstance(part, ast.Attribute)}
        if (names or {last_name(function)}) & known.OFF_SCREEN:
            return SILENT
        return UNKNOWN if self._closes or self.names.off_screen else SHOWS


def _shows(function: ast.expr, module: str) -> bool:
    """Whether what is called is known to show something."""
    match function:
        case ast.Name(id=name):
            return name in known.SHOWING_NAMES
        case ast.Attribute(value=ast.Attribute(attr=stream), attr="write"):
            return stream in STREAMS
        case ast.Attribute(attr="warn"):
            return module == "warnings"
        case ast.Attribute(attr=name):
            return name in known.SHOWING_METHODS
    return False


def _printed(node: ast.Call) -> Verdict:
    """Of print(): nothing where it goes into a file."""
    files = [word.value for word in node.keywords if word.arg == "file"]
    elsewhere = files and getattr(files[0], "attr", "") not in STREAMS
    return SILENT if elsewhere else SHOWS


def _returns(function: Function) -> Verdict:
    """Whether a call of this function has a value that shows."""
    if isinstance(function, ast.Lambda):
        return values.shown(function.body, "")
    if isinstance(function, ast.AsyncFunctionDef):
        return SHOWS
    given = [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Return | ast.Yield | ast.YieldFrom)
    ]
    nothing = all(isinstance(node, ast.Return) and syntax.is_none(node.value) for node in given)
    return SILENT if nothing else SHOWS
