"""Questions about pieces of Python code, answered from its tree."""

import ast
import io
import tokenize
from collections.abc import Iterable, Iterator

from coursekit.homework.values import last_name

BLOCKS = ("body", "orelse", "finalbody")
COMPUTED = (ast.expr, ast.keyword, ast.comprehension)
CAPTURING = {"redirect_stdout", "redirect_stderr", "capture_output", "Output"}


def is_none(node: ast.expr | None) -> bool:
    return node is None or (isinstance(node, ast.Constant) and node.value is None)


def computed(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of an expression or statement that are computed with it."""
    for part in ast.iter_child_nodes(node):
        if isinstance(part, COMPUTED) and not isinstance(part, ast.Lambda):
            yield part


def calls_alone(body: Iterable[ast.stmt]) -> Iterator[ast.Call]:
    """Calls that are statements of their own, in loops and branches too."""
    for node in body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            yield node.value
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for block in BLOCKS:
                yield from calls_alone(getattr(node, block, []))


def decided(test: ast.expr) -> bool | None:
    """Whether a condition holds in every notebook, or in none: True, __name__ == "__main__"."""
    if isinstance(test, ast.Constant):
        return bool(test.value)
    main = isinstance(test, ast.Compare) and getattr(test.left, "id", "") == "__name__"
    return True if main else None


def captures(item: ast.withitem) -> bool:
    """Whether a `with` may keep what is printed in it."""
    manager = item.context_expr
    return not isinstance(manager, ast.Call) or last_name(manager.func) in CAPTURING


def closes(tree: ast.AST) -> bool:
    """Whether figures are closed in here."""
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return any(ast.unparse(call.func) in ("plt.close", "pyplot.close") for call in calls)


def ends_with_semicolon(text: str) -> bool:
    """Whether the value of the last line is hushed, as IPython has it."""
    skipped = {tokenize.NEWLINE, tokenize.NL, tokenize.COMMENT, tokenize.ENDMARKER}
    skipped |= {tokenize.INDENT, tokenize.DEDENT}
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):
        return False
    last = [token for token in tokens if token.type not in skipped][-1:]
    return bool(last) and last[0].string == ";"
