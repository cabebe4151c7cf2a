"""Frames: a picture for every combination of slider values, in the order that the site counts."""

import base64
import io

import pytest
import torch
from PIL import Image

from coursekit.errors import UsageError
from coursekit.frames import MOST, Frames


def color_of(png):
    return Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB").getpixel((0, 0))


def test_the_second_slider_moves_fastest():
    pictures = torch.zeros(2, 3, 3, 4, 4)
    pictures[1, 2, 0] = 1.0
    made = Frames({"a": ["-1", "1"], "b": ["x", "y", "z"]}, pictures).as_metadata()
    assert made["axes"] == [["a", ["-1", "1"]], ["b", ["x", "y", "z"]]]
    assert [color_of(png) for png in made["pictures"]] == [(0, 0, 0)] * 5 + [(255, 0, 0)]


def test_gray_pictures_and_one_slider_serve_too():
    made = Frames({"epoch": ["1", "2"]}, torch.tensor([0.0, 1.0]).reshape(2, 1, 1, 1)).as_metadata()
    assert [color_of(png) for png in made["pictures"]] == [(0, 0, 0), (255, 255, 255)]


def test_what_does_not_fit_together_is_told():
    with pytest.raises(UsageError, match=r"\(2, 3, 4, 4\), and the sliders ask for \(3,\)"):
        Frames({"a": ["1", "2", "3"]}, torch.zeros(2, 3, 4, 4))
    with pytest.raises(UsageError, match=f"at most {MOST}"):
        Frames({"a": ["x"] * 200}, torch.zeros(200, 1, 2, 2))
