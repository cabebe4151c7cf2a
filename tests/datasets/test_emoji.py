"""Emoji triples: their sheets and splits, that they are aligned, that no near copy crosses."""

import csv
import importlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from coursekit import config, datasets
from coursekit.datasets import triples
from coursekit.errors import DataError, UsageError

FOLDER = config.BUNDLED / "emoji"
BUILD = Path(__file__).resolve().parents[2] / "data/build"
COUNTS = {"train": 1088, "validation": 156, "test": 311}
KINDS = ("line", "flat", "rendered")


@pytest.fixture(scope="module")
def emoji():
    return datasets.load("emoji")


@pytest.fixture
def families(monkeypatch):
    monkeypatch.syspath_prepend(str(BUILD))
    return importlib.import_module("families")


def index() -> list[dict[str, str]]:
    return list(csv.DictReader((FOLDER / "index.csv").read_text(encoding="utf-8").splitlines()))


def every(emoji, kind: str) -> torch.Tensor:
    """uint8 (N, 64, 64, 3): one kind of all splits."""
    return torch.cat([split.kind(kind) for split in emoji.splits.values()])


def colored(pictures: torch.Tensor, least: int) -> torch.Tensor:
    """bool (N, 64, 64): the pixels that differ from white by more than `least`."""
    return (255 - pictures.amin(-1).int()) > least


def near(masks: torch.Tensor, reach: int) -> torch.Tensor:
    """The masks grown by `reach` pixels."""
    grown = torch.nn.functional.max_pool2d(masks[:, None].float(), 2 * reach + 1, 1, reach)
    return grown[:, 0] > 0


def test_splits_are_as_large_as_said_and_hold_three_pictures_of_each(emoji):
    assert {name: len(split) for name, split in emoji.splits.items()} == COUNTS
    for split in (emoji.train, emoji.validation, emoji.test):
        for kind in KINDS:
            pictures = split.kind(kind)
            assert pictures.shape == (len(split), 64, 64, 3) and pictures.dtype == torch.uint8
        assert len(split.names) == len(split.families) == len(split)
        assert torch.equal(split.images, split.line) and torch.equal(split.targets, split.rendered)


def test_splits_are_those_of_the_index(emoji):
    rows = index()
    assert len({row["name"] for row in rows}) == len(rows) == sum(COUNTS.values())
    for name, split in emoji.splits.items():
        mine = [row for row in rows if row["split"] == name]
        assert split.names == tuple(row["name"] for row in mine)
        assert split.families == tuple(row["family"] for row in mine)
        assert [emoji.classes[i] for i in split.labels] == [row["category"] for row in mine]


def test_sheets_hold_a_picture_where_the_index_says(emoji):
    """Number 100 is in row 8, column 4 of 12."""
    row = index()[100]
    split = emoji.splits[row["split"]]
    place = split.names.index(row["name"])
    for kind, file in triples.SHEETS.items():
        sheet = np.asarray(Image.open(FOLDER / file).convert("RGB"))
        cut = sheet[8 * 64 : 9 * 64, 4 * 64 : 5 * 64]
        assert np.array_equal(split.kind(kind)[place].numpy(), cut)


def test_no_two_are_the_same_and_none_is_blank(emoji):
    for kind in KINDS:
        pictures = every(emoji, kind).flatten(1)
        assert len(pictures.unique(dim=0)) > 0.98 * len(pictures)
        assert (pictures.float().std(1) > 5).all()


def test_lines_are_gray_and_all_lie_on_white(emoji):
    line = every(emoji, "line")
    assert torch.equal(line[..., 0], line[..., 1]) and torch.equal(line[..., 0], line[..., 2])
    for kind in KINDS:
        corners = every(emoji, kind)[:, [0, 0, -1, -1], [0, -1, 0, -1]]
        assert (corners > 245).all(-1).float().mean() > 0.95


def test_the_three_pictures_are_aligned(emoji):
    """Of the colored pixels of flat and render most are common to both, for nearly all; and lines
    lie where the flat picture is. Pairs of different emoji are the measure's own check."""
    flat, rendered = (colored(every(emoji, kind), 40) for kind in ("flat", "rendered"))
    ink = colored(every(emoji, "line"), 128)

    def overlap(a, b):
        return (a & b).sum((1, 2)) / (a | b).sum((1, 2)).clamp_min(1)

    assert overlap(flat, rendered).median() > 0.85
    assert (overlap(flat, rendered) > 0.5).float().mean() > 0.9
    on_flat = (ink & near(flat, 3)).sum((1, 2)) / ink.sum((1, 2))
    assert on_flat.mean() > 0.93 and (on_flat > 0.6).float().mean() > 0.97
    assert overlap(flat, rendered.roll(700, 0)).median() < 0.6  # other emoji
    assert overlap(flat, rendered.roll(8, 2)).median() < 0.8  # the same, 8 pixels to the right


