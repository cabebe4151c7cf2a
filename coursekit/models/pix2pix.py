"""Pix2Pix (Isola et al. 2017; lesson 11): generators, discriminators, losses, translation.

Pictures are in [-1, 1]. The defaults are the published networks: 54,413,955 and 2,768,705 weights.
Smaller pictures take the same classes with fewer levels, layers or channels.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from coursekit.models.translate import initialize

LAMBDA = 100.0  # weight of the L1 part (section 3.3 and appendix 6.2)
Norm = Callable[[int], nn.Module]
InstanceNorm: Norm = partial(nn.InstanceNorm2d, affine=True)  # of each picture alone


class DownSample(nn.Module):
    """4x4 of stride 2, norm, leak (appendix 6.1). x (B, inputs, H, W) -> (B, outputs, H/2, W/2)."""

    def __init__(
        self, inputs: int, outputs: int, *, norm: Norm | None = nn.BatchNorm2d, bias: bool = False
    ):
        super().__init__()
        norms = [norm(outputs)] if norm else []
        self.layers = nn.Sequential(
            nn.Conv2d(inputs, outputs, 4, stride=2, padding=1, bias=bias), *norms, nn.LeakyReLU(0.2)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class UpSample(nn.Module):
    """Transposed 4x4 of stride 2, norm, ReLU. x (B, inputs, H, W) -> (B, outputs, 2H, 2W)."""

    def __init__(self, inputs: int, outputs: int, *, dropout: float = 0.0):
        super().__init__()
        drop = [nn.Dropout(dropout)] if dropout else []
        self.layers = nn.Sequential(
            nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            *drop,
            nn.ReLU(),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class Generator(nn.Module):
    """U-Net (section 3.2.1). x (B, inputs, S, S) in [-1, 1] -> (B, outputs, S, S).

    After Ronneberger et al. 2015. S is a multiple of 2**levels; at S = 2**levels the innermost map
    is 1x1. The first three blocks of the decoder drop half of their values; with fewer levels those
    of them that have full width, 8 * width channels.
    """

    def __init__(
        self,
        inputs: int = 3,
        outputs: int = 3,
        *,
        levels: int = 8,
        width: int = 64,
        dropout: float = 0.5,
    ):
        super().__init__()
        wide = widths(levels, width)
        self.down = _encoder(inputs, wide)
        carried = [wide[-1], *(2 * channels for channels in wide[-2::-1])]  # into decoder blocks
        self.up = _decoder(carried, wide, dropout)
        self.last = nn.ConvTranspose2d(carried[-1], outputs, 4, stride=2, padding=1)
        initialize(self)

    def forward(self, x: Tensor) -> Tensor:
        skips = []
        for block in self.down:
            x = block(x)  # (B, width * 2**i up to 8, S / 2**(i + 1), ...)
            skips.append(x)
        x = skips.pop()
        for block in self.up:
            x = torch.cat(
                [block(x), skips.pop()], 1
            )  # decoder's channels, then the encoder's of the same size
        return torch.tanh(self.last(x))


class EncoderDecoder(nn.Module):
    """All passes through the innermost map, no skips (section 4.3). (B, 3, S, S) -> the same."""

    def __init__(
        self, channels: int = 3, *, levels: int = 8, width: int = 64, dropout: float = 0.5
    ):
        super().__init__()
        wide = widths(levels, width)
        self.down = _encoder(channels, wide)
        self.up = _decoder(wide[::-1], wide, dropout)
        self.last = nn.ConvTranspose2d(wide[0], channels, 4, stride=2, padding=1)
        initialize(self)

    def forward(self, x: Tensor) -> Tensor:
        for block in (*self.down, *self.up):
            x = block(x)
        return torch.tanh(self.last(x))


class PatchDiscriminator(nn.Module):
    """Real or not, by patches (section 3.2.2). photo, picture (B, 3, S, S) -> logits (B, 1, h, w).

    One logit a patch. layers is the number of halvings: 1 sees patches of 16x16, 2 of 34x34, 3 of
    70x70 (the published one), 5 of 286x286, which for 256x256 is the whole picture ("ImageGAN").
    """

    def __init__(
        self, inputs: int = 6, *, layers: int = 3, width: int = 64, norm: Norm = nn.BatchNorm2d
    ):
        super().__init__()
        wide = widths(layers + 1, width)
        halving = [
            DownSample(*pair, norm=norm if number > 0 else None, bias=number == 0)
            for number, pair in enumerate(zip([inputs, *wide], wide[:-1]))
        ]
        self.layers = nn.Sequential(
            *halving,  # (B, width * 2**i, S / 2**i, ...)
            nn.Conv2d(wide[-2], wide[-1], 4, padding=1, bias=False),
            norm(wide[-1]),
            nn.LeakyReLU(0.2),
            nn.Conv2d(wide[-1], 1, 4, padding=1),  # two pixels less than S / 2**layers
        )
        initialize(self)

    def forward(self, photo: Tensor, picture: Tensor) -> Tensor:
        return self.layers(torch.cat([photo, picture], 1))


class PixelDiscriminator(nn.Module):
    """Real or not, pixel by pixel (appendix 6.1.2). (B, 3, S, S) twice -> logits (B, 1, S, S)."""

    def __init__(self, inputs: int = 6, *, width: int = 64, norm: Norm = nn.BatchNorm2d):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(inputs, width, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 1, bias=False),
            norm(2 * width),
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * width, 1, 1),
        )
        initialize(self)

    def forward(self, photo: Tensor, picture: Tensor) -> Tensor:
        return self.layers(torch.cat([photo, picture], 1))


def widths(levels: int, width: int) -> list[int]:
    """Channels after each level: they double up to eight times the first (appendix 6.1)."""
    return [width * min(2**level, 8) for level in range(levels)]


def receptive_field(discriminator: nn.Module) -> int:
    """Side of the patch behind one logit: from the last layer back, r -> (r - 1) * stride + k."""
    side = 1
    layers = [layer for layer in discriminator.modules() if isinstance(layer, nn.Conv2d)]
    for layer in reversed(layers):
        side = (side - 1) * layer.stride[0] + layer.kernel_size[0]
    return side


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """Logits of true and of generated pairs -> scalar, halved to slow it down (section 3.3)."""
    true = F.binary_cross_entropy_with_logits(real, torch.ones_like(real))
    return (true + F.binary_cross_entropy_with_logits(fake, torch.zeros_like(fake))) / 2


def adversarial_loss(fake: Tensor) -> Tensor:
    """Logits of generated pairs -> scalar: -log D(x, G(x)), small if taken for true (sect. 3.3)."""
    return F.binary_cross_entropy_with_logits(fake, torch.ones_like(fake))


def generator_loss(
    fake: Tensor, picture: Tensor, truth: Tensor, *, weight: float = LAMBDA
) -> dict[str, Tensor]:
    """Adversarial part + weight * L1 (equation 4) -> loss and its parts.

    fake: logits of generated pairs. picture, truth: generated and true pictures (B, 3, S, S).
    """
    adversarial, l1 = adversarial_loss(fake), F.l1_loss(picture, truth)
    return {"loss": adversarial + weight * l1, "adversarial": adversarial, "l1": l1}


def _encoder(inputs: int, wide: list[int]) -> nn.ModuleList:
    """No norm at the first block, nor at the innermost, where a 1x1 map would become 0."""
    return nn.ModuleList(
        DownSample(*pair, norm=nn.BatchNorm2d if 0 < number < len(wide) - 1 else None)
        for number, pair in enumerate(zip([inputs, *wide], wide))
    )


def _decoder(inputs: list[int], wide: list[int], dropout: float) -> nn.ModuleList:
    """All blocks but the last, innermost first; dropout in the first three if of full width."""
    return nn.ModuleList(
        UpSample(*pair, dropout=dropout if number < 3 and pair[1] == 8 * wide[0] else 0.0)
        for number, pair in enumerate(zip(inputs, wide[-2::-1]))
    )
