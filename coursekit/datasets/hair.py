"""The hair color of a bundled manga face, read off its pixels (lesson 07).

The drawings are flat: each takes its hair, and its beard if it has one, from ten colors, which
`data/build/faces.mjs` lists, and no other part of a drawing has one of them. So the one of these
ten that covers most pixels is the label.
"""

import torch
from torch import Tensor

COLORS = {  # of data/build/faces.mjs
    "night": "1b1b3a",
    "brown": "4a2c1a",
    "auburn": "8c4a2f",
    "ginger": "c68642",
    "blond": "e8b04b",
    "red": "b33951",
    "violet": "6a4c93",
    "blue": "1982c4",
    "green": "2a9d8f",
    "pink": "ec6f9e",
}
FEWEST = 40  # pixels of a 64x64 picture: with less hair a picture has no label
NEAR = 2  # largest difference of a channel, 0 to 255
PART = 250  # pictures counted at a time: each takes four bytes for every number meanwhile


def pixels_of_each(images: Tensor) -> Tensor:
    """How many pixels have each hair color. uint8 (N, S, S, 3) -> int64 (N, 10)."""
    return torch.cat([_pixels_of_each(part) for part in images.split(PART)])


def labels(images: Tensor) -> Tensor:
    """Number of the hair color, -1 where there is too little hair. uint8 (N, S, S, 3) -> (N,)."""
    most, color = pixels_of_each(images).max(1)
    return torch.where(most >= FEWEST, color, -1)


def _pixels_of_each(images: Tensor) -> Tensor:
    counts = [(images.int() - color).abs().amax(-1).le(NEAR).sum((1, 2)) for color in _rgb()]
    return torch.stack(counts, 1)


def _rgb() -> list[Tensor]:
    return [
        torch.tensor(list(bytes.fromhex(color)), dtype=torch.int32) for color in COLORS.values()
    ]
