"""PCA in clusters (lesson 01): many flat pieces in place of one."""

from typing import NamedTuple

import torch
from torch import Tensor


class Piece(NamedTuple):
    """A cluster's mean (D,), its components (D, K), and the variance along each (K,), falling."""

    mean: Tensor
    basis: Tensor
    variances: Tensor

    def encode(self, x: Tensor) -> Tensor:
        return (x - self.mean) @ self.basis  # (B, K)

    def decode(self, z: Tensor) -> Tensor:
        """Codes (B, k), of the first k components -> (B, D)."""
        return self.mean + z @ self.basis[:, : z.shape[1]].T


class LocalPCA:
    """Clusters by k-means, each with principal components of its own (Kambhatla & Leen 1997).

    images (N, D), N >= clusters. A picture becomes the number of its cluster, and its components
    there: at most `most`, and fewer than the cluster has pictures.
    """

    def __init__(
        self, images: Tensor, *, clusters: int, generator: torch.Generator, most: int = 150
    ):
        self.centers = k_means(images, clusters, generator=generator)
        groups = self.cluster(images)
        self.pieces = [_piece(images[groups == place], most) for place in range(clusters)]

    def cluster(self, x: Tensor) -> Tensor:
        """The number of the nearest center. (B, D) -> (B,)."""
        return (self.centers.square().sum(1) - 2 * x @ self.centers.T).argmin(1)

    def reconstruct(self, x: Tensor, components: int) -> Tensor:
        """x (B, D) from the number of its cluster and so many components -> (B, D)."""
        found, groups = torch.empty_like(x), self.cluster(x)
        for place, piece in enumerate(self.pieces):
            here = groups == place
            found[here] = piece.decode(piece.encode(x[here])[:, :components])
        return found


def k_means(
    images: Tensor, clusters: int, *, generator: torch.Generator, rounds: int = 20
) -> Tensor:
    """Centers of clusters (Lloyd 1982), from pictures chosen at random. (N, D) -> (clusters, D).

    A center without pictures stays where it is.
    """
    if not 1 <= clusters <= len(images):
        raise ValueError(f"clusters is {clusters}: there are 1 to {len(images)}")
    centers = images[torch.randperm(len(images), generator=generator)[:clusters]]
    for _ in range(rounds):
        groups = (centers.square().sum(1) - 2 * images @ centers.T).argmin(1)
        counts = groups.bincount(minlength=clusters)[:, None]
        sums = torch.zeros_like(centers).index_add_(0, groups, images)
        centers = torch.where(counts > 0, sums / counts.clamp(min=1), centers)
    return centers


def _piece(images: Tensor, most: int) -> Piece:
    """Principal components of a cluster (N, D); of an empty one the black picture."""
    if len(images) == 0:
        empty = images.new_zeros(images.shape[1])
        return Piece(empty, empty[:, None][:, :0], empty[:0])
    mean = images.mean(0)
    _, sizes, basis = torch.linalg.svd(images - mean, full_matrices=False)
    count = min(most, len(images) - 1)
    return Piece(mean, basis[:count].T, sizes[:count].square() / len(images))
