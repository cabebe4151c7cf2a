"""The cards say what is so: files, data, code, figures; and a recipe can be tried."""

import importlib.util
import json
import re
import subprocess
import sys

import pytest

from coursekit import config, files, runtime, weights
from coursekit.datasets.cards import read_card
from coursekit.weights import networks

TOOLS = config.ROOT / "tools" / "weights"
MOST = 15_000_000  # bytes, all weights and cards together
CARDS = {name: weights.read_card(name) for name in networks.NETWORKS}


@pytest.fixture(scope="module")
def tools():
    """tools/weights, imported as when it runs."""
    sys.path.insert(0, str(TOOLS))
    spec = importlib.util.spec_from_file_location("tools_weights", TOOLS / "__main__.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.path.remove(str(TOOLS))


def test_there_is_a_recipe_for_each_network_and_a_folder_for_each_recipe(tools):
    assert set(tools.RECIPES) == set(networks.NETWORKS)
    assert {path.name for path in config.WEIGHTS.iterdir() if path.is_dir()} == set(tools.RECIPES)


def test_all_of_them_are_small():
    every = [path for path in config.WEIGHTS.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in every) <= MOST


@pytest.mark.parametrize("name", CARDS)
def test_a_card_holds(name, tools):
    card, recipe, folder = CARDS[name], tools.RECIPES[name], config.WEIGHTS / name
    assert (card.lesson, card.what) == (recipe.lesson, recipe.what)
    assert card.command == f"make weights NAME={name}"
    assert {file: files.checksum(folder / file) for file in card.files} == dict(card.files)
    assert set(card.files) == {path.name for path in folder.iterdir()} - {weights.CARD}
    assert dict(card.data) == {sample: read_card(sample).sha256 for sample in recipe.data}
    assert card.figures and card.seconds > 0


@pytest.mark.parametrize("name", CARDS)
def test_the_recipe_is_the_one_that_was_run(name, tools):
    """Otherwise: `make weights NAME=...`."""
    path = tools.RECIPES[name].train.__globals__["__file__"]
    assert CARDS[name].code == sys.modules["recipe"].code_checksum(config.ROOT / path)


@pytest.mark.parametrize("name", ["autoencoder", "denoiser"])
def test_the_figures_are_those_of_the_file(name, tools):
    run = runtime.setup(seed=0, device="cpu")
    network, card = weights.load(name)
    found = tools.RECIPES[name].measure(network, run)
    assert found == pytest.approx(dict(card.figures), rel=2e-3)


def test_a_recipe_can_be_tried_and_ships_nothing(tmp_path):
    done = subprocess.run(
        [sys.executable, str(TOOLS), "autoencoder", "--share", "0.007"],
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "COURSEKIT_RUNS": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("autoencoder: 1 min")
    assert (tmp_path / "weights" / "autoencoder" / "autoencoder" / weights.CARD).is_file()
    assert weights.read_card("autoencoder") == CARDS["autoencoder"]


def test_an_unknown_recipe_is_refused_in_one_line():
    done = subprocess.run([sys.executable, str(TOOLS), "denoizer"], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("make: unknown weights 'denoizer': did you mean denoiser")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "path", sorted(config.NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem[:2]
)
def test_a_lesson_says_how_long_its_weights_took(path):
    """The heading "Trained longer: N minutes" holds the minutes of the lesson's cards."""
    seconds = [card.seconds for card in CARDS.values() if card.lesson == path.stem[:2]]
    minutes = max(1, round(sum(seconds) / 60))
    text = "\n".join("".join(cell["source"]) for cell in json.loads(path.read_text())["cells"])
    found = re.findall(r"^#+ .*Trained longer: (.*)$", text, re.MULTILINE)
    assert found == [f"{minutes} minute{'s' * (minutes > 1)}"] * bool(seconds)
