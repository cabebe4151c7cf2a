"""Are two pictures the same, even if one was shrunk, recompressed or cropped on its way?"""

import io
import os
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageChops

from coursekit.reports.pictures import LARGEST_PIXELS, as_png, from_address

SIDE = 48
ALIKE = 0.75  # least correlation of two pictures' intensities, at 48 x 48


@dataclass(frozen=True)
class Picture:
    """A picture without its margin.

    small: 48 x 48 intensities in [0, 1]; shape: width over height; pixels: of the shorter side.
    """

    small: np.ndarray
    shape: float
    pixels: int

    @classmethod
    def of(cls, content: bytes) -> "Picture | None":
        """A picture from a file's bytes; None where it is none, or is too large to open."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                gray = _gray(content)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            return None
        box = ImageChops.invert(gray).point(lambda value: 255 * (value > 64)).getbbox()
        cropped = gray.crop(box) if box else gray
        small = cropped.resize((SIDE, SIDE), Image.Resampling.BOX)
        shades = np.asarray(small, dtype=np.float32) / 255
        return cls(shades, cropped.width / cropped.height, min(gray.size))

    def same_as(self, other: "Picture") -> bool:
        return abs(self.shape / other.shape - 1) < 0.1 and self.likeness(other) > ALIKE

    def likeness(self, other: "Picture") -> float:
        """The correlation of both, 1 for the same; of two even areas, how near their shades are."""
        first, second = self.small - self.small.mean(), other.small - other.small.mean()
        spread = float(np.sqrt((first**2).sum() * (second**2).sum()))
        return (
            float((first * second).sum()) / spread
            if spread > 1e-3
            else 1 - abs(float(self.small.mean() - other.small.mean()))
        )


def elsewhere(addresses: Iterable[str], folder: Path, root: Path) -> dict[str, bytes]:
    """The pictures of these addresses, as ../figures/1.png, that lie in root; seen from folder."""
    up = os.path.relpath(folder, root)
    found = {
        address: from_address(os.path.normpath(os.path.join(up, address)), root, {})
        for address in addresses
        if "://" not in address
    }
    return {address: content for address, content in found.items() if content}


def _gray(content: bytes) -> Image.Image:
    """A picture, drawings too, in shades on white. ValueError where it is too large."""
    with Image.open(io.BytesIO(as_png(content))) as image:
        if image.width * image.height > LARGEST_PIXELS:
            raise ValueError("too large")
        clear = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear).convert("L")
