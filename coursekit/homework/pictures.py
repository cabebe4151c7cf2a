"""Are two pictures the same, even if one was shrunk, recompressed or cropped of its margin on the way into a report?"""

import io
import warnings
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageChops

SIDE = 48
ALIKE = 0.75  # least correlation of two pictures' intensities, at 48 x 48
LARGEST_PIXELS = 60_000_000


@dataclass(frozen=True)
class Picture:
    """A picture as 48 x 48 intensities in [0, 1], its width over its height, and its shorter side in pixels."""

    small: np.ndarray
    shape: float
    pixels: int

    @classmethod
    def of(cls, content: bytes) -> "Picture | None":
        """A picture from a file's bytes; None where it is none, or is too large to open."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                image = Image.open(io.BytesIO(content))
                if image.width * image.height > LARGEST_PIXELS:
                    return None
                image = image.convert("RGBA")
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            return None
        gray = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("L")
        box = ImageChops.invert(gray).point(lambda value: 255 * (value > 64)).getbbox()
        gray = gray.crop(box) if box else gray
        small = np.asarray(gray.resize((SIDE, SIDE), Image.Resampling.BOX), dtype=np.float32) / 255
        return cls(small, gray.width / gray.height, min(image.size))

    def same_as(self, other: "Picture") -> bool:
        return abs(self.shape / other.shape - 1) < 0.1 and self.likeness(other) > ALIKE

    def likeness(self, other: "Picture") -> float:
        """The correlation of both, 1 for the same picture; of two even areas, how near their shades are."""
        first, second = self.small - self.small.mean(), other.small - other.small.mean()
        spread = float(np.sqrt((first**2).sum() * (second**2).sum()))
        return (
            float((first * second).sum()) / spread
            if spread > 1e-3
            else 1 - abs(float(self.small.mean() - other.small.mean()))
        )
