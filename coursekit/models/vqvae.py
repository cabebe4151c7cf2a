"""VQ-VAE and VQ-VAE-2 of lesson 08: two ways to learn a codebook, and the networks around them."""

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
        """Uniform vectors, as the paper's authors start. -> (codes, dim)."""
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
    """Codebook learnt by gradient (van den Oord et al. 2017, eq. 3). z (B, D, H, W) -> codes."""

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


class Residual(nn.Module):
    """x + 1x1(ReLU(3x3(ReLU(x)))) (2017, section 4.1).

    (B, width, H, W) -> the same shape; at the start it adds nothing.
    """

    def __init__(self, width: int):
        super().__init__()
        inner, outer = nn.Conv2d(width, width // 2, 3, padding=1), nn.Conv2d(width // 2, width, 1)
        self.layers = nn.Sequential(nn.ReLU(), inner, nn.ReLU(), outer)
        for weight in outer.parameters():
            nn.init.zeros_(weight)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


def copying(inputs: int, outputs: int, size: int = 3) -> nn.Conv2d:
    """A convolution that starts as a copy of its input, as far as channels go. -> the same H, W."""
    layer = nn.Conv2d(inputs, outputs, size, padding=size // 2)
    nn.init.dirac_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def encoder(width: int, blocks: int) -> nn.Sequential:
    """Pictures (B, 3, H, W) -> features (B, width, H/4, W/4).

    Each 4x4 square of pixels becomes one cell of 48 numbers.
    """
    return nn.Sequential(
        nn.PixelUnshuffle(4), copying(48, width), *(Residual(width) for _ in range(blocks))
    )


def decoder(dim: int, width: int, blocks: int) -> nn.Sequential:
    """Codes (B, dim, H/4, W/4) -> pictures (B, 3, H, W), linear.

    A cell paints its 4x4 square, seeing its neighbors.
    """
    return nn.Sequential(
        copying(dim, width),
        *(Residual(width) for _ in range(blocks)),
        copying(width, 48),
        nn.PixelShuffle(4),
    )


class VQVAE(nn.Module):
    """VQ-VAE (van den Oord et al. 2017). x (B, 3, H, W) -> reconstruction, Quantized.

    H/4 x W/4 codes. The paper halves the picture twice with strided convolutions; here the pixels
    are regrouped instead, which computes nearly the same and is twice as fast on a CPU.
    """

    def __init__(
        self, quantizer: VectorQuantizer | EMAQuantizer, *, width: int = 64, blocks: int = 2
    ):
        super().__init__()
        self.encoder = nn.Sequential(encoder(width, blocks), copying(width, quantizer.dim, 1))
        self.quantizer = quantizer
        self.decoder = decoder(quantizer.dim, width, blocks)

    def encode(self, x: Tensor) -> Quantized:
        return self.quantizer(self.encoder(x))

    def decode(self, z: Tensor) -> Tensor:
        return self.decoder(z)  # (B, 3, H, W)

    def decode_codes(self, indices: Tensor) -> Tensor:
        return self.decode(self.quantizer.lookup(indices))  # (B, H/4, W/4) -> (B, 3, H, W)

    def forward(self, x: Tensor) -> tuple[Tensor, Quantized]:
        quantized = self.encode(x)
        return self.decode(quantized.z), quantized


class VQVAE2(nn.Module):
    """Two levels (Razavi et al. 2019, section 3.1). x (B, 3, H, W) -> reconstruction, top, bottom.

    The top (H/8 x W/8 codes) is quantized first; the bottom (H/4 x W/4 codes) is chosen knowing the
    top.
    """

    def __init__(
        self,
        top: VectorQuantizer | EMAQuantizer,
        bottom: VectorQuantizer | EMAQuantizer,
        *,
        width: int = 64,
        blocks: int = 2,
    ):
        super().__init__()
        self.encoder = encoder(width, blocks)  # (B, width, H/4, W/4)
        self.encoder_top = nn.Sequential(
            nn.Conv2d(width, width, 4, 2, 1),
            *(Residual(width) for _ in range(blocks)),
            nn.Conv2d(width, top.dim, 1),
        )  # (B, D, H/8, W/8)
        self.top, self.bottom = top, bottom
        self.upsample = nn.ConvTranspose2d(top.dim, top.dim, 4, 2, 1)  # (B, D, H/4, W/4)
        self.condition = copying(width + top.dim, bottom.dim, 1)
        self.decoder = decoder(bottom.dim + top.dim, width, blocks)

    def encode(self, x: Tensor) -> tuple[Quantized, Quantized]:
        features = self.encoder(x)
        top = self.top(self.encoder_top(features))
        return top, self.bottom(self.condition(torch.cat([features, self.upsample(top.z)], 1)))

    def decode(self, top: Tensor, bottom: Tensor) -> Tensor:
        return self.decoder(torch.cat([bottom, self.upsample(top)], 1))  # (B, 3, H, W)

    def decode_codes(self, top: Tensor, bottom: Tensor) -> Tensor:
        return self.decode(self.top.lookup(top), self.bottom.lookup(bottom))

    def forward(self, x: Tensor) -> tuple[Tensor, Quantized, Quantized]:
        top, bottom = self.encode(x)
        return self.decode(top.z, bottom.z), top, bottom
