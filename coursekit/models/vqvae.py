"""VQ-VAE and VQ-VAE-2 of lesson 08: the networks around one codebook, and around two."""

import torch
from torch import Tensor, nn

from coursekit.models.quantizers import EMAQuantizer, Quantized, VectorQuantizer


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
    are regrouped instead, which computes nearly the same.
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
