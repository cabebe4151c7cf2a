"""The non-saturating loss with what lesson 09 tries on it, one thing at a time."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from coursekit.training.callbacks import Batch
from coursekit.training.gan import NoiseLoss, accuracy
from coursekit.training.optimizers import Optimizer


@dataclass(frozen=True)
class BalancedLoss(NoiseLoss):
    """Cross-entropy; the generator asks for the label "real" (Goodfellow et al. 2014, section 3).

    shift: all pictures that the discriminator sees are moved by up to so many pixels, real and
    generated (Zhao et al. 2020); ground: what moves in, -1 is black. input_noise: instance noise,
    its standard deviation (Sønderby et al. 2017). smoothing: the label of real pictures is
    1 - smoothing, that of generated ones stays 0 (Salimans et al. 2016, section 3.4).
    generator_labels: the source's label noise.
    """

    shift: int = 0
    ground: float = -1.0
    input_noise: float = 0.0
    smoothing: float = 0.0
    generator_labels: float = 0.0

    def discriminator_loss(
        self, discriminator: nn.Module, batch: Batch, fake: Tensor
    ) -> dict[str, Tensor]:
        on_real, on_fake = self.logits(discriminator, self.seen(batch[0]), self.seen(fake))
        real_labels = torch.full_like(on_real, 1 - self.smoothing)
        loss = F.binary_cross_entropy_with_logits(on_real, real_labels)
        loss = loss + F.binary_cross_entropy_with_logits(on_fake, torch.zeros_like(on_fake))
        return {"loss": loss, "accuracy": accuracy(on_real, on_fake)}

    def generator_loss(self, discriminator: nn.Module, batch: Batch, fake: Tensor) -> Tensor:
        logits = discriminator(self.seen(fake))
        labels = torch.ones_like(logits)
        if self.generator_labels:
            labels = labels + self.generator_labels * self.uniform(logits)
        return F.binary_cross_entropy_with_logits(logits, labels)

    def seen(self, x: Tensor) -> Tensor:
        """A batch (B, C, H, W) in [-1, 1] as the discriminator gets it, all moved alike."""
        if self.shift:
            down, right = torch.randint(0, 2 * self.shift + 1, (2,), generator=self.rng).tolist()
            height, width = x.shape[-2:]
            padded = F.pad(x, (self.shift,) * 4, value=self.ground)
            x = padded[..., down : down + height, right : right + width]
        return x + self.input_noise * self.normal(x) if self.input_noise else x


@dataclass(frozen=True)
class BatchwiseLoss(BalancedLoss):
    """The same for a discriminator that compares the pictures of its batch (lesson 10)."""

    def logits(self, discriminator: nn.Module, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """Both (B, 1), real and generated pictures in batches of their own."""
        return discriminator(real), discriminator(fake)


@dataclass(frozen=True)
class FlatLoss(BatchwiseLoss):
    """The same, and R1: at real pictures the discriminator shall be flat (Mescheder et al. 2018).

    penalty: their gamma, the weight of half the mean squared length of the logit's gradient. It is
    taken at one step in `every`, drawn by chance, and counts as many times there (Karras et al.
    2020, section "lazy regularization").
    """

    penalty: float = 0.1
    every: int = 16

    def discriminator_loss(
        self, discriminator: nn.Module, batch: Batch, fake: Tensor
    ) -> dict[str, Tensor]:
        terms = super().discriminator_loss(discriminator, batch, fake)
        if float(torch.rand(1, generator=self.rng)) < 1 / self.every:
            real = self.seen(batch[0]).detach().requires_grad_()
            (slope,) = torch.autograd.grad(discriminator(real).sum(), real, create_graph=True)
            steepness = slope.flatten(1).square().sum(1).mean()
            terms["loss"] = terms["loss"] + self.every * self.penalty / 2 * steepness
        return terms


def fade(
    optimizer: Optimizer, *, steps: int, after: float = 0.5
) -> torch.optim.lr_scheduler.LambdaLR:
    """A learning rate that stays for a share `after` of the steps, then falls in a line to 0."""
    return torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, max(0.0, 1 - step / steps) / (1 - after))
    )
