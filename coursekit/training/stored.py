"""Pix2Pix where the true pictures come from JPEG files: the discriminator sees answers as such
files as well (lesson 11)."""

from dataclasses import dataclass

from torch import Tensor, nn

from coursekit.metrics.light import as_jpeg
from coursekit.models import pix2pix
from coursekit.training.callbacks import Batch
from coursekit.training.translation import Pix2PixLoss


def stored(fake: Tensor) -> Tensor:
    """Pictures (B, 3, H, W) in [-1, 1] as JPEG files, read again. -> the same shape.

    The gradient passes as if nothing had been stored (straight through; Bengio et al. 2013).
    """
    unit = ((fake.detach().float().cpu() + 1) / 2).clamp(0, 1)
    return fake + (as_jpeg(unit).to(fake.device) * 2 - 1 - fake.detach())


@dataclass(frozen=True)
class StoredPix2PixLoss(Pix2PixLoss):
    """Pix2Pix's loss with answers stored before the discriminator sees them; L1 has none of it."""

    def discriminator_loss(
        self, discriminator: nn.Module, batch: Batch, fake: Tensor
    ) -> dict[str, Tensor]:
        return super().discriminator_loss(discriminator, batch, stored(fake))

    def generator_loss(
        self, discriminator: nn.Module, batch: Batch, fake: Tensor
    ) -> dict[str, Tensor]:
        logits = discriminator(batch[0], stored(fake))
        return pix2pix.generator_loss(logits, fake, batch[1], weight=self.weight)
