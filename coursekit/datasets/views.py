"""Views of drawings: turned, scaled and lit at random, as Fruits-360 turned real fruit before a
camera."""

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from coursekit.runtime import generator

TURN = 30.0  # degrees to either side
SCALES = (0.65, 0.95)  # longer side of the drawing / side of the picture
LIGHT = (0.75, 1.15)  # factor on the colors


def views(
    drawings: dict[str, Image.Image],
    *,
    count: int,
    size: int,
    gray: bool,
    background: str,
    seed: tuple,
) -> Tensor:
    """RGBA drawings -> uint8 (drawings * count, size, size, 3), no last when gray; count views of
    each in a row.

    Each drawing has its own stream of random draws.
    """
    rows = []
    for name, image in drawings.items():
        small = image.copy()
        # turning a big picture would be slow
        small.thumbnail((2 * size, 2 * size), Image.Resampling.LANCZOS)
        draws = torch.rand(count, 4, generator=generator(*seed, "views", name)).tolist()
        rows += [_view(small.convert("RGBa"), draw, size, gray, background) for draw in draws]
    return torch.from_numpy(np.stack(rows))


def _view(
    image: Image.Image, draw: list[float], size: int, gray: bool, background: str
) -> np.ndarray:
    """One view of a drawing with premultiplied alpha (so that edges keep their color)."""
    turn, scale, light, mirror = draw
    turned = image.rotate(TURN * (2 * turn - 1), Image.Resampling.BICUBIC, expand=True)
    turned = turned.crop(turned.getbbox())  # so that turning never cuts a corner off
    factor = size * (SCALES[0] + (SCALES[1] - SCALES[0]) * scale) / max(turned.size)
    width, height = (max(1, round(side * factor)) for side in turned.size)
    turned = turned.resize((width, height), Image.Resampling.LANCZOS).convert("RGBA")
    if mirror < 0.5:
        turned = turned.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    bright = LIGHT[0] + (LIGHT[1] - LIGHT[0]) * light
    table = [min(255, round(value * bright)) for value in range(256)]
    lit = turned.point(table * 3 + list(range(256)))  # colors lit, alpha as it is
    canvas = Image.new("RGBA", (size, size), background)
    canvas.alpha_composite(lit, ((size - width) // 2, (size - height) // 2))
    return np.asarray(canvas.convert("L" if gray else "RGB"))
