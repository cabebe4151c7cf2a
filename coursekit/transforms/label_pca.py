"""PCA of palette labels (lesson 06): the linear rival that knows of flat colors."""

import torch
from torch import Tensor

from coursekit.transforms.color import label, paint


def labels_of(pictures: Tensor, palette: Tensor) -> Tensor:
    """Number of the nearest palette color at each pixel. -> uint8 (N, H, W).

    pictures (N, 3, H, W) in [0, 1], palette uint8 (C, 3).
    """
    stored = (255 * pictures.clamp(0, 1)).round().to(torch.uint8).movedim(1, -1)
    return label(stored, palette)


def snap(pictures: Tensor, palette: Tensor) -> Tensor:
    """Each pixel replaced by the nearest palette color. (N, 3, H, W) -> the same, in [0, 1]."""
    return paint(labels_of(pictures, palette), palette)


def equal_pixels(a: Tensor, b: Tensor, colors: int) -> Tensor:
    """How many pixels of labels a (N, H, W) and b (M, H, W) are equal -> (N, M).

    It is the inner product of their one-hot vectors, without these vectors.
    """
    a, b = a.flatten(1), b.flatten(1)
    equal = torch.zeros(len(a), len(b))
    for color in range(colors):
        ours, theirs = a == color, b == color
        used = ours.any(0) & theirs.any(0)  # a color is absent from most places
        equal += ours[:, used].float() @ theirs[:, used].float().T
    return equal


class LabelPCA:
    """PCA of one-hot palette labels (N, H, W), N > latent. palette uint8 (C, 3).

    mean (C, H * W): the share of pictures with this color at this pixel. axes (latent, C, H * W);
    codes (N, latent): of these pictures, whitened: each number has variance 1 over them.
    """

    def __init__(self, labels: Tensor, palette: Tensor, latent: int):
        self.palette, self.side = palette, labels.shape[1:]
        products = equal_pixels(labels, labels, len(palette))  # of all pairs of one-hot vectors
        shift = products.mean(0)
        values, vectors = torch.linalg.eigh(products - shift - shift[:, None] + products.mean())
        self.codes = vectors[:, -latent:] * len(labels) ** 0.5
        self.scales = values[-latent:] / len(labels)  # variance along each axis
        rows = torch.cat([torch.ones(1, len(labels)), self.codes.T]) / len(labels)
        flat = labels.flatten(1)
        places = torch.empty(flat.shape)  # one memory for all colors: new ones would leave holes
        both = torch.empty(len(rows), len(palette), flat.shape[1])
        for color in range(len(palette)):
            both[:, color] = rows @ places.copy_(flat == color)
        self.mean, self.axes = both[0], both[1:]

    def scores(self, z: Tensor, color: int) -> Tensor:
        """Codes (B, latent) -> the value of one color at each pixel (B, H * W)."""
        return self.mean[color] + z @ self.axes[:, color]

    def labels(self, z: Tensor) -> Tensor:
        """Codes (B, latent) -> the color with the largest value at each pixel, uint8 (B, H, W)."""
        best = self.scores(z, 0)
        found = torch.zeros_like(best, dtype=torch.uint8)
        for color in range(1, len(self.palette)):
            value = self.scores(z, color)
            found[value > best] = color
            best = torch.maximum(best, value)
        return found.unflatten(1, self.side)

    def decode(self, z: Tensor) -> Tensor:
        """Codes (B, latent) -> pictures (B, 3, H, W) in [0, 1] of palette colors."""
        return paint(self.labels(z), self.palette)

    def encode(self, labels: Tensor) -> Tensor:
        """Labels (B, H, W) -> codes (B, latent)."""
        flat, center = labels.flatten(1), (self.mean * self.axes).flatten(1).sum(1)
        z = -center.expand(len(flat), -1)
        for color in range(len(self.palette)):
            z = z + (flat == color).float() @ self.axes[:, color].T
        return z / self.scales
