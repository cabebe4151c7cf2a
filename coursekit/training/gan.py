"""Two networks on the loop of lesson 01 (Goodfellow et al. 2014, algorithm 1), and their losses.

Lesson 09 derives the losses. Batches are tuples whose first tensor holds real pictures, scaled as
the generator's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from coursekit.errors import CourseError
from coursekit.runtime import Runtime
from coursekit.training.callbacks import Batch, Callback
from coursekit.training.checkpoint import Checkpoint
from coursekit.training.history import History, RunningMeans
from coursekit.training.monitor import DiscriminatorMonitor
from coursekit.training.optimizers import Optimizer
from coursekit.training.trainer import Learner, Trainer

LossTerms = (
    Tensor | dict[str, Tensor]
)  # a scalar to minimize, or {"loss": it, more to record by name}


class Loss(Protocol):
    """What the generator makes of a batch, and the losses of both networks."""

    def generate(self, generator: nn.Module, batch: Batch, /) -> Tensor:
        """The fake, with its graph."""

    def discriminator_loss(
        self, discriminator: nn.Module, batch: Batch, fake: Tensor, /
    ) -> LossTerms:
        """fake: without its graph."""

    def generator_loss(self, discriminator: nn.Module, batch: Batch, fake: Tensor, /) -> LossTerms:
        """fake: with its graph; the discriminator's weights get no gradients."""


@dataclass(frozen=True)
class GANLoss:
    """A loss of three functions; see `Loss` for what they are given."""

    generate: Callable[[nn.Module, Batch], Tensor]
    discriminator_loss: Callable[[nn.Module, Batch, Tensor], LossTerms]
    generator_loss: Callable[[nn.Module, Batch, Tensor], LossTerms]


@dataclass(frozen=True)
class Adversaries:
    """Two networks and their optimizers; the discriminator learns at one step in so many."""

    generator: nn.Module
    discriminator: nn.Module
    generator_optimizer: Optimizer
    discriminator_optimizer: Optimizer
    discriminator_every: int = 1


def fit_adversarial(
    networks: Adversaries,
    batches: Iterable[Batch],
    loss: Loss,
    *,
    epochs: int,
    runtime: Runtime,
    callbacks: Sequence[Callback] = (),  # asked in this order, the monitor last
    checkpoint: Checkpoint | None = None,  # the run goes on from it, and rewrites it each epoch
    monitor: DiscriminatorMonitor | None = DiscriminatorMonitor(),
) -> History:
    """Train two networks: the discriminator learns from real and fake, then the generator from it.

    Both see the same fake, made once (Isola et al. 2017, section 3.3): the discriminator without
    its graph. A row holds epoch, steps (so far), both losses, seconds, warning, and what the loss
    and the callbacks record. Errors are those of `fit`.
    """
    everybody = [*callbacks, *([] if monitor is None else [monitor])]
    learner = AdversarialRun(networks, loss)
    return Trainer(learner, batches, runtime, everybody, checkpoint).run(epochs)


class AdversarialRun(Learner):
    """A generator and a discriminator that learn from each other."""

    by_example = False

    def __init__(self, networks: Adversaries, loss: Loss):
        optimizers = (networks.generator_optimizer, networks.discriminator_optimizer)
        super().__init__(
            {"generator": networks.generator, "discriminator": networks.discriminator},
            dict(zip(("generator's optimizer", "discriminator's optimizer"), optimizers)),
            loss,
        )
        self.every = networks.discriminator_every

    def step(self, trainer: Trainer, batch: Batch) -> dict[str, Tensor]:
        """One update of each network whose turn it is -> scalars to record."""
        with trainer.runtime.autocast(*self.networks.values()):
            fake = self.loss.generate(self.networks["generator"], batch)
        record: dict[str, Tensor] = {}
        if trainer.steps % self.every == 0:
            record |= self.update(trainer, "discriminator", batch, fake.detach())
        with frozen(self.networks["discriminator"]):
            record |= self.update(trainer, "generator", batch, fake)
        return record

    def update(self, trainer: Trainer, name: str, batch: Batch, fake: Tensor) -> dict[str, Tensor]:
        """One update of one network; the discriminator judges for both."""
        with trainer.runtime.autocast(*self.networks.values()):
            terms = getattr(self.loss, f"{name}_loss")(self.networks["discriminator"], batch, fake)
        terms = dict(terms) if isinstance(terms, dict) else {"loss": terms}
        optimizer = self.optimizers[f"{name}'s optimizer"]
        trainer.update(self.networks[name], optimizer, terms["loss"])
        terms[f"{name}_loss"] = terms.pop("loss")
        return {key: value.detach() for key, value in terms.items()}

    def columns(self, trainer: Trainer, means: RunningMeans) -> dict:
        if "discriminator_loss" not in means.sums:
            raise CourseError(
                f"the discriminator learns at one step in {self.every}, but epoch {means.epoch} "
                f"has only {means.updates['generator_loss']}: take a smaller "
                "`discriminator_every`, or smaller batches"
            )
        return {"steps": trainer.steps}

    def recipe(self) -> dict[str, str]:
        return super().recipe() | {"rhythm": f"discriminator every {self.every} steps"}


