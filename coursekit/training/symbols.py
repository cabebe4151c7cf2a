"""Training and scoring networks that write symbols one after the other (lesson 03)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from coursekit.models.seq2seq import Seq2Seq

if TYPE_CHECKING:
    from coursekit.datasets.sequences import Sequences


class CountingLoss:
    """Cross-entropy of the next symbol; it counts on the way how many were predicted right."""

    def __init__(self) -> None:
        self.right, self.symbols = torch.zeros(()), 0

    def __call__(self, model: nn.Module, batch: Sequences) -> Tensor:
        scores = model(batch.source, batch.shifted)  # (B, T, symbols)
        hits = scores.detach().argmax(-1) == batch.target
        self.right, self.symbols = (
            self.right.to(hits.device) + hits.sum(),
            self.symbols + hits.numel(),
        )
        return F.cross_entropy(scores.flatten(0, 1), batch.target.flatten())

    def accuracy(self) -> float:
        """Share of right symbols since the last call."""
        share = float(self.right / max(self.symbols, 1))
        self.right, self.symbols = torch.zeros(()), 0
        return share


@torch.no_grad()
def score(model: Seq2Seq, test: Sequences) -> dict[str, float]:
    """Share of right symbols with teacher forcing and free running, and of right sequences.

    "exact match" is that of free running. With the most probable symbol at each step both modes
    have the same: until its first error the free decoder is fed what teacher forcing feeds.
    """
    forced = model(test.source, test.shifted).argmax(-1) == test.target  # (N, T)
    predicted, _ = model.predict_sequence(test.source, steps=test.target.shape[1])
    free = predicted == test.target
    return {
        "teacher forcing": share(forced),
        "free running": share(free),
        "exact match": share(free.all(1)),
        "exact match, teacher forcing": share(forced.all(1)),
    }


def share(hits: Tensor) -> float:
    """Share of True; 0 of nothing."""
    return float(hits.float().mean()) if hits.numel() else 0.0
