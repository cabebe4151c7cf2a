"""Maps as classes of colors (lesson 11): which is nearest, and how often it is the right one."""

import torch
from torch import Tensor

RELIEF = {  # NASA's relief maps: the colors that mean something, 0 to 255
    "deep sea": (35, 145, 214),
    "shallow sea": (163, 215, 233),
    "lowest land": (51, 129, 55),
    "lowland": (106, 179, 110),
    "low hills": (172, 203, 142),
    "plateau": (226, 201, 156),
    "highland": (197, 162, 89),
    "mountains": (135, 110, 39),
    "peaks and ice": (222, 222, 222),
}


def l1(pictures: Tensor, truth: Tensor) -> Tensor:
    """Mean absolute error of each picture. (N, ...), (N, ...) -> (N,)."""
    return (pictures.double() - truth.double()).abs().flatten(1).mean(1)


def nearest_color(pictures: Tensor, palette: Tensor) -> Tensor:
    """Number of the nearest color at each pixel -> int64 (N, H, W).

    pictures (N, 3, H, W) and palette (K, 3) in [0, 1].
    """
    pixels = pictures.float().movedim(1, -1)  # (N, H, W, 3)
    return torch.stack([(pixels - color).square().sum(-1) for color in palette.float()]).argmin(0)


def class_accuracy(pictures: Tensor, truth: Tensor, palette: Tensor) -> Tensor:
    """Of the pixels of a palette color, the share that got it. -> (K,), NaN where none."""
    found, right = nearest_color(pictures, palette), nearest_color(truth, palette)
    count = torch.bincount(right.flatten(), minlength=len(palette)).double()
    return torch.bincount(right[found == right], minlength=len(palette)).double() / count
