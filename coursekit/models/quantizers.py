"""Quantizers of lesson 08: two ways to learn a codebook, by gradient and by running means."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class Quantized:
    """What a quantizer gives: z (B, D, H, W) to decode, codes' indices (B, H, W), a scalar loss."""

    z: Tensor
    indices: Tensor
    loss: Tensor


def straight_through(z: Tensor, quantized: Tensor) -> Tensor:
    """The value of `quantized`, the gradient of `z` (Bengio et al. 2013). (...), (...) -> (...)."""
    return z + (quantized - z).detach()


def nearest(vectors: Tensor, codebook: Tensor) -> Tensor:
    """Index of the nearest code by squared distance; |v|^2 is the same for all codes.

    (N, D), (K, D) -> (N,).
    """
    return (codebook.square().sum(1) - 2 * vectors @ codebook.T).argmin(1)


def count_uses(indices: Tensor, codes: int) -> Tensor:
    """How often each code was chosen. (N,) -> (K,) floats."""
    return torch.zeros(codes, device=indices.device).index_add_(
        0, indices, torch.ones(len(indices), device=indices.device)
    )


class Codebook(nn.Module):
    """What both quantizers share: `codes` vectors of `dim` numbers, and revival of dead ones.

    `counts` is a running mean of a code's uses in a batch. A code below `revive_below` takes the
    place of a random vector of the batch (at the start too: every count is zero). At 0 none is
    revived.
    """

    codebook: Tensor
    counts: Tensor

    def __init__(
        self,
        codes: int = 256,
        dim: int = 16,
        *,
        commitment: float = 0.25,
        decay: float = 0.99,
        revive_below: float = 0.0,
        generator: torch.Generator | None = None,
    ):
        super().__init__()
        self.codes, self.dim, self.commitment, self.decay = codes, dim, commitment, decay
        self.revive_below, self.generator = revive_below, generator
        self.register_buffer("counts", torch.zeros(codes))  # N of the paper

    def start(self) -> Tensor:
        """Uniform vectors near zero, as many public implementations start. -> (codes, dim)."""
        return torch.empty(self.codes, self.dim).uniform_(-1 / self.codes, 1 / self.codes)

    def lookup(self, indices: Tensor) -> Tensor:
        return F.embedding(indices, self.codebook).movedim(-1, 1)  # (B, D, H, W)

    @torch.no_grad()
    def revive(self, vectors: Tensor) -> Tensor:
        """Replace dead codes by some of the vectors (N, D) -> which were dead, (codes,)."""
        dead = self.counts < self.revive_below
        rows = random_rows(vectors, self.codes, self.generator)
        self.codebook.copy_(torch.where(dead[:, None], rows, self.codebook))
        self.counts.masked_fill_(dead, 1)
        return dead


class VectorQuantizer(Codebook):
    """Codebook learned by gradient (van den Oord et al. 2017, eq. 3). z (B, D, H, W) -> codes."""

    def __init__(self, codes: int = 256, dim: int = 16, **options):
        super().__init__(codes, dim, **options)
        self.codebook = nn.Parameter(self.start())

    def forward(self, z: Tensor) -> Quantized:
        with torch.autocast(z.device.type, enabled=False):  # bfloat16 is too coarse for distances
            z = z.float()
            vectors = z.movedim(1, -1).flatten(0, -2)  # (B*H*W, D)
            if self.training:
                self.revive(vectors.detach())
            indices = nearest(vectors.detach(), self.codebook.detach())
            if self.training:
                self.counts.lerp_(count_uses(indices, self.codes), 1 - self.decay)
            indices = indices.view(len(z), *z.shape[2:])  # (B, H, W)
            chosen = self.lookup(indices)
            loss = F.mse_loss(chosen, z.detach()) + self.commitment * F.mse_loss(z, chosen.detach())
            return Quantized(straight_through(z, chosen), indices, loss)


class EMAQuantizer(Codebook):
    """Codebook of running means of the vectors that chose each code (2017, appendix A.1).

    z (B, D, H, W) -> Quantized. No gradient reaches the codebook; the loss is the commitment alone.
    """

    sums: Tensor

    def __init__(self, codes: int = 256, dim: int = 16, **options):
        super().__init__(codes, dim, **options)
        self.register_buffer("codebook", self.start())
        self.register_buffer("sums", torch.zeros(codes, dim))  # m of the paper

    def forward(self, z: Tensor) -> Quantized:
        with torch.autocast(z.device.type, enabled=False):
            z = z.float()
            vectors = z.detach().movedim(1, -1).flatten(0, -2)  # (B*H*W, D)
            if self.training:
                self.revive(vectors)
            indices = nearest(vectors, self.codebook)
            chosen = self.lookup(indices.view(len(z), *z.shape[2:]))
            if self.training:
                self.update(vectors, indices)
            loss = self.commitment * F.mse_loss(z, chosen)
            return Quantized(straight_through(z, chosen), indices.view(len(z), *z.shape[2:]), loss)

    @torch.no_grad()
    def update(self, vectors: Tensor, indices: Tensor) -> None:
        """Move counts, sums and with them the codebook towards this batch. (N, D), (N,)."""
        self.counts.lerp_(count_uses(indices, self.codes), 1 - self.decay)
        self.sums.lerp_(torch.zeros_like(self.sums).index_add_(0, indices, vectors), 1 - self.decay)
        means = self.sums / self.counts.clamp(min=1e-5)[:, None]
        used = self.counts > 1e-5  # a code without uses stays where it is
        self.codebook.copy_(torch.where(used[:, None], means, self.codebook))

    @torch.no_grad()
    def revive(self, vectors: Tensor) -> Tensor:
        dead = super().revive(vectors)
        self.sums.copy_(torch.where(dead[:, None], self.codebook, self.sums))
        return dead


def random_rows(vectors: Tensor, count: int, generator: torch.Generator | None) -> Tensor:
    """Rows drawn with replacement. (N, D) -> (count, D)."""
    return vectors[torch.randint(len(vectors), (count,), generator=generator).to(vectors.device)]
