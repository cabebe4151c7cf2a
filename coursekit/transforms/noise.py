"""The four noises of lesson 02 (Gonzalez & Woods, Digital Image Processing, section 5.2), for
images in [0, 1].

Each takes (N, C, H, W) and returns a new tensor of that shape, clipped to [0, 1]. Every draw comes
from the generator.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor


def salt_and_pepper(images: Tensor, *, amount: float = 0.1, generator: torch.Generator) -> Tensor:
    """(N, C, H, W) -> same shape: a share `amount` of the pixels (0..1) turns white or black, with
    equal chance.

    All channels of a pixel turn together, as when a sensor's cell fails.
    """
    _check("amount", amount, at_most=1)
    draw = _uniform((len(images), 1, *images.shape[2:]), images, generator)
    white, black = draw < amount / 2, draw > 1 - amount / 2
    return images.masked_fill(white, 1.0).masked_fill(black, 0.0)


def gaussian(images: Tensor, *, sigma: float = 0.1, generator: torch.Generator) -> Tensor:
    """(N, C, H, W) -> same shape: x + sigma n, n standard normal; sigma in units of intensity
    (black 0, white 1)."""
    _check("sigma", sigma)
    return (images + sigma * _normal(images, generator)).clamp_(0, 1)


def speckle(images: Tensor, *, sigma: float = 0.3, generator: torch.Generator) -> Tensor:
    """(N, C, H, W) -> same shape: x (1 + sigma n), n standard normal; sigma is relative, so
    black stays black."""
    _check("sigma", sigma)
    return (images * (1 + sigma * _normal(images, generator))).clamp_(0, 1)


def periodic(
    images: Tensor, *, amplitude: float = 0.2, period: float = 4.0, generator: torch.Generator
) -> Tensor:
    """(N, C, H, W) -> same shape: adds amplitude * sin(2 pi s / period + phase), s the distance
    along a direction.

    amplitude in units of the intensity, period in pixels (at least 2); direction and phase are
    drawn for each image.
    """
    _check("amplitude", amplitude)
    if period < 2:
        raise ValueError(f"period is {period} pixels: a wave needs at least 2 to be seen on a grid")
    height, width = images.shape[-2:]
    draws = _uniform((2, len(images), 1, 1, 1), images, generator)
    angle, phase = math.pi * draws[0], 2 * math.pi * draws[1]  # both (N, 1, 1, 1)
    rows = torch.arange(height, device=images.device, dtype=images.dtype)[:, None]  # (H, 1)
    columns = torch.arange(width, device=images.device, dtype=images.dtype)  # (W,)
    distance = rows * angle.sin() + columns * angle.cos()  # (N, 1, H, W)
    return (images + amplitude * torch.sin(2 * math.pi * distance / period + phase)).clamp_(0, 1)


NOISES: dict[str, Callable[..., Tensor]] = {
    "salt and pepper": salt_and_pepper,
    "gaussian": gaussian,
    "periodic": periodic,
    "speckle": speckle,
}


def mixed(images: Tensor, *, generator: torch.Generator) -> Tensor:
    """(N, C, H, W) -> same shape: each quarter of the images gets one of the four noises, in the
    order of NOISES, at its default strength."""
    kinds = NOISES.values()
    quarters = images.tensor_split(len(kinds))
    return torch.cat([add(part, generator=generator) for add, part in zip(kinds, quarters)])


def _uniform(shape: tuple[int, ...], like: Tensor, generator: torch.Generator) -> Tensor:
    """Drawn where the generator lives, then moved: a seed gives the same noise on every device."""
    return torch.rand(shape, generator=generator, device=generator.device, dtype=like.dtype).to(
        like.device
    )


def _normal(like: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randn(
        like.shape, generator=generator, device=generator.device, dtype=like.dtype
    ).to(like.device)


def _check(name: str, value: float, *, at_most: float = math.inf) -> None:
    if not 0 <= value <= at_most:
        limit = "" if at_most == math.inf else f", at most {at_most}"
        raise ValueError(f"{name} is {value}: it must be at least 0{limit}")
