"""Ways to spoil a picture by degrees, for an evaluator that must tell good from bad (lesson 09).

Each takes pictures (N, C, H, W) in [0, 1], a strength from 0 (nothing happens) to 1 (nobody can
read a digit any more) and a generator, and returns new pictures of that shape in [0, 1].
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

Corruption = Callable[[Tensor, float, torch.Generator], Tensor]


def noisy(pictures: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """(N, C, H, W) -> same shape: Gaussian noise of standard deviation 0.8 at strength 1."""
    return (pictures + 0.8 * strength * _normal(pictures, rng)).clamp(0, 1)


def blurred(pictures: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """(N, C, H, W) -> same shape: a Gaussian blur of 4 pixels at strength 1. Draws nothing."""
    if strength <= 0:
        return pictures.clone()
    at = torch.arange(-8.0, 9.0, device=pictures.device)
    kernel = torch.softmax(-(at**2) / (2 * (4 * strength) ** 2), 0)  # (17,), its sum is 1
    rows = F.conv2d(pictures.flatten(0, 1)[:, None], kernel.view(1, 1, -1, 1), padding=(8, 0))
    return F.conv2d(rows, kernel.view(1, 1, 1, -1), padding=(0, 8)).view_as(pictures)


def erased(pictures: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """(N, C, H, W) -> same shape: a black square, at strength 1 of four fifths of the side."""
    count, _, height, width = pictures.shape
    side = round(0.8 * strength * width)
    top = torch.randint(0, height - side + 1, (count, 1), generator=rng)
    left = torch.randint(0, width - side + 1, (count, 1), generator=rng)
    rows, columns = torch.arange(height) - top, torch.arange(width) - left  # (N, H), (N, W)
    inside = ((rows >= 0) & (rows < side))[:, :, None] & ((columns >= 0) & (columns < side))[
        :, None
    ]
    return pictures.masked_fill(inside[:, None].to(pictures.device), 0.0)


def scattered(pictures: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """(N, C, H, W) -> same shape: that share of the pixels takes the place of another pixel.

    At strength 1 it is speckle with the brightness of digits.
    """
    count, _, height, width = pictures.shape
    order = torch.rand(count, 1, height * width, generator=rng).argsort(2).to(pictures.device)
    moved = pictures.flatten(2).gather(2, order.expand(-1, pictures.shape[1], -1))
    chosen = torch.rand(count, 1, height, width, generator=rng).to(pictures.device) < strength
    return torch.where(chosen, moved.view_as(pictures), pictures)


def overlaid(pictures: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """(N, C, H, W) -> same shape: the next picture of the batch shines through."""
    return torch.maximum(pictures * (1 - 0.3 * strength), strength * 0.7 * pictures.roll(1, 0))


def joined(pictures: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """(N, C, H, W) -> same shape: one side is the next picture's, half of it at strength 1."""
    cut = round(0.5 * strength * pictures.shape[-1])
    turned = int(torch.randint(0, 4, (1,), generator=rng))
    here, there = (torch.rot90(x, turned, (2, 3)) for x in (pictures, pictures.roll(1, 0)))
    return torch.rot90(torch.cat([there[..., :cut], here[..., cut:]], 3), -turned, (2, 3))


ALONE: dict[str, Corruption] = {
    "noisy": noisy,
    "blurred": blurred,
    "erased": erased,
    "speckle": scattered,
}
OF_TWO: dict[str, Corruption] = {"overlaid": overlaid, "joined": joined}


def shifted(pictures: Tensor, pixels: int, rng: torch.Generator) -> Tensor:
    """(N, C, H, W) -> same shape: each moved by up to so many pixels both ways, black behind."""
    height, width = pictures.shape[-2:]
    padded = F.pad(pictures, (pixels,) * 4)
    places = torch.randint(0, 2 * pixels + 1, (len(pictures), 2), generator=rng).tolist()
    windows = [
        picture[:, top : top + height, left : left + width]
        for picture, (top, left) in zip(padded, places)
    ]
    return torch.stack(windows)


def _normal(like: Tensor, rng: torch.Generator) -> Tensor:
    return torch.randn(like.shape, generator=rng).to(like.device)
