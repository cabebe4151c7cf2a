"""Pictures to CIE Lab and back, through scikit-image; L, a and b are divided by 100, so that
networks see numbers near 1."""

import warnings

import torch
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
