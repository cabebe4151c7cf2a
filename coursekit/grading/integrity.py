"""Did a hand-in change what the checks are made of? Functions are compared with those before."""

import builtins
import json
import math
from types import ModuleType
from typing import Any

import torch
import torch._dynamo  # it replaces torch.manual_seed, so before any snapshot
from torch.nn import functional

from coursekit.exercises import checks

Snapshot = dict[str, dict[str, Any]]


def parts(lesson: ModuleType | None) -> dict[str, Any]:
    """The modules and classes that a check calls, by the name that a message uses."""
    named = {"torch": torch, "torch.Tensor": torch.Tensor, "torch.nn.functional": functional}
    named |= {"torch.autograd": torch.autograd, "torch.random": torch.random}
    named |= {"builtins": builtins, "math": math, "json": json, "coursekit's checks": checks}
    return {**named, "the lesson's checks": lesson} if lesson else named


def snapshot(watched: dict[str, Any]) -> Snapshot:
    """Every function and class in them."""
    return {
        name: {key: thing for key, thing in vars(part).items() if callable(thing)}
        for name, part in watched.items()
    }


def changed(before: Snapshot, watched: dict[str, Any]) -> str:
    """The first that is another one now, as in "torch.allclose", or nothing."""
    for name, things in before.items():
        now = vars(watched[name])
        for key, thing in things.items():
            if now.get(key) is not thing:
                return f"{name}.{key}"
    return ""
