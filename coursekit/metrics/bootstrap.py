"""How far a mean would move with other examples of the same kind."""

import torch
from torch import Tensor


def bootstrap_interval(
    values: Tensor, *, generator: torch.Generator, share: float = 0.95, draws: int = 2000
) -> tuple[float, float]:
    """Percentile bootstrap interval of the mean of values (N,) (Efron 1979) -> lower, upper end.

    share: of the resampled means that lie between the two.
    """
    if len(values) < 2:
        raise ValueError(f"{len(values)} value: at least 2 are needed to see them differ")
    places = torch.randint(len(values), (draws, len(values)), generator=generator)
    means = values.double()[places].mean(1)
    low, high = means.quantile(torch.tensor([0.5 - share / 2, 0.5 + share / 2]).double()).tolist()
    return low, high
