"""What a check is made of, and what `lesson.check` says of an answer.

@exercise("Subtract the mean first.", "torch.linalg.svd gives the directions.")
def pca(answer):
    "a function (x (N, D), k) -> codes (N, k)"   # the student edition says it too
    x = torch.randn(20, 5)                       # not seeded here: grading tries other seeds
    found = value(answer, x, 2)                  # an error in it becomes a sentence
    same_shape("pca(x, 2)", found, (20, 2))

lesson.check("pca", my_pca)                      # pca: correct.
"""

import importlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType

import torch
from torch import Tensor

from coursekit.errors import UsageError, nearest

SHOWN = 6  # numbers of a tensor that a message shows


class Wrong(Exception):
    """An answer is wrong; the message says what about it, to the student."""


@dataclass(frozen=True)
class Exercise:
    """A check with its hints. test: raises Wrong, returns nothing where the answer is right."""

    name: str
    hints: tuple[str, ...]
    test: Callable[[object], None]


def exercise(*hints: str) -> Callable[[Callable[..., None]], Exercise]:
    """Make an Exercise of a check function, under the function's name."""

    def made(test: Callable[..., None]) -> Exercise:
        return Exercise(test.__name__, hints, test)

    return made


class Checks:
    """The exercises of one lesson in one run of it: counts calls, for one hint more each time."""

    def __init__(self, lesson: str):
        self.lesson, self.missed = lesson, Counter[str]()

    def check(self, name: str, answer: object) -> str:
        """One line where the answer is right, else what is wrong and a hint. UsageError on a name
        that no exercise of the lesson has.
        """
        known = exercises(self.lesson)
        if name not in known:
            raise UsageError(
                f"no exercise {name!r} in lesson {self.lesson}: {nearest(name, known)}"
            )
        problem = fault(known[name], answer)
        if not problem:
            return f"{name}: correct."
        self.missed[name] += 1
        return f"{name}: not yet. {problem}{_hint(known[name].hints, self.missed[name])}"


def exercises(lesson: str) -> dict[str, Exercise]:
    """The exercises of a lesson ("01_autoencoders" or "01"), by name; none if it has no module."""
    try:
        module = importlib.import_module(f"coursekit.exercises.lesson_{lesson[:2]}")
    except ModuleNotFoundError:
        return {}
    return {thing.name: thing for thing in _things(module) if isinstance(thing, Exercise)}


def fault(task: Exercise, answer: object, *, seed: int = 0) -> str:
    """What is wrong with an answer, in a sentence; empty where it is right.

    seed: of the random inputs on which it is tried. Never raises for what the student's code does.
    The global random numbers stay as they were.
    """
    try:
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            torch.manual_seed(seed)
            task.test(answer)
    except Wrong as wrong:
        return str(wrong)
    except NotImplementedError:
        return "There is no answer yet."
    except Exception as error:  # the student's mistake, met while the answer was tried
        return f"Your answer raised {type(error).__name__}: {_line(error)}."
    return ""


def value(answer: object, *inputs: object, what: str = "the answer") -> Tensor:
    """The tensor that the student's function gives for these inputs. Wrong where it gives none."""
    if not callable(answer):
        raise Wrong(f"{what} should be a function or a module, and is {_kind(answer)}.")
    found = answer(*inputs)
    if not isinstance(found, Tensor):
        raise Wrong(f"{what} should return a tensor, and returned {_kind(found)}.")
    return found


def same_shape(what: str, found: Tensor, shape: Sequence[int]) -> None:
    """Wrong, with both shapes, where the tensor has another one."""
    if tuple(found.shape) != tuple(shape):
        raise Wrong(f"{what} has the shape {tuple(found.shape)} and should have {tuple(shape)}.")


def close(what: str, found: Tensor | float, expected: Tensor | float, *, within=1e-4) -> None:
    """Wrong, with both values, where they differ by more than `within` (relative and absolute)."""
    mine = torch.as_tensor(found, dtype=torch.float64).detach()
    right = torch.as_tensor(expected, dtype=torch.float64).detach()
    if mine.shape != right.shape:
        same_shape(what, mine, right.shape)
    if not torch.allclose(mine, right, rtol=within, atol=within):
        raise Wrong(f"{what} is {_numbers(mine)} and should be {_numbers(right)}.")


def has_gradient(what: str, loss: Tensor, *inputs: Tensor) -> None:
    """Wrong where a loss does not reach one of its inputs by backpropagation."""
    if not loss.requires_grad:
        raise Wrong(f"{what} has no gradient: is there a .detach(), .item() or no_grad() in it?")
    for gradient in torch.autograd.grad(loss, inputs, allow_unused=True, retain_graph=True):
        if gradient is None or not gradient.abs().sum() > 0:
            raise Wrong(f"{what} has no gradient with respect to an input that it should have.")


def true(holds: bool, otherwise: str) -> None:
    """Wrong with these words where something does not hold."""
    if not holds:
        raise Wrong(otherwise)


def _things(module: ModuleType) -> list[object]:
    return list(vars(module).values())


def _hint(hints: tuple[str, ...], call: int) -> str:
    """The hint of the n-th wrong answer; the last one is repeated."""
    if not hints:
        return ""
    number = min(call, len(hints))
    return f"\nHint {number} of {len(hints)}: {hints[number - 1]}"


def _kind(thing: object) -> str:
    return "None: is there a return?" if thing is None else f"a {type(thing).__name__}"


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200].rstrip(".") or "no message"


def _numbers(tensor: Tensor) -> str:
    """The first numbers of a tensor, readable."""
    flat = tensor.flatten().tolist()
    shown = ", ".join(f"{number:.4g}" for number in flat[:SHOWN])
    if tensor.ndim == 0:
        return shown
    return f"[{shown}{', ...' if len(flat) > SHOWN else ''}]"
