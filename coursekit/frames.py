"""Pictures that a slider goes through where no kernel runs: kept beside a figure, for the site.

They stand in the metadata of the figure's output, so that nbval compares nothing of them and a
report shows the still alone.
"""

import base64
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from PIL import Image
from torch import Tensor

from coursekit.errors import UsageError

MOST = 128  # pictures of one figure: a notebook stays small


@dataclass(frozen=True)
class Frames:
    """A picture for every combination of the values of one or two sliders.

    axes: what a slider moves -> the words for its values. pictures: (A, [B,] C, H, W) in [0, 1].
    """

    axes: Mapping[str, Sequence[str]]
    pictures: Tensor

    def __post_init__(self) -> None:
        shape = tuple(len(values) for values in self.axes.values())
        if (
            tuple(self.pictures.shape[: len(shape)]) != shape
            or self.pictures.ndim != len(shape) + 3
        ):
            raise UsageError(
                f"frames: pictures have the shape {tuple(self.pictures.shape)}, and the sliders "
                f"ask for {shape} pictures (C, H, W)"
            )
        if math.prod(shape) > MOST:
            raise UsageError(f"frames: {math.prod(shape)} pictures, at most {MOST}")

    def as_metadata(self) -> dict:
        """As JSON can hold it: the sliders, and PNGs as base64 in the order of the pictures."""
        return {
            "axes": [[name, list(values)] for name, values in self.axes.items()],
            "pictures": [_png(picture) for picture in self.pictures.flatten(0, -4)],
        }


def _png(picture: Tensor) -> str:
    """A picture (C, H, W) in [0, 1] as base64 of a PNG of at most 256 colors."""
    pixels = (picture.detach().float().cpu().clamp(0, 1) * 255).round().to(torch.uint8)
    image = Image.fromarray(pixels.movedim(0, -1).squeeze(-1).numpy()).convert("RGB")
    buffer = io.BytesIO()
    image.quantize(256, dither=Image.Dither.NONE).save(buffer, "png", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode()
