"""A U-Net that starts from a formula of color and place, and adds to its answer (lesson 11)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from coursekit.models.place_regression import PlaceRegression, place
from coursekit.models.resize_unet import ResizeUNet


class PlacedUNet(ResizeUNet):
    """A correction of a formula's answer (lesson 11). x (B, 3, S, S) in [-1, 1] -> (B, 3, S, S).

    The U-Net sees eight channels: the drawing, the formula's answer, and the place in the object.
    Its last layer starts at zero, so that the untrained network gives the formula's answer.
    """

    def __init__(
        self, formula: PlaceRegression, widths: Sequence[int] = (12, 24, 48, 96, 96), **options
    ):
        super().__init__(widths, **options)
        self.formula = formula
        self.stem = nn.Sequential(nn.Conv2d(8, widths[0], 3, padding=1), nn.LeakyReLU(0.2))

    def forward(self, x: Tensor) -> Tensor:
        unit = (x + 1) / 2
        with torch.no_grad(), torch.autocast(x.device.type, enabled=False):
            start = self.formula(unit.float()) * 2 - 1
            seen = torch.cat([x, start, place(unit)], 1)
        return start + self.correction(seen)
