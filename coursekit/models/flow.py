"""A normalizing flow over codes (lesson 06): a density that is learned, and easy to sample."""

import copy
import math
from typing import cast

import torch
from torch import Tensor, nn

BOUND = 2.0  # largest logarithm of one coupling's scale: keeps the inverse tame


class Coupling(nn.Module):
    """z (B, D) -> z', log |det| (B,). Half of z moves and scales the other half (Dinh et al. 2017).

    `first`: whether the first half is changed. It starts as the identity.
    """

    def __init__(self, dim: int, hidden: int, *, first: bool):
        super().__init__()
        self.first = first
        changed = dim // 2 if first else dim - dim // 2
        self.net = nn.Sequential(
            nn.Linear(dim - changed, hidden),
            nn.SiLU(),
            nn.Linear(hidden, hidden),
            nn.SiLU(),
            nn.Linear(hidden, 2 * changed),
        )
        for weight in self.net[-1].parameters():
            nn.init.zeros_(weight)

    def _parts(self, z: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """What changes, what stays, the logarithms of the scales, the shifts."""
        a, b = z.tensor_split([z.shape[1] // 2], dim=1)
        changed, kept = (a, b) if self.first else (b, a)
        scales, shifts = self.net(kept).chunk(2, dim=1)
        return changed, kept, BOUND * (scales / BOUND).tanh(), shifts

    def _join(self, changed: Tensor, kept: Tensor) -> Tensor:
        return torch.cat([changed, kept] if self.first else [kept, changed], dim=1)

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        changed, kept, scales, shifts = self._parts(z)
        return self._join(changed * scales.exp() + shifts, kept), scales.sum(1)

    def inverse(self, z: Tensor) -> Tensor:
        """The z that forward maps to this one. (B, D) -> (B, D)."""
        changed, kept, scales, shifts = self._parts(z)
        return self._join((changed - shifts) * (-scales).exp(), kept)


class Flow(nn.Module):
    """Density of codes (N, D): whitened by their mean and covariance, then mapped to N(0, I).

    Couplings with a fixed random rotation before each (Dinh et al. 2017 permute instead).
    generator: of the rotations. Untrained it is the normal distribution fitted to the codes.
    Raises torch.linalg.LinAlgError for codes with a singular covariance.
    """

    mean: Tensor
    root: Tensor
    rotations: Tensor

    def __init__(
        self,
        codes: Tensor,
        *,
        couplings: int = 8,
        hidden: int = 64,
        generator: torch.Generator | None = None,
    ):
        super().__init__()
        dim = codes.shape[1]
        noise = torch.randn(couplings, dim, dim, generator=generator)
        self.register_buffer("mean", codes.mean(0))
        self.register_buffer("root", torch.linalg.cholesky(torch.cov(codes.T)))
        self.register_buffer("rotations", torch.linalg.qr(noise).Q)
        self.couplings = nn.ModuleList(
            Coupling(dim, hidden, first=number % 2 == 0) for number in range(couplings)
        )

    def log_prob(self, codes: Tensor) -> Tensor:
        """log density in nats. (B, D) -> (B,)."""
        centered = (codes - self.mean).T
        z = torch.linalg.solve_triangular(self.root, centered, upper=False).T
        logs = -self.root.diag().log().sum() - 0.5 * z.shape[1] * math.log(2 * math.pi)
        for rotation, coupling in zip(self.rotations, self.couplings, strict=True):
            z, volume = coupling(z @ rotation)
            logs = logs + volume
        return logs - 0.5 * z.square().sum(1)

    def decode(self, z: Tensor) -> Tensor:
        """Codes of samples of N(0, I). (B, D) -> (B, D)."""
        couplings = cast(list[Coupling], list(self.couplings))
        for rotation, coupling in zip(self.rotations.flip(0), couplings[::-1], strict=True):
            z = coupling.inverse(z) @ rotation.T
        return self.mean + z @ self.root.T


def fit_flow(
    mu: Tensor,
    spread: Tensor,
    generator: torch.Generator,
    *,
    steps: int = 1_000,
    batch: int = 256,
    every: int = 50,
) -> tuple[Flow, float, float]:
    """A flow fitted to the codes of pictures, z ~ N(mu, spread^2). mu, spread: (N, D), N >= 20.

    A tenth of the pictures is held out; kept are the weights that are best on it (early stopping).
    -> the flow, and the mean log density of held-out codes, in nats: its own, and that of the
    untrained flow, which is the normal distribution fitted to the codes.
    """

    def sampled(rows: Tensor) -> Tensor:
        noise = torch.randn(mu[rows].shape, generator=generator).to(mu)
        return mu[rows] + spread[rows] * noise

    order = torch.randperm(len(mu), generator=generator)
    held, used = order[: len(mu) // 10], order[len(mu) // 10 :]
    flow, tested = Flow(sampled(used), generator=generator), sampled(held)
    optimizer = torch.optim.AdamW(flow.parameters(), lr=1e-3, weight_decay=1e-2)
    kept, best, start = copy.deepcopy(flow.state_dict()), -math.inf, math.nan
    for step in range(steps + 1):
        if step % every == 0:
            with torch.no_grad():
                held_out = float(flow.log_prob(tested).mean())
            start = held_out if step == 0 else start
            if held_out > best:
                kept, best = copy.deepcopy(flow.state_dict()), held_out
        rows = used[torch.randint(len(used), (batch,), generator=generator)]
        loss = -flow.log_prob(sampled(rows)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    flow.load_state_dict(kept)
    return flow, best, start
