"""How near translated pictures are to the true ones, pixel by pixel and in texture (lesson 11).

Pictures are (N, 3, H, W) in [0, 1].
"""

import torch
from torch import Tensor

from coursekit.metrics.frechet import frechet_distance
from coursekit.metrics.images import psnr, ssim
from coursekit.metrics.palette import l1
from coursekit.models.features import Lite0Features

STAGE = 3  # of Lite0: 112 features at 1/16 of the side, so that some 300 pictures give a covariance


def detail(pictures: Tensor) -> Tensor:
    """Mean absolute difference between neighboring pixels, along rows and columns. -> scalar."""
    down = (pictures[..., 1:, :] - pictures[..., :-1, :]).abs().mean()
    return down + (pictures[..., 1:] - pictures[..., :-1]).abs().mean()


class TextureDistance:
    """Squared Fréchet distance to the true pictures in the middle features of EfficientNet-Lite0.

    The features (N, 112) are means over each picture of the stage at 1/16 of its side.
    """

    def __init__(self, truth: Tensor):
        self.network = Lite0Features()
        self.truth = self.features(truth)

    def features(self, pictures: Tensor, *, batch: int = 20) -> Tensor:
        """(N, 3, H, W) -> (N, 112)."""
        with torch.no_grad():
            parts = [
                self.network.stages(part)[STAGE].mean((2, 3)) for part in pictures.split(batch)
            ]
        return torch.cat(parts)

    def __call__(self, pictures: Tensor) -> float:
        return frechet_distance(self.truth, self.features(pictures))


class Scores:
    """A row of a table for each answer: distances from the truth, detail, texture."""

    def __init__(self, truth: Tensor):
        self.truth, self.distance = truth, TextureDistance(truth)

    def __call__(self, pictures: Tensor) -> dict[str, float]:
        """L1, PSNR, SSIM, detail, Fréchet distance."""
        similar = {
            "PSNR, dB": float(psnr(pictures, self.truth).clamp(max=99).mean()),
            "SSIM": float(ssim(pictures, self.truth).mean()),
        }
        brief = self.brief(pictures)
        return {"L1": brief.pop("L1"), **similar, **brief}

    def brief(self, pictures: Tensor) -> dict[str, float]:
        """L1, detail, Fréchet distance."""
        return {
            "L1": float(l1(pictures, self.truth).mean()),
            "detail / true detail": float(detail(pictures) / detail(self.truth)),
            "Fréchet, texture": self.distance(pictures),
        }
