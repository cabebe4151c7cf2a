"""The two losses of Pix2Pix on the loop of two networks (lesson 11)."""

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F

from coursekit.models import pix2pix
from coursekit.training.callbacks import Batch
from coursekit.training.gan import accuracy


@dataclass(frozen=True)
class Pix2PixLoss:
    """Adversarial part + weight * L1 (Isola et al. 2017, equation 4) on batches (input, target).

    weight: the paper's lambda; at 0 the truth counts only through the discriminator.
    """

    weight: float = pix2pix.LAMBDA

    def generate(self, generator: nn.Module, batch: Batch) -> Tensor:
        return generator(batch[0])

    def discriminator_loss(
        self, discriminator: nn.Module, batch: Batch, fake: Tensor
    ) -> dict[str, Tensor]:
        on_real, on_fake = discriminator(*batch), discriminator(batch[0], fake)
        loss = pix2pix.discriminator_loss(on_real, on_fake)
        return {"loss": loss, "accuracy": accuracy(on_real, on_fake)}

    def generator_loss(
        self, discriminator: nn.Module, batch: Batch, fake: Tensor
    ) -> dict[str, Tensor]:
        logits = discriminator(batch[0], fake)
        return pix2pix.generator_loss(logits, fake, batch[1], weight=self.weight)


def l1_loss(generator: nn.Module, batch: Batch) -> Tensor:
    """Mean absolute error of a batch (input, target) in [-1, 1]: no discriminator."""
    return F.l1_loss(generator(batch[0]), batch[1])