@contextmanager
def frozen(model: nn.Module) -> Iterator[None]:
    """Within, the weights get no gradients (the inputs do): the generator's step needs no more."""
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    for weight in weights:
        weight.requires_grad_(False)
    try:
        yield
    finally:
        for weight in weights:
            weight.requires_grad_(True)


def accuracy(real: Tensor, fake: Tensor) -> Tensor:
    """Share of right predictions, both kinds alike. Logits, positive for "real" -> scalar."""
    return ((real.detach() > 0).float().mean() + (fake.detach() < 0).float().mean()) / 2


@dataclass(frozen=True)
class NoiseLoss:
    """What the losses of lessons 09 and 10 share: pictures from noise (B, latent) of rng."""

    latent: int
    rng: torch.Generator

    def generate(self, generator: nn.Module, batch: Batch) -> Tensor:
        noise = torch.randn(len(batch[0]), self.latent, generator=self.rng)
        return generator(noise.to(batch[0].device))

    def logits(self, discriminator: nn.Module, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """Both (B, 1), in one pass: the same where no layer mixes a batch's pictures."""
        on_real, on_fake = discriminator(torch.cat([real, fake])).chunk(2)
        return on_real, on_fake

    def uniform(self, like: Tensor) -> Tensor:
        return torch.rand(like.shape, generator=self.rng).to(like.device)

    def normal(self, like: Tensor) -> Tensor:
        return torch.randn(like.shape, generator=self.rng).to(like.device)


@dataclass(frozen=True)
class NonSaturatingLoss(NoiseLoss):
    """Cross-entropy; the generator asks for the label "real" (Goodfellow et al. 2014, section 3).

    The source adds 0.05 u, u uniform in 0..1, to the labels that the generator asks for:
    `generator_labels`. The techniques of question 5: `discriminator_labels` moves its labels
    inwards by up to that much, `input_noise` is the standard deviation of noise on all pictures
    that it sees.
    """

    generator_labels: float = 0.05
    discriminator_labels: float = 0.0
    input_noise: float = 0.0

    def discriminator_loss(
        self, discriminator: nn.Module, batch: Batch, fake: Tensor
    ) -> dict[str, Tensor]:
        on_real, on_fake = self.logits(discriminator, self.noisy(batch[0]), self.noisy(fake))
        ones, zeros = torch.ones_like(on_real), torch.zeros_like(on_fake)
        if self.discriminator_labels:
            ones = ones - self.discriminator_labels * self.uniform(on_real)
            zeros = zeros + self.discriminator_labels * self.uniform(on_fake)
        loss = F.binary_cross_entropy_with_logits(on_real, ones)
        loss = loss + F.binary_cross_entropy_with_logits(on_fake, zeros)
        return {"loss": loss, "accuracy": accuracy(on_real, on_fake)}

    def generator_loss(self, discriminator: nn.Module, batch: Batch, fake: Tensor) -> Tensor:
        logits = discriminator(self.noisy(fake))
        labels = torch.ones_like(logits)
        if self.generator_labels:
            labels = labels + self.generator_labels * self.uniform(logits)
        return F.binary_cross_entropy_with_logits(logits, labels)

    def noisy(self, x: Tensor) -> Tensor:
        return x + self.input_noise * self.normal(x) if self.input_noise else x


@dataclass(frozen=True)
class HingeLoss(NoiseLoss):
    """Margins instead of probabilities (Lim & Ye 2017; Miyato et al. 2018, equations 16 and 17)."""

    def discriminator_loss(
        self, discriminator: nn.Module, batch: Batch, fake: Tensor
    ) -> dict[str, Tensor]:
        on_real, on_fake = self.logits(discriminator, batch[0], fake)
        loss = F.relu(1 - on_real).mean() + F.relu(1 + on_fake).mean()
        return {"loss": loss, "accuracy": accuracy(on_real, on_fake)}

    def generator_loss(self, discriminator: nn.Module, batch: Batch, fake: Tensor) -> Tensor:
        return -discriminator(fake).mean()
