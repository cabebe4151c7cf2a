"""Does a picture show its label, and are the pictures of a label different from each other?"""

from scipy.stats import binomtest
from torch import Tensor

COLUMNS = 2_048  # numbers of a picture at a time: doubles of a whole set would take memory


def share(answers: Tensor, truth: Tensor) -> dict[str, float]:
    """Share of right answers (N,) with its exact 95 % interval (Clopper & Pearson 1934).

    Only for independent answers: one picture, one draw.
    """
    right = int((answers == truth).sum())
    low, high = binomtest(right, len(truth)).proportion_ci(0.95, method="exact")
    return {"right": right / len(truth), "from": float(low), "to": float(high)}


def spread(pictures: Tensor) -> float:
    """Mean squared difference of two different pictures (N, ...), N > 1, for a pixel.

    It is twice the variance, so no pairs are formed.
    """
    flat = pictures.flatten(1)
    variances = [part.double().var(0, correction=1).sum() for part in flat.split(COLUMNS, 1)]
    return 2 * float(sum(variances)) / flat.shape[1]


def relative_spread(pictures: Tensor, labels: Tensor, real: Tensor, truth: Tensor) -> float:
    """Spread within a label of pictures over that of real ones, the mean over the labels.

    pictures, real (N, ...) and (M, ...), labels (N,), truth (M,). 0: one picture a label; 1: as
    varied as real ones.
    """
    kinds = truth.unique().tolist()
    ratios = [spread(pictures[labels == k]) / spread(real[truth == k]) for k in kinds]
    return sum(ratios) / len(ratios)
