"""Changed settings: `coursekit run 08 --profile full --set epochs=8` runs a profile at a size of one's own.

They travel to the lesson's kernel, and to workers, in the environment: COURSEKIT_SET='{"epochs": "8"}'.
"""

import ast
import json
import os

from coursekit.errors import UsageError, nearest

VARIABLE = "COURSEKIT_SET"


def from_pairs(
    pairs: list[str], *, option: str = "--set", example: str = "epochs=8"
) -> dict[str, str]:
    """["epochs=8"] -> {"epochs": "8"}. UsageError on a pair without a name or a value."""
    if bad := [pair for pair in pairs if not all(part.strip() for part in pair.partition("="))]:
        lacks = "value" if bad[0].partition("=")[0].strip() else "name"
        raise UsageError(
            f"{option} {bad[0]!r} has no {lacks}: write it as NAME=VALUE, as in {option} {example}"
        )
    return {
        name.strip(): value.strip() for name, _, value in (pair.partition("=") for pair in pairs)
    }


def asked() -> dict[str, str]:
    """The changes that the environment asks for: setting -> value as it was typed. UsageError where they cannot be read."""
    text = os.environ.get(VARIABLE, "")
    try:
        changes = json.loads(text) if text else {}
    except ValueError:
        changes = None
    if not isinstance(changes, dict):
        raise UsageError(
            f'{VARIABLE} is {text!r}: write it as JSON, as in {VARIABLE}=\'{{"epochs": "8"}}\', or use --set'
        )
    return {name: str(value) for name, value in changes.items()}


def apply(settings: dict, changes: dict[str, str]) -> dict:
    """The settings that change, with their new values. UsageError on an unknown name or a value of another kind.

    A value is read as Python writes it and must be of the kind of the old one; a whole number may stand for any number.
    """
    if unknown := [name for name in changes if name not in settings]:
        raise UsageError(
            f"this lesson has no setting {unknown[0]!r}: {nearest(unknown[0], settings)}"
        )
    return {name: _read(name, text, settings[name]) for name, text in changes.items()}


def _read(name: str, text: str, old: object) -> object:
    if isinstance(old, str):
        return text
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        value = None
    if isinstance(old, float) and type(value) is int:
        value = float(value)
    if type(value) is not type(old):
        raise UsageError(
            f"setting {name!r} cannot be {text!r}: it is {old!r} now, give another {type(old).__name__}"
        )
    return value
