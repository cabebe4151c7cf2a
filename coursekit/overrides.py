"""Changed settings: `coursekit run 08 --profile full --set epochs=8` runs at a size of one's own.

They travel to the lesson's kernel, and to workers, in the environment, as JSON: {"epochs": "8"}.
"""

import ast
import json
from collections.abc import Mapping

from coursekit import bounds, config
from coursekit.config import Variable
from coursekit.errors import UsageError, nearest


def from_pairs(
    pairs: list[str], *, option: str = "--set", example: str = "epochs=8"
) -> dict[str, str]:
    """["epochs=8"] -> {"epochs": "8"}. UsageError on a pair without a name or a value."""
    for pair in pairs:
        name, _, value = pair.partition("=")
        if not (name.strip() and value.strip()):
            lacks = "value" if name.strip() else "name"
            raise UsageError(
                f"{option} {pair!r} has no {lacks}: "
                f"write it as NAME=VALUE, as in {option} {example}"
            )
    parts = (pair.partition("=") for pair in pairs)
    return {name.strip(): value.strip() for name, _, value in parts}


def asked() -> dict[str, str]:
    """The changes that the environment asks for: setting -> value as it was typed.

    UsageError where they cannot be read.
    """
    text = config.value(Variable.SET)
    try:
        changes = json.loads(text) if text else {}
    except ValueError:
        changes = None
    if not isinstance(changes, dict):
        raise UsageError(
            f"{Variable.SET} is {text!r}: write it as JSON, "
            f'as in {Variable.SET}=\'{{"epochs": "8"}}\', or use --set'
        )
    return {name: str(value) for name, value in changes.items()}


def apply(settings: Mapping[str, object], changes: Mapping[str, str]) -> dict[str, object]:
    """The settings that change, with their new values.

    A value is read as Python writes it and must be of the kind of the old one; a whole number
    may stand for any number. UsageError on an unknown name or a value of another kind.
    """
    if unknown := [name for name in changes if name not in settings]:
        raise UsageError(
            f"this lesson has no setting {unknown[0]!r}: {nearest(unknown[0], settings)}"
        )
    return {name: _read(name, text, settings[name]) for name, text in changes.items()}


def choose(
    profiles: Mapping[str, Mapping[str, object]], profile: str
) -> tuple[dict[str, object], dict[str, object]]:
    """A profile's settings with the changes asked for -> all of them, and those that changed.

    ValueError where the three profiles do not name the same settings.
    """
    if set(profiles) != set(config.PROFILES):
        wanted = ", ".join(config.PROFILES)
        raise ValueError(f"settings are needed for each of {wanted}; got {', '.join(profiles)}")
    for name, values in profiles.items():
        if differs := set(values) ^ set(profiles["quick"]):
            raise ValueError(f"profile {name!r} differs in {sorted(differs)}")
    bounds.check_kinds(profiles, profile)
    changed = apply(profiles[profile], asked())
    return {**profiles[profile], **changed}, changed


def _read(name: str, text: str, old: object) -> object:
    if isinstance(old, str):
        return text
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        value = text  # as it was typed: of no kind but text
    return bounds.fit(name, value, old)


def shown(value: object) -> str:
    """A setting for people: no brackets, quotes or braces of Python."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} = {shown(inner)}" for name, inner in value.items()) or "none"
    if isinstance(value, tuple | list):
        return ", ".join(shown(inner) for inner in value) or "none"
    return "none" if value is None else str(value)
