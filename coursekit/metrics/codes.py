"""Measures of a discrete code: how many codes are used, how evenly, and what they cost."""

import math

import torch
from torch import Tensor


def histogram(indices: Tensor, *, codes: int) -> Tensor:
    """Share of each code among all indices.

    (...) whole numbers below codes -> (codes,) that sum to 1.
    """
    if indices.numel() == 0:
        raise ValueError("there are no indices to count")
    if not 0 <= int(indices.min()) <= int(indices.max()) < codes:
        raise ValueError(
            f"indices go from {int(indices.min())} to {int(indices.max())}: codes is {codes}"
        )
    return torch.bincount(indices.flatten().cpu(), minlength=codes).double() / indices.numel()


def entropy_bits(indices: Tensor, *, codes: int) -> float:
    """Entropy of one code in bits, from 0 to log2(codes), places and neighbors disregarded."""
    share = histogram(indices, codes=codes)
    return float(-torch.special.xlogy(share, share).sum() / math.log(2)) + 0.0  # no negative zero


def perplexity(indices: Tensor, *, codes: int) -> float:
    """2 to the entropy: as many codes, used equally often, would be as hard to guess.

    From 1 to codes. Take it over a whole data set: batch by batch it comes out too low.
    """
    return 2 ** entropy_bits(indices, codes=codes)


def share_in_use(indices: Tensor, *, codes: int) -> float:
    """Share of the codes that occur at least once."""
    return float((histogram(indices, codes=codes) > 0).double().mean())


def bits_per_image(indices: Tensor, *, codes: int) -> float:
    """Bits to store one image's indices (N, ...) at a fixed length of log2(codes) each."""
    return math.prod(indices.shape[1:]) * math.log2(codes)
