"""Games in which the generator starts from noise alone (lessons 09 and 10): what each player pays.

Batches are tuples whose first tensor holds real pictures, scaled as the generator's. Every draw comes from `draws`.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from coursekit.training.gan import Batch, accuracy


@dataclass(frozen=True)
class NoiseGame:
    """What all of them share: pictures from noise (B, latent), and verdicts on real and fake in one pass."""

    latent: int
    draws: torch.Generator

    def generate(self, generator: nn.Module, batch: Batch) -> Tensor:
        return generator(
            torch.randn(len(batch[0]), self.latent, generator=self.draws).to(batch[0].device)
        )

    def judge(self, discriminator: nn.Module, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of both (B, 1) each; one pass is quicker, and the same where no layer mixes a batch's pictures."""
        return discriminator(torch.cat([real, fake])).chunk(2)

    def uniform(self, like: Tensor) -> Tensor:
        return torch.rand(like.shape, generator=self.draws).to(like.device)

    def normal(self, like: Tensor) -> Tensor:
        return torch.randn(like.shape, generator=self.draws).to(like.device)


@dataclass(frozen=True)
class CrossEntropyGame(NoiseGame):
    """Cross-entropy for both, the generator asking for the label "real" (Goodfellow et al. 2014, section 3).

    The source adds 0.05 u, u uniform in 0..1, to the labels that the generator asks for: `generator_labels`. The
    techniques of question 5: `discriminator_labels` moves its labels inwards by up to that much, `input_noise` is the
    standard deviation of noise on all pictures that it sees.
    """

    generator_labels: float = 0.05
    discriminator_labels: float = 0.0
    input_noise: float = 0.0

    def discriminator_loss(
        self, discriminator: nn.Module, batch: Batch, fake: Tensor
    ) -> dict[str, Tensor]:
        real, made = self.judge(discriminator, self.disturbed(batch[0]), self.disturbed(fake))
        ones, zeros = torch.ones_like(real), torch.zeros_like(made)
        if self.discriminator_labels:
            ones = ones - self.discriminator_labels * self.uniform(real)
            zeros = zeros + self.discriminator_labels * self.uniform(made)
        loss = F.binary_cross_entropy_with_logits(real, ones) + F.binary_cross_entropy_with_logits(
            made, zeros
        )
        return {"loss": loss, "accuracy": accuracy(real, made)}

    def generator_loss(self, discriminator: nn.Module, batch: Batch, fake: Tensor) -> Tensor:
        made = discriminator(self.disturbed(fake))
        labels = torch.ones_like(made)
        if self.generator_labels:
            labels = labels + self.generator_labels * self.uniform(made)
        return F.binary_cross_entropy_with_logits(made, labels)

    def disturbed(self, x: Tensor) -> Tensor:
        return x + self.input_noise * self.normal(x) if self.input_noise else x


@dataclass(frozen=True)
class HingeGame(NoiseGame):
    """Margins instead of probabilities (Lim & Ye 2017; Miyato et al. 2018, equations 16 and 17)."""

    def discriminator_loss(
        self, discriminator: nn.Module, batch: Batch, fake: Tensor
    ) -> dict[str, Tensor]:
        real, made = self.judge(discriminator, batch[0], fake)
        return {
            "loss": F.relu(1 - real).mean() + F.relu(1 + made).mean(),
            "accuracy": accuracy(real, made),
        }

    def generator_loss(self, discriminator: nn.Module, batch: Batch, fake: Tensor) -> Tensor:
        return -discriminator(fake).mean()
