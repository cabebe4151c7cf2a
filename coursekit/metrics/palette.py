"""Maps as classes of colours (lesson 11): which colour of a palette is nearest, and how often it is the right one."""

import torch
from torch import Tensor


def l1(pictures: Tensor, truth: Tensor) -> Tensor:
    """Mean absolute error of each picture. (N, ...), (N, ...) -> (N,)."""
    return (pictures.double() - truth.double()).abs().flatten(1).mean(1)


def nearest_colour(pictures: Tensor, palette: Tensor) -> Tensor:
    """Number of the nearest colour at each pixel. pictures (N, 3, H, W), palette (K, 3) in [0, 1] -> int64 (N, H, W)."""
    pixels = pictures.float().movedim(1, -1)                                # (N, H, W, 3)
    return torch.stack([(pixels - colour).square().sum(-1) for colour in palette.float()]).argmin(0)


def class_accuracy(pictures: Tensor, truth: Tensor, palette: Tensor) -> Tensor:
    """Of the pixels whose true colour is nearest to each palette colour, the share that got it. -> (K,), NaN where none."""
    found, right = nearest_colour(pictures, palette), nearest_colour(truth, palette)
    count = torch.bincount(right.flatten(), minlength=len(palette)).double()
    return torch.bincount(right[found == right], minlength=len(palette)).double() / count
