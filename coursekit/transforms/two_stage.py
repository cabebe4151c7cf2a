"""The strongest closed-form rival of lesson 02, which is also its network's expert."""

from collections.abc import Callable, Sequence
from copy import copy

import torch
from torch import Tensor

from coursekit.transforms.filters import linear_regression, ranked, weighted, windows


class TwoStage:
    """Two linear regressions in a row, fitted at once from noisy and clean pictures (N, 1, H, W).

    The first sees all pixels of a picture, after `first`. The second corrects it from the windows
    of each pixel, sorted values among them. y (B, 1, H, W) -> the same shape, in [0, 1]; pixels
    outside `suspects` stay as they are.
    """

    def __init__(
        self,
        noisy: Tensor,
        clean: Tensor,
        *,
        suspects: Callable[[Tensor], Tensor],
        first: Callable[[Tensor], Tensor] = lambda y: y,
        ridge: float = 10.0,
    ):
        self.suspects, self.first, self.floor = suspects, first, 0.0
        most = 3 * len(noisy) // 4  # the others show the second what the first does on new pictures
        self.whole = linear_regression(first(noisy[:most]), clean[:most], ridge=ridge)
        normal, right = torch.zeros(()), torch.zeros(())
        for y, x in zip(noisy[most:].split(100), clean[most:].split(100)):
            answer, seen = self.features(y)
            mask = suspects(y)
            inputs, error = seen[mask[:, 0]].double(), (x - answer)[mask].double()
            normal, right = normal + inputs.T @ inputs, right + inputs.T @ error
        normal.diagonal().add_(ridge)
        self.weights = torch.linalg.solve(normal, right).float()  # (109,)

    def features(self, y: Tensor) -> tuple[Tensor, Tensor]:
        """The first answer (B, 1, H, W), and what the second regression sees, (B, H, W, 109)."""
        m = self.first(y)
        answer = self.whole(m)
        extreme = ((y == 0) | (y == 1)).to(y)
        ranks = ranked(m, 3).movedim(0, -1)
        near = ranks, windows(m, 7), windows(answer, 5), windows(extreme, 5)
        parts = [*(part[:, 0] for part in near), torch.ones_like(y[:, 0, ..., None])]
        return answer, torch.cat(parts, -1)

    def __call__(self, y: Tensor) -> Tensor:
        m = self.first(y)
        answer, extreme = self.whole(m), ((y == 0) | (y == 1)).to(y)
        ranks, wide, near, dots, constant = self.weights.to(y).split((9, 49, 25, 25, 1))
        refined = answer + ranked(m, 3).movedim(0, -1) @ ranks + constant  # as in `features`
        refined += weighted(m, wide) + weighted(answer, near) + weighted(extreme, dots)
        refined = torch.where(refined < self.floor, 0.0, refined)
        return torch.where(self.suspects(y), refined, y).clamp(0, 1)

    def floored(self, noisy: Tensor, clean: Tensor, *, floors: Sequence[float]) -> "TwoStage":
        """A copy that sets answers below a floor to 0, at suspects only. Of the floors it takes the
        one with the best mean PSNR on these pictures (N, 1, H, W), which the fit must not know."""
        answer = torch.cat([self(part) for part in noisy.split(100)])
        suspects = self.suspects(noisy)

        def quality(floor: float) -> float:
            found = torch.where(suspects & (answer < floor), 0.0, answer)
            error = (found - clean).square().flatten(1).mean(1)
            return -float(error.clamp(min=1e-10).log10().mean())

        chosen = copy(self)
        chosen.floor = max(floors, key=quality)
        return chosen
