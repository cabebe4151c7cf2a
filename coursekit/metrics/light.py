"""Light inside the regions of a drawing, and answers judged as JPEG files (lesson 11).

Pictures are (N, 3, H, W) in [0, 1].
"""

import io

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from coursekit.metrics.images import psnr, ssim
from coursekit.metrics.palette import l1
from coursekit.metrics.translation import TextureDistance
from coursekit.models.place_regression import page

QUALITY = 85  # of the JPEG files that the renders come from
BATCH = 64


def as_jpeg(pictures: Tensor, *, quality: int = QUALITY) -> Tensor:
    """Each picture written as a JPEG file of its own and read again. -> the same shape.

    As the renders are stored: colors keep the full resolution (no chroma subsampling).
    """
    decoded = []
    for picture in (pictures * 255).round().to(torch.uint8).movedim(1, -1).numpy():
        buffer = io.BytesIO()
        Image.fromarray(picture).save(buffer, "jpeg", quality=quality, subsampling=0)
        decoded.append(np.asarray(Image.open(buffer)))
    return torch.from_numpy(np.stack(decoded)).movedim(-1, 1).float() / 255


class Regions:
    """Connected or not, the pixels of one color in one drawing are a region; the page is none.

    drawings (N, 3, H, W). least: pixels of a region that counts, its rim left out, where drawing
    and render differ in shape.
    """

    def __init__(self, drawings: Tensor, *, least: int = 12):
        steps = torch.tensor([256, 16, 1])[:, None, None]
        color = ((drawings * 15).round().long() * steps).sum(1)  # (N, H, W), 16 steps a channel
        wide = color[:, None].float()
        rim = F.max_pool2d(wide, 3, 1, 1) + F.max_pool2d(-wide, 3, 1, 1) > 0
        number = color + 4096 * torch.arange(len(color))[:, None, None]
        self.whole = number.unique(return_inverse=True)[1].flatten()
        self.page = page(drawings)
        inner = torch.where(rim | self.page, -1, number[:, None])
        kinds, region, counts = inner.flatten().unique(return_inverse=True, return_counts=True)
        self.counted = ((counts >= least) & (kinds >= 0))[region].nonzero()[:, 0]
        self.region = region[self.counted]

    def light(self, pictures: Tensor, truth: Tensor) -> tuple[float, float]:
        """Deviations from the mean color of their region -> amount, agreement with the truth."""
        amount, agreement = light_of(self.sums(pictures, truth).sum(0))
        return float(amount), float(agreement)

    def sums(self, pictures: Tensor, truth: Tensor) -> Tensor:
        """Sums over each picture, (N, 3): a a, b b, a b. a: its deviations; b: the truth's."""
        a, b = (
            _deviation(_colors(part)[self.counted].double(), self.region)
            for part in (pictures, truth)
        )
        products = torch.stack([a * a, b * b, a * b]).sum(-1)  # (3, pixels that count)
        picture = self.counted // (len(self.whole) // len(pictures))
        sums = torch.zeros(len(pictures), 3, dtype=torch.float64)
        return sums.index_add(0, picture, products.T)

    def exaggerated(self, pictures: Tensor, factor: float) -> Tensor:
        """The deviations in every region times a factor, clipped; the page stays as it is."""
        count, _, high, wide = pictures.shape
        more = (factor - 1) * _deviation(_colors(pictures), self.whole)
        more = more.view(count, high, wide, 3).movedim(-1, 1)
        return torch.where(self.page, pictures, (pictures + more).clamp(0, 1))


def light_of(sums: Tensor) -> tuple[Tensor, Tensor]:
    """Sums (..., 3) of `Regions.sums` -> amount, agreement, both (...).

    amount: root mean square of the deviations as a share of the truth's; agreement: the correlation
    of the two, 0 without light, 1 for the true one, below 0 for light from the wrong side.
    """
    a, b, both = sums.unbind(-1)
    b = b.clamp(min=1e-9)
    lit = a >= 1e-9 * b
    amount = torch.where(lit, (a / b).sqrt(), 0.0)
    return amount, torch.where(lit, both / (a * b).clamp(min=1e-30).sqrt(), 0.0)


def light_error(amount: float, agreement: float) -> float:
    """Mean squared error of light as a share of the true light's: 0 for the true light, 1 for none.

    It follows from the two numbers of `light_of`.
    """
    return 1 - 2 * amount * agreement + amount**2


class LightScores:
    """A row of a table for each answer: errors, texture of its JPEG file, light."""

    def __init__(self, drawings: Tensor, truth: Tensor):
        self.truth, self.regions = truth, Regions(drawings)
        self.distance = TextureDistance(truth)

    def features(self, pictures: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, 112), of the pictures as JPEG files."""
        return self.distance.features(as_jpeg(pictures))

    def __call__(self, pictures: Tensor) -> dict[str, float]:
        """L1, PSNR, SSIM, texture distance as JPEG; light: its amount, agreement, squared error."""
        amount, agreement = self.regions.light(pictures, self.truth)
        parts = zip(pictures.split(BATCH), self.truth.split(BATCH), strict=True)
        similar = [ssim(*part) for part in parts]  # in parts, for the memory
        return {
            "L1": float(l1(pictures, self.truth).mean()),
            "PSNR, dB": float(psnr(pictures, self.truth).clamp(max=99).mean()),
            "SSIM": float(torch.cat(similar).mean()),
            "texture, as JPEG": self.distance(as_jpeg(pictures)),
            "light, amount": amount,
            "light, agreement": agreement,
            "light, error": light_error(amount, agreement),
        }


def _colors(pictures: Tensor) -> Tensor:
    """(N, 3, H, W) -> (N * H * W, 3)."""
    return pictures.movedim(1, -1).flatten(0, 2)


def _deviation(colors: Tensor, region: Tensor) -> Tensor:
    """Colors (M, 3) less the mean of their region (M,). -> (M, 3)."""
    count = torch.bincount(region)[:, None].clamp(min=1)
    sums = torch.zeros(len(count), 3, dtype=torch.float64).index_add(0, region, colors.double())
    return colors - (sums / count).to(colors.dtype)[region]
