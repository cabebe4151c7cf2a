"""The names that a notebook's code defines: its imports, functions, methods and classes."""

import ast
from collections.abc import Iterator

from coursekit.homework import magics
from coursekit.homework.values import last_name

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
DRAWING = {"matplotlib.pyplot", "pylab", "seaborn", "matplotlib.pylab"}
ON_AND_OFF = {"use", "switch_backend"}  # functions that choose where figures go


def parsed(text: str) -> ast.Module:
    """Python code as a tree, with `await` where notebooks allow it."""
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    tree = compile(text, "cell", "exec", flags, dont_inherit=True)
    assert isinstance(tree, ast.Module)
    return tree


class Names:
    """What is known of a notebook's names after the cells read so far."""

    def __init__(self) -> None:
        self.modules: dict[str, str] = {}  # plt -> matplotlib.pyplot; mean -> numpy
        self.functions: dict[str, list[Function]] = {}  # a method's name begins with a dot
        self.classes: set[str] = set()
        self.off_screen = False  # whether figures may stay off the page

    def learn(self, tree: ast.AST) -> None:
        """Take note of what this code defines."""
        for node in ast.walk(tree):
            match node:
                case ast.Import(names=names):
                    self.modules |= {name.asname or name.name: name.name for name in names}
                case ast.ImportFrom(module=module, names=names):
                    self._learn_from(module or "", names)
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    self.functions[name] = [node]
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda() as function):
                    self.functions[name] = [function]
                case ast.ClassDef():
                    self._learn_class(node)
                case ast.Call():
                    self._learn_call(node)

    def module(self, function: ast.expr) -> str:
        """The module that a called name belongs to: numpy for np.mean(), else nothing."""
        while isinstance(function, ast.Attribute) and not isinstance(function.value, ast.Name):
            function = function.value
        root = function.value if isinstance(function, ast.Attribute) else function
        return self.modules.get(root.id, "") if isinstance(root, ast.Name) else ""

    def own(self, function: ast.expr) -> list[Function]:
        """The notebook's own functions that may be called so; of methods, all of that name."""
        if isinstance(function, ast.Attribute):
            return [] if self.module(function) else self.functions.get(f".{function.attr}", [])
        return self.functions.get(last_name(function), [])

    def _learn_from(self, module: str, names: list[ast.alias]) -> None:
        for name in names:
            inner = f"{module}.{name.name}"
            self.modules[name.asname or name.name] = inner if inner in DRAWING else module

    def _learn_class(self, node: ast.ClassDef) -> None:
        self.classes.add(node.name)
        for method in _methods(node):
            self.functions.setdefault(f".{method.name}", []).append(method)
            if method.name == "__init__":
                self.functions[node.name] = [method]

    def _learn_call(self, node: ast.Call) -> None:
        asked = magics.call(node)
        if asked and (below := magics.body(*asked)):
            self.learn(parsed(magics.as_python(below)))
        words = asked[1] if asked else [str(getattr(word, "value", "")) for word in node.args]
        chooses = last_name(node.func) in ON_AND_OFF or words[:1] == ["matplotlib"]
        agg = chooses and any(word.lower() == "agg" for word in words)
        self.off_screen |= agg or last_name(node.func) == "ioff"


def _methods(node: ast.ClassDef) -> Iterator[ast.FunctionDef]:
    return (method for method in node.body if isinstance(method, ast.FunctionDef))
