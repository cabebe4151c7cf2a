"""What a lesson's settings may be: one that cannot work is refused in a line, before data is read.

Bounds stand in the settings cell of a lesson, for a setting or for a formula of several:

    bounds={"images": (100, 6_000), "images + validation": (2, 6_000), "faces": ["manga-faces"]}

A pair holds the least and the greatest value (None: no limit), for every number of a tuple too;
a list holds the values to choose from; a dictionary holds the bounds of named options; a function
of all settings gives one of these. Without bounds counts start at 1, other numbers are positive,
words and tuples are not empty.
"""

import ast
import math
from collections.abc import Mapping

from coursekit.errors import UsageError, nearest

FUNCTIONS = {"len": len, "max": max, "min": min}  # what a formula may call
KINDS: dict[type, str] = {int: "a whole number", float: "a number", str: "a word"}


def check(settings: Mapping[str, object], bounds: Mapping[str, object]) -> None:
    """UsageError names the first setting or formula out of bounds, its value and the bounds."""
    for name, value in settings.items():
        bound = bounds.get(name)
        _check(f"setting {name!r}", value, bound(settings) if callable(bound) else bound)
    for formula, bound in bounds.items():
        if formula not in settings:
            _check_formula(formula, settings, bound)


def check_kinds(profiles: Mapping[str, Mapping[str, object]], profile: str) -> None:
    """UsageError where a profile's value is of another kind than in both other profiles."""
    others = [values for name, values in profiles.items() if name != profile]
    for name, value in profiles[profile].items():
        if all(_fit(value, values[name]) is None for values in others):
            fit(name, value, others[0][name])


def fit(name: str, value: object, example: object) -> object:
    """The value as one of the example's kind: a whole number may stand for any number.

    UsageError where it is of another kind.
    """
    fitted = _fit(value, example)
    if fitted is None:
        kind = KINDS.get(type(example), f"another {type(example).__name__}")
        raise UsageError(
            f"setting {name!r} cannot be {value!r}: it is {example!r} now, give {kind} like that"
        )
    return fitted


def _fit(value: object, example: object) -> object | None:
    if isinstance(example, float) and type(value) is int:
        return float(value)
    if type(value) is not type(example):
        return None
    if isinstance(value, tuple) and isinstance(example, tuple) and example:
        items = tuple(_fit(item, example[0]) for item in value)
        return None if None in items else items
    return value


def _check(what: str, value: object, bound: object) -> None:
    """what: the words for the value in a message."""
    if isinstance(value, (tuple, str)) and not value:
        raise UsageError(f"{what} is empty: give at least one value")
    if isinstance(value, Mapping):
        _check_options(what, value, bound)
    elif isinstance(value, tuple):
        for item in value:
            _check(f"{what} = {value!r}: its {item!r}", item, bound)
    elif isinstance(bound, list):
        if value not in bound:
            raise UsageError(f"{what} cannot be {value!r}: {nearest(value, bound)}")
    elif isinstance(value, (int, float)):
        _check_number(what, value, bound)


def _check_options(what: str, options: Mapping, bound: object) -> None:
    known = bound if isinstance(bound, Mapping) else dict.fromkeys(options)
    for name, value in options.items():
        if name not in known:
            raise UsageError(f"{what} has no option {name!r}: {nearest(name, known)}")
        _check(f"{what}, option {name!r}", value, known[name])


def _check_number(what: str, value: float, bound: object) -> None:
    low, high = bound if isinstance(bound, tuple) else (1 if isinstance(value, int) else 0, None)
    above = value >= low if isinstance(bound, tuple) or isinstance(value, int) else value > low
    if not (math.isfinite(value) and above and (high is None or value <= high)):
        raise UsageError(
            f"{what} cannot be {_number(value)}: it must be {_range(value, bound, low, high)}"
        )


def _check_formula(formula: str, settings: Mapping[str, object], bound: object) -> None:
    """The message tells the settings in the formula."""
    tree = ast.parse(formula, mode="eval")
    code = compile(tree, "bounds", "eval")
    value = eval(code, {"__builtins__": FUNCTIONS, **settings})  # a lesson's words, no user's
    names = {node.id: None for node in ast.walk(tree) if isinstance(node, ast.Name)}
    used = ", ".join(f"{name}={settings[name]!r}" for name in names if name in settings)
    _check(f"with {used} the value of {formula!r}", value, bound)


def _range(value: float, bound: object, low: float, high: float | None) -> str:
    kind = KINDS[type(value)]
    if high is None:
        word = "from" if isinstance(bound, tuple) or isinstance(value, int) else "above"
        return f"{kind} {word} {_number(low)}"
    return _number(low) if low == high else f"{kind} from {_number(low)} to {_number(high)}"


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"
