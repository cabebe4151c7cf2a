"""What a code is worth to somebody else: a linear classifier of it, and its nearest neighbors."""

import torch
from torch import Tensor
from torch.nn import functional as F


def linear_probe(
    train: Tensor, labels: Tensor, test: Tensor, test_labels: Tensor, *, penalty: float = 1e-2
) -> float:
    """Share of test (M, D) that a linear classifier of train (N, D) names rightly.

    Softmax regression on standardized numbers, solved by L-BFGS. penalty: on the sum of the
    squared weights, so that as many numbers as examples do no harm.
    """
    center, scale = train.double().mean(0), train.double().std(0).clamp(min=1e-6)
    x, y = ((part.double() - center) / scale for part in (train, test))
    classes = int(labels.max()) + 1
    weight = torch.zeros(x.shape[1], classes, dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(classes, dtype=torch.float64, requires_grad=True)
    solver = torch.optim.LBFGS([weight, bias], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        solver.zero_grad()
        loss = F.cross_entropy(x @ weight + bias, labels) + penalty * weight.square().sum()
        loss.backward()
        return loss

    solver.step(closure)
    found = (y @ weight + bias).argmax(1)
    return float((found == test_labels).double().mean())


def nearest(queries: Tensor, others: Tensor, *, count: int) -> Tensor:
    """The places in others (N, D) of the nearest to each of queries (M, D) -> int64 (M, count)."""
    distances = torch.cdist(queries.double(), others.double())
    return distances.topk(count, largest=False).indices


def label_precision(found: Tensor, labels: Tensor, query_labels: Tensor) -> float:
    """Share of the neighbors found (M, count) that have their query's label."""
    return float((labels[found] == query_labels[:, None]).double().mean())
