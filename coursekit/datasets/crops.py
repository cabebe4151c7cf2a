"""Patches of photos: many small pictures from few big ones, split by photo."""

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from coursekit.datasets.dataset import Split
from coursekit.datasets.images import Pictures
from coursekit.datasets.places import held_out_names
from coursekit.runtime import generator

SCALES = (0.4, 1.0)  # side of a crop / shorter side of its photo


def cut(
    pictures: Pictures,
    labels: Tensor,
    *,
    size: int,
    count: int,
    seed: int,
    test_share: float,
    gray: bool = False,
) -> dict[str, Split]:
    """Photos and labels (P,) -> splits of count patches a photo, uint8 (N, size, size, 3) or (N,
    size, size) gray.

    A share of each category's photos is held out by the hash of the name; no photo gives patches to
    both splits. Each photo has its own stream of random draws, so one more photo leaves the others'
    patches as they are.
    """
    test = set()
    for label in labels.unique().tolist():
        rows = (labels == label).nonzero().flatten().tolist()
        test |= held_out_names((pictures.names[i] for i in rows), share=test_share)
    splits = {}
    for split in ("train", "test"):
        rows = [i for i, name in enumerate(pictures.names) if (name in test) == (split == "test")]
        patches = np.empty((len(rows), count, size, size, *(() if gray else (3,))), np.uint8)
        for own, i in zip(patches, rows, strict=True):
            _fill(own, pictures.images[i], generator(seed, "patches", pictures.names[i]), gray)
        names = tuple(pictures.names[i] for i in rows for _ in range(count))
        splits[split] = Split(
            torch.from_numpy(patches).flatten(0, 1), labels[rows].repeat_interleave(count), names
        )
    return splits


def crops(pictures: "Split | Pictures", *, size: int, count: int, seed: int) -> Tensor:
    """count square crops of each picture as `cut` takes them, one picture's after the other's.

    -> uint8 (N, size, size, 3).
    """
    found = np.empty((len(pictures.names), count, size, size, 3), np.uint8)
    for own, image, name in zip(found, pictures.images, pictures.names, strict=True):
        _fill(own, image, generator(seed, "patches", name), gray=False)
    return torch.from_numpy(found).flatten(0, 1)


def _fill(patches: np.ndarray, photo: Tensor, stream: torch.Generator, gray: bool) -> None:
    """Fill (count, size, size[, 3]) from a photo (H, W, 3): squares of 40-100 % of its shorter
    side, shrunk."""
    image = Image.fromarray(photo.numpy())
    image = image.convert("L") if gray else image
    size = patches.shape[1]
    for patch, (scale, left, top) in zip(
        patches, torch.rand(len(patches), 3, generator=stream).tolist(), strict=True
    ):
        side = min(image.size) * (SCALES[0] + (SCALES[1] - SCALES[0]) * scale)
        x, y = left * (image.width - side), top * (image.height - side)
        patch[:] = image.resize(
            (size, size), Image.Resampling.HAMMING, box=(x, y, x + side, y + side)
        )
