"""Hair colors are read off the pixels: the builder's list, and what has too little hair."""

import re

import torch

from coursekit import config, datasets
from coursekit.datasets import hair


def test_the_colors_are_those_that_the_faces_were_drawn_with():
    script = (config.ROOT / "data/build/faces.mjs").read_text(encoding="utf-8")
    listed = re.search(r"hairColor: \[(.*?)\]", script)[1]
    assert re.findall(r"'(\w+)'", listed) == list(hair.COLORS.values())


def test_the_color_of_most_pixels_is_the_label():
    picture = torch.full((2, 64, 64, 3), 255, dtype=torch.uint8)
    picture[0, :10, :10] = torch.tensor(list(bytes.fromhex(hair.COLORS["blue"])))
    picture[0, 20:25, :10] = torch.tensor(list(bytes.fromhex(hair.COLORS["red"])))
    picture[1, 0, :39] = torch.tensor(list(bytes.fromhex(hair.COLORS["red"])))
    assert hair.pixels_of_each(picture)[0].tolist() == [0, 0, 0, 0, 0, 50, 0, 100, 0, 0]
    names = list(hair.COLORS)
    assert hair.labels(picture).tolist() == [names.index("blue"), -1]


def test_pictures_are_counted_in_parts(monkeypatch):
    images = datasets.load("manga-faces").train.images[:5]
    whole = hair.pixels_of_each(images)
    monkeypatch.setattr(hair, "PART", 2)
    assert torch.equal(hair.pixels_of_each(images), whole)


def test_nearly_every_bundled_face_has_a_color_and_no_second_one():
    images = datasets.load("manga-faces").train.images[:300]
    counts = hair.pixels_of_each(images).sort(1, descending=True).values
    assert (hair.labels(images) >= 0).float().mean() > 0.95
    assert (3 * counts[:, 1] <= counts[:, 0]).all()
