"""Color as a class (lesson 04): a palette fitted to pixels, a label for each pixel, and the gray
picture. Colors are red, green and blue, or a and b of CIE Lab beside a lightness that is kept."""

import torch
from torch import Tensor

GRAY = (299, 587, 114)  # thousandths of red, green, blue (ITU-R BT.601)
CHUNK = 65_536  # pixels compared with the palette at a time


def gray(pictures: Tensor) -> Tensor:
    """Luma. uint8 (N, H, W, 3) -> uint8 (N, 1, H, W)."""
    weights = torch.tensor(GRAY, dtype=torch.int32)
    return (((pictures.to(torch.int32) * weights).sum(-1) + 500) // 1000).to(torch.uint8)[:, None]


def fit_palette(
    pictures: Tensor,
    *,
    colors: int = 24,
    generator: torch.Generator,
    pixels: int = 100_000,
    rounds: int = 30,
) -> Tensor:
    """k-means on pixels (Lloyd 1982; start: Arthur & Vassilvitskii 2007).

    uint8 (N, H, W, 3) -> uint8 (colors, 3). Works on `pixels` drawn at random, and sorts the colors
    from dark to light, so that a label's number says something.
    """
    points = pictures.reshape(-1, 3)
    chosen = torch.randint(len(points), (min(pixels, len(points)),), generator=generator)
    sample = points[chosen]
    if len(sample.unique(dim=0)) < colors:  # rare colors that no draw has met
        sample = torch.cat([sample, points.unique(dim=0)])
    centers = k_means(sample.double(), colors, generator=generator, rounds=rounds)
    palette = centers.round().to(torch.uint8)
    return palette[gray(palette[:, None, None])[:, 0, 0, 0].argsort(stable=True)]


def k_means(points: Tensor, count: int, *, generator: torch.Generator, rounds: int = 30) -> Tensor:
    """Centers that lower the squared distance to the nearest one (Lloyd 1982).

    points float64 (P, D) -> (count, D).
    """
    centers = _spread(points, count, generator)
    for _ in range(rounds):
        nearest = _nearest(points, centers)
        counts = torch.bincount(nearest, minlength=count)
        sums = torch.zeros_like(centers).index_add_(0, nearest, points)
        centers = torch.where(counts[:, None] > 0, sums / counts[:, None].clamp(min=1), centers)
    return centers


def fit_hues(
    ab: Tensor, *, colors: int = 24, generator: torch.Generator, pixels: int = 100_000
) -> Tensor:
    """Classes of (a, b) without lightness: k-means on pixels, sorted from gray to vivid.

    ab (N, 2, H, W) as `lab.split` gives it -> (colors, 2).
    """
    points = ab.movedim(1, -1).reshape(-1, 2)
    chosen = torch.randint(len(points), (min(pixels, len(points)),), generator=generator)
    centers = k_means(points[chosen].double(), colors, generator=generator)
    return centers[centers.norm(dim=1).argsort(stable=True)].float()


def label_hues(ab: Tensor, hues: Tensor) -> Tensor:
    """The nearest class of (a, b) for each pixel. (N, 2, H, W), (colors, 2) -> uint8 (N, H, W)."""
    points = ab.movedim(1, -1)  # (N, H, W, 2)
    return _nearest(points.reshape(-1, 2), hues).to(torch.uint8).reshape(points.shape[:-1])


def annealed_hues(scores: Tensor, hues: Tensor, *, temperature: float) -> Tensor:
    """Mean (a, b) under sharpened scores (Zhang et al. 2016, section 2.3), see `annealed_mean`.

    (N, colors, H, W), (colors, 2) -> (N, 2, H, W).
    """
    chances = torch.softmax(scores / temperature, 1)
    return torch.einsum("nkhw,kc->nchw", chances, hues.to(chances))


def label(pictures: Tensor, palette: Tensor) -> Tensor:
    """The nearest color of the palette for each pixel.

    uint8 (N, H, W, 3), (colors, 3) -> uint8 (N, H, W).
    """
    points = pictures.reshape(-1, 3).float()  # whole numbers below 2^24: float32 has them exactly
    return _nearest(points, palette.float()).to(torch.uint8).reshape(pictures.shape[:-1])


def paint(labels: Tensor, palette: Tensor) -> Tensor:
    """Labels as a picture. (N, H, W) -> float (N, 3, H, W) in [0, 1]."""
    return palette[labels.long()].movedim(-1, 1).float() / 255


def shares(labels: Tensor, colors: int) -> Tensor:
    """Share of the pixels that has each label. -> (colors,)."""
    return torch.bincount(labels.flatten().long(), minlength=colors) / labels.numel()


def balance(shares: Tensor, *, uniform: float = 0.5) -> Tensor:
    """Weights of the classes that lift rare colors (Zhang et al. 2016, section 2.2).

    shares (colors,) -> (colors,). 1 / ((1 - uniform) share + uniform / colors), scaled so that the
    mean over pixels is 1.
    """
    weights = 1 / ((1 - uniform) * shares + uniform / len(shares))
    return weights / (weights * shares).sum()


def annealed_mean(scores: Tensor, palette: Tensor, *, temperature: float) -> Tensor:
    """Mean color under softened scores (Zhang et al. 2016, section 2.3).

    (N, colors, H, W) -> (N, 3, H, W) in [0, 1]. Temperature 1 gives the mean of the distribution;
    towards 0 it becomes the most probable color.
    """
    chances = torch.softmax(scores / temperature, 1)  # p^(1/T), normalized
    return torch.einsum("nkhw,kc->nchw", chances, palette.to(chances) / 255)


def _nearest(points: Tensor, centers: Tensor) -> Tensor:
    """Index of the nearest center, the lower one in a tie. (P, 3), (K, 3) -> (P,)."""
    # |p - c|^2 without |p|^2, which is the same for all centers
    squares = (centers**2).sum(1)[:, None]
    found = points.new_empty(len(points), dtype=torch.int64)  # small pieces would leave holes
    for start in range(0, len(points), CHUNK):
        part = points[start : start + CHUNK]
        found[start : start + CHUNK] = torch.addmm(squares, centers, part.T, alpha=-2).argmin(0)
    return found


def _spread(points: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """First centers, each drawn with a chance that grows with its squared distance from those
    before it. -> (count, 3)."""
    centers = points[torch.randint(len(points), (1,), generator=generator)]
    distance = ((points - centers[0]) ** 2).sum(1)
    for _ in range(count - 1):
        if not distance.any():
            raise ValueError(f"there are fewer than {count} different colors among the pixels")
        drawn = torch.searchsorted(
            distance.cumsum(0),
            torch.rand(1, generator=generator, dtype=torch.float64) * distance.sum(),
        )
        centers = torch.cat([centers, points[drawn.clamp(max=len(points) - 1)]])
        distance = distance.minimum(((points - centers[-1]) ** 2).sum(1))
    return centers