def test_no_family_is_in_two_splits(emoji):
    train, validation, test = (set(split.families) for split in emoji.splits.values())
    assert not train & validation and not train & test and not validation & test


def thumbnails(split) -> list[torch.Tensor]:
    """Per kind (N, D): how far from white, each pixel the mean of 2 x 2."""
    rows = []
    for kind in KINDS:
        away = 1 - split.kind(kind).movedim(-1, 1).float() / 255
        rows.append(torch.nn.functional.avg_pool2d(away, 2).flatten(1))
    return rows


def distances(one, other) -> torch.Tensor:
    """(N, M): squared difference over the smaller picture's square, mean of the three kinds."""
    found = []
    for a, b in zip(thumbnails(one), thumbnails(other), strict=True):
        squares = a.square().sum(1)[:, None], b.square().sum(1)[None]
        found.append((squares[0] + squares[1] - 2 * a @ b.T) / torch.minimum(*squares))
    return torch.stack(found).mean(0)


def test_no_near_copy_of_test_or_validation_is_in_train(emoji):
    """A clock face is nearer than 0.1 to the next one, man and woman of one thing about 0.1."""
    for split in (emoji.test, emoji.validation):
        assert distances(split, emoji.train).min() > 0.2
    faces = emoji.train.rows(
        torch.tensor([i for i, name in enumerate(emoji.train.families) if name == "clock-face"])
    )
    between = distances(faces, faces) + torch.eye(len(faces))
    assert len(faces) == 24 and between.min(1).values.max() < 0.15


def test_families_and_splits_are_those_of_the_rules(families):
    rows = index()
    assert [families.family_of(row["name"], row["category"]) for row in rows] == [
        row["family"] for row in rows
    ]
    split = families.split_of([row["family"] for row in rows], 0)
    assert [split[row["family"]] for row in rows] == [row["split"] for row in rows]
    assert set(families.PATTERNS) <= {row["family"] for row in rows}


@pytest.mark.parametrize(
    "name, category, family",
    [
        ("woman-biking", "people", "cyclist"),
        ("woman-climbing", "people", "climbing"),
        ("person-climbing", "people", "climbing"),
        ("firefighter", "people", "firefighter"),
        ("six-thirty", "travel", "clock-face"),
        ("grinning-cat", "smileys", "cat-face"),
        ("grinning-face", "smileys", "smiley"),
        ("dog-face", "animals", "dog-face"),
        ("left-arrow", "symbols", "square-sign"),
        ("bow-and-arrow", "objects", "bow-and-arrow"),
    ],
)
def test_family_by_name(families, name, category, family):
    assert families.family_of(name, category) == family


def test_large_families_train_and_shares_are_held(families):
    many = ["big"] * 30 + [f"small{n}" for n in range(70)]
    split = families.split_of(many, 0)
    counts = [sum(split[family] == name for family in many) for name in families.SHARES]
    assert split["big"] == "train" and counts == [70, 10, 20]
    assert split == families.split_of(many[::-1], 0) != families.split_of(many, 1)


def test_pairs_of_any_two_kinds(emoji):
    pairs = emoji.test.pairs("flat", "rendered")
    assert torch.equal(pairs.images, emoji.test.flat)
    assert torch.equal(pairs.targets, emoji.test.rendered) and pairs.names == emoji.test.names
    with pytest.raises(UsageError, match="unknown kind of picture 'flats': did you mean flat"):
        emoji.test.pairs("line", "flats")


def test_only_some_categories(emoji):
    some = emoji.only(["food", "animals"])
    labels = [emoji.classes.index(name) for name in ("food", "animals")]
    keep = [i for i, label in enumerate(emoji.test.labels.tolist()) if label in labels]
    assert torch.equal(some.test.flat, emoji.test.flat[keep])
    assert some.test.families == tuple(emoji.test.families[i] for i in keep)
    assert some.test.labels.tolist() == [
        labels.index(label) for label in emoji.test.labels[keep].tolist()
    ]


def test_a_set_without_validation_says_so():
    with pytest.raises(DataError, match="mnist has no validation split: it has train, test"):
        _ = datasets.load("mnist").validation
