"""What a recipe is, and how its network gets into weights/NAME with its card."""

import ast
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from torch import nn
from workplace import Workplace

from coursekit import config, runtime, weights
from coursekit.datasets.cards import read_card
from coursekit.files import checksum


@dataclass(frozen=True)
class Recipe:
    """How the network of weights/NAME is made."""

    name: str
    lesson: str  # "06"
    what: str  # one line for people
    data: tuple[str, ...]  # bundled sets
    train: Callable[[Workplace], nn.Module]
    measure: Callable[[nn.Module, runtime.Runtime], dict[str, float]]


def make(recipe: Recipe, *, share: float = 1.0) -> weights.Card:
    """Train, or go on; write weights and card. The figures are those of the weights as stored."""
    place = Workplace(recipe.name, runtime.setup(seed=0, device="cpu"), share)
    network = recipe.train(place).cpu().eval()
    target = config.WEIGHTS if share == 1 else place.folder  # a trial ships nothing
    path = weights.write(network, target / recipe.name)
    stored = weights.fill(recipe.name, path)
    card = weights.Card(
        lesson=recipe.lesson,
        what=recipe.what,
        command=f"make weights NAME={recipe.name}",
        seconds=round(place.seconds),
        machine=f"{runtime.processor()}, one thread",
        date=time.strftime("%Y-%m-%d", time.gmtime()),
        license="MIT",
        data={name: read_card(name).sha256 for name in recipe.data},
        code=code_checksum(Path(recipe.train.__code__.co_filename)),
        files={path.name: checksum(path)},
        figures={
            key: float(f"{value:.4g}")
            for key, value in recipe.measure(stored, place.runtime).items()
        },
    )
    card.write(path.parent)
    return card


def code_checksum(path: Path) -> str:
    """sha256 of a recipe's module and of the shared training run, comments and layout left out."""
    trees = [ast.parse(one.read_text("utf-8")) for one in (path, path.with_name("workplace.py"))]
    return hashlib.sha256("".join(map(ast.dump, trees)).encode()).hexdigest()
