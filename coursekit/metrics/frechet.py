"""How near a set of generated pictures is to a set of real ones, judged by features of both.

Features are (N, D).
"""

import torch
from torch import Tensor


def frechet_distance(a: Tensor, b: Tensor) -> float:
    """Squared Fréchet distance of two sets of features (Heusel et al. 2017, equation 6).

    a (N, D), b (M, D) -> |mean_a - mean_b|^2 + tr(A + B - 2 (A B)^(1/2)), in squared units of the
    features. Few examples make it too large: compare it with the distance between two sets of real
    pictures of the same sizes.
    """
    _check(a, b)
    a, b = a.double(), b.double()
    shift = (a.mean(0) - b.mean(0)).square().sum()
    root_a, root_b = _root(a), _root(b)  # A = root_a' root_a, and B so
    cross = torch.linalg.svdvals(root_a @ root_b.T).sum()  # tr (A B)^(1/2)
    return float((shift + root_a.square().sum() + root_b.square().sum() - 2 * cross).clamp(min=0))


def precision_recall(real: Tensor, generated: Tensor, *, k: int = 3) -> tuple[float, float]:
    """Improved precision and recall (Kynkäänniemi et al. 2019, equation 2) -> two shares.

    real (N, D), generated (M, D). Precision: generated pictures within some real one's k-th
    neighbor distance. Recall: real ones within a generated one's.
    """
    _check(real, generated)
    if not 1 <= k < min(len(real), len(generated)):
        count = min(len(real), len(generated))
        raise ValueError(f"k is {k}: it must be at least 1 and less than the {count} pictures")
    real, generated = real.double(), generated.double()
    between = torch.cdist(real, generated)  # (N, M)
    inside_real = between <= _reach(real, k)[:, None]
    inside_generated = between <= _reach(generated, k)[None, :]
    return inside_real.any(0).double().mean().item(), inside_generated.any(1).double().mean().item()


def near(points: Tensor, real: Tensor, *, k: int = 3) -> Tensor:
    """Which points lie within some real one's k-th neighbor distance (see `precision_recall`).

    points (M, D), real (N, D) -> bool (M,).
    """
    _check(points, real)
    real, points = real.double(), points.double()
    return (torch.cdist(real, points) <= _reach(real, k)[:, None]).any(0)


def _reach(points: Tensor, k: int) -> Tensor:
    """Distance of each point to its k-th nearest other. (N, D) -> (N,)."""
    return (
        torch.cdist(points, points).kthvalue(k + 1, dim=1).values
    )  # the nearest is the point itself


def _root(features: Tensor) -> Tensor:
    """A matrix R with R' R the covariance of features (N, D). -> (min(N, D), D).

    So no covariance is ever formed.
    """
    centered = (features - features.mean(0)) / (len(features) - 1) ** 0.5
    return centered if len(centered) <= centered.shape[1] else torch.linalg.qr(centered, mode="r").R


def _check(a: Tensor, b: Tensor) -> None:
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1]:
        raise ValueError(
            f"features must be (N, D) and (M, D), not {tuple(a.shape)} and {tuple(b.shape)}"
        )
    if min(len(a), len(b)) < 2:
        raise ValueError(
            f"at least two pictures are needed on each side, not {len(a)} and {len(b)}"
        )
