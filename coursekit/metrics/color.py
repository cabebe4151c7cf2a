"""Measures of color.

Pictures are RGB (N, 3, H, W) in [0, 1]; one value for each picture comes back.
"""

import torch
from torch import Tensor

from coursekit.metrics.images import psnr, ssim


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


def color_scores(pictures: Tensor, truth: Tensor) -> dict[str, Tensor]:
    """What lesson 05 measures of colored pictures, by name. -> (N,) each.

    The gap is how far a picture's colorfulness is from that of the true one, either way.
    """
    colorful = colorfulness(pictures)
    return {
        "PSNR, dB": psnr(pictures, truth),
        "SSIM": ssim(pictures, truth),
        "CIEDE2000": ciede2000(pictures, truth),
        "colorfulness": colorful,
        "colorfulness gap": (colorful - colorfulness(truth)).abs(),
    }


def warm_cold_accuracy(ab: Tensor, truth: Tensor, *, least: float = 0.1) -> float:
    """Balanced accuracy of the sign of b: yellow or blue? ab (P, 2), true ab (P, 2) -> share.

    Asked of pixels whose true |b| is `least` or more. One color for all has 0.5, and no factor on
    the chroma changes it.
    """
    warm, cold = truth[:, 1] >= least, truth[:, 1] <= -least
    if not (warm.any() and cold.any()):
        raise ValueError("there are no warm pixels, or no cold ones: nothing to tell apart")
    right_warm = (ab[warm, 1] > 0).double().mean()
    right_cold = (ab[cold, 1] <= 0).double().mean()
    return float((right_warm + right_cold) / 2)


def _last(pictures: Tensor) -> Tensor:
    """(N, 3, H, W) -> (N, H, W, 3) in double precision."""
    if pictures.ndim != 4 or pictures.shape[1] != 3:
        raise ValueError(f"color is measured on pictures (N, 3, H, W), not {tuple(pictures.shape)}")
    return pictures.double().movedim(1, -1).cpu()
