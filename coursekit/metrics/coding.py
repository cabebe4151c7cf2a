"""Bits of a code that is sent, counted in one way for whole numbers and for real ones (lesson 08).

Fixed: each number has a length of its own, whatever it is. Coded: -log2 p of each number under its
own distribution among training pictures, as an ideal arithmetic coder spends; what one number says
about another is not used.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

BACKOFF = 4.0  # how many training pictures the frequencies over all places weigh at one place
SMALLEST = 1e-12  # probability of a number that training makes impossible: its bits stay finite


class Sent(NamedTuple):
    """What arrives, (N, ...) as it was sent, and the mean bits of a picture, counted twice."""

    values: Tensor
    fixed: float
    coded: float


def send_codes(codes: Tensor, known: Tensor, *, count: int) -> Sent:
    """Codes (N, ...) whole numbers below `count`; known (M, ...): those of training pictures.

    p at a place: its frequencies in `known`, with those over all places as `BACKOFF` pictures more
    (and these with half a use more for each code), so that no code is impossible.
    """
    here, there = codes.flatten(1), known.flatten(1)
    overall = torch.bincount(there.flatten(), minlength=count).double() + 0.5
    overall /= overall.sum()
    nats = 0.0
    for place in range(here.shape[1]):
        uses = torch.bincount(there[:, place], minlength=count) + BACKOFF * overall
        nats -= float((uses / uses.sum()).log()[here[:, place]].mean())
    return Sent(codes, here.shape[1] * math.log2(count), nats / math.log(2))


def send_rounded(numbers: Tensor, known: Tensor, step: float | Tensor) -> Sent:
    """Real numbers (N, D) as whole multiples of step, a scalar or (D,); known (M, D) of training.

    Fixed: whole bits for all multiples between the least and the greatest of `known`; what lies
    outside is set to the nearer one. p: that of a normal distribution with the mean and standard
    deviation of `known`. A number that is one and the same multiple in training costs nothing.
    """
    multiples, trained = (numbers / step).round(), (known / step).round()
    low, high = trained.amin(0), trained.amax(0)
    multiples = multiples.clamp(low, high)
    fixed = float((high - low + 1).log2().ceil().sum())
    mean, spread = known.double().mean(0), known.double().std(0)
    edges = [((multiples.double() + side) * step - mean) / spread for side in (-0.5, 0.5)]
    share = torch.special.ndtr(edges[1]) - torch.special.ndtr(edges[0])
    bits = torch.where(high > low, -share.clamp(min=SMALLEST).log2(), 0.0)
    return Sent(multiples * step, fixed, float(bits.sum(1).mean()))


def step_for(known: Tensor, scale: float | Tensor = 1.0, *, bits: float, coded: bool) -> Tensor:
    """The finest step (times scale) at which training numbers (M, D) cost at most so many bits.

    By bisection of its logarithm to a thousandth. -> scale's shape.
    """
    low, high = math.log(1e-4), math.log(1e4)
    while high - low > 1e-3:
        middle = (low + high) / 2
        sent = send_rounded(known, known, math.exp(middle) * torch.as_tensor(scale))
        low, high = (low, middle) if sent[1 + coded] <= bits else (middle, high)
    return math.exp(high) * torch.as_tensor(scale)
