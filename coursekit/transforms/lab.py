"""Pictures to CIE Lab and back, through scikit-image; L, a and b are divided by 100, so that
networks see numbers near 1."""

import warnings

import numpy as np
import torch
from PIL import Image
from torch import Tensor

SCALE = 100.0  # L is 0..100; a and b of sRGB colors lie between -108 and 99


def split(images: Tensor) -> tuple[Tensor, Tensor]:
    """RGB uint8 (N, H, W, 3) -> lightness (N, 1, H, W) in [0, 1] and ab (N, 2, H, W), float32."""
    from skimage.color import rgb2lab

    lab = torch.from_numpy(rgb2lab(images.numpy()) / SCALE).float()  # (N, H, W, 3)
    lab = lab.movedim(-1, 1).contiguous()  # (N, 3, H, W)
    return lab[:, :1].contiguous(), lab[:, 1:].contiguous()


def join(lightness: Tensor, ab: Tensor) -> Tensor:
    """Lightness (N, 1, H, W) and ab (N, 2, H, W) -> RGB (N, 3, H, W) in [0, 1]; colors that no
    screen has are clipped."""
    from skimage.color import lab2rgb

    lab = SCALE * torch.cat([lightness, ab], 1).double().movedim(1, -1).cpu()
    with warnings.catch_warnings():
        # such colors are clipped: said above
        warnings.filterwarnings("ignore", message=".*negative Z values.*")
        rgb = torch.from_numpy(lab2rgb(lab.numpy()))
    return rgb.movedim(-1, 1).float().contiguous()


def shrink(picture: Tensor, *, side: int, multiple: int = 8) -> Tensor:
    """A picture as large as a square of `side`, in its own proportions.

    uint8 (H, W, 3) -> uint8 (h, w, 3), h and w rounded to multiples.
    """
    high, wide = picture.shape[:2]
    scale = side / (high * wide) ** 0.5
    h, w = (max(multiple, round(length * scale / multiple) * multiple) for length in (high, wide))
    image = Image.fromarray(picture.numpy()).resize((w, h), Image.Resampling.BOX)
    return torch.from_numpy(np.array(image))


def palette(step: float = 15.0) -> Tensor:
    """The colors of a square grid in the plane of a and b that a screen can show at some L.

    -> (K, 2), divided by 100. Zhang et al. 2016, section 2.1, have a step of 10.
    """
    ticks = torch.arange(-round(120 // step), round(120 // step) + 1) * step / SCALE
    grid = torch.cartesian_prod(ticks, ticks)  # (G, 2)
    levels = torch.arange(0.1, 1.0, 0.1).view(-1, 1, 1, 1).expand(-1, 1, len(grid), 1)
    colors = grid.T[None, :, :, None].expand(len(levels), -1, -1, -1)
    rgb = (255 * join(levels, colors)).round().to(torch.uint8).movedim(1, -1)
    light, ab = split(rgb)  # what is left after clipping
    moved = torch.cat([light - levels, ab - colors], 1).abs().amax(1)[..., 0]  # (levels, G)
    return grid[moved.amin(0) < 0.02].contiguous()


def rotate(ab: Tensor, *, degrees: float) -> Tensor:
    """Another hue, the same chroma. (N, 2, ...) -> (N, 2, ...)."""
    angle = torch.deg2rad(torch.tensor(degrees))
    a, b = ab[:, 0], ab[:, 1]
    return torch.stack([a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()], 1)
