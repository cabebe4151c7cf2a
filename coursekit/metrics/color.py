"""Measures of color.

Pictures are RGB (N, 3, H, W) in [0, 1]; one value for each picture comes back.
"""

import torch
from torch import Tensor


def ciede2000(pictures: Tensor, truth: Tensor) -> Tensor:
    """Mean color difference of each picture (Sharma et al. 2005). -> (N,).

    About 1 can just be seen, black to white is 100.
    """
    from skimage.color import deltaE_ciede2000, rgb2lab

    if pictures.shape != truth.shape:
        raise ValueError(
            f"pictures {tuple(pictures.shape)} and truth {tuple(truth.shape)} differ in shape"
        )
    labs = (rgb2lab(_last(rgb).numpy()) for rgb in (pictures, truth))  # (N, H, W, 3), L in 0..100
    return torch.from_numpy(deltaE_ciede2000(*labs)).flatten(1).mean(1)


def colorfulness(pictures: Tensor) -> Tensor:
    """How colorful each picture looks (Hasler & Süsstrunk 2003, section 7). -> (N,).

    0 is gray, 15 slightly, 59 quite, 109 extremely colorful.
    """
    red, green, blue = (255 * _last(pictures)).flatten(1, 2).unbind(-1)  # (N, H*W) each
    red_green, yellow_blue = red - green, (red + green) / 2 - blue
    spread = (red_green.var(1, correction=0) + yellow_blue.var(1, correction=0)).sqrt()
    return spread + 0.3 * (red_green.mean(1).square() + yellow_blue.mean(1).square()).sqrt()


def _last(pictures: Tensor) -> Tensor:
    """(N, 3, H, W) -> (N, H, W, 3) in double precision."""
    if pictures.ndim != 4 or pictures.shape[1] != 3:
        raise ValueError(f"color is measured on pictures (N, 3, H, W), not {tuple(pictures.shape)}")
    return pictures.double().movedim(1, -1).cpu()
