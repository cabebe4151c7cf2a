"""What `coursekit bench` measures: the lessons' models at their batch sizes, random data."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from coursekit.models import pix2pix
from coursekit.models.autoencoder import DenseAutoencoder, StackedAutoencoder
from coursekit.models.denoiser import Denoiser
from coursekit.models.seq2seq import Decoder, Encoder, Seq2Seq
from coursekit.training.gan import frozen


@dataclass(frozen=True)
class Case:
    """One model at its lesson's batch size.

    data: what the lesson holds in memory. loss: (model, batch) -> scalar.
    """

    name: str
    model: Callable[[], nn.Module]
    batch: int
    data: Callable[[torch.Generator], tuple[Tensor, ...]]
    loss: Callable[[Any, tuple[Tensor, ...]], Tensor]


def reconstruction(model: nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
    return F.mse_loss(model(batch[0]), batch[0])


def next_tokens(model: nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
    source, shifted, target = batch
    return F.cross_entropy(model(source, shifted).flatten(0, 1), target.flatten())


def images(*shape: int) -> Callable[[torch.Generator], tuple[Tensor, ...]]:
    return lambda generator: (
        torch.randint(0, 256, (12_000, *shape), generator=generator, dtype=torch.uint8),
    )


def sequences(generator: torch.Generator) -> tuple[Tensor, ...]:
    return tuple(
        torch.randint(1, 51, (12_000, length), generator=generator) for length in (6, 3, 3)
    )


class Pair(nn.Module):
    """Pix2Pix's generator and discriminator as one module: both learn from one batch."""

    def __init__(self):
        super().__init__()
        self.generator, self.discriminator = pix2pix.Generator(), pix2pix.PatchDiscriminator()


def both_networks(model: Pair, batch: tuple[Tensor, ...]) -> Tensor:
    """The work of a step of each, in one: the generator's term leaves the other's weights alone."""
    photo, truth = batch
    generated = model.generator(photo)
    loss = pix2pix.discriminator_loss(
        model.discriminator(photo, truth), model.discriminator(photo, generated.detach())
    )
    with frozen(model.discriminator):
        return (
            loss
            + pix2pix.generator_loss(model.discriminator(photo, generated), generated, truth)[
                "loss"
            ]
        )


def image_pairs(generator: torch.Generator) -> tuple[Tensor, ...]:
    return tuple(
        torch.randint(0, 256, (32, 3, 256, 256), generator=generator, dtype=torch.uint8)
        for _ in range(2)
    )


CASES = (
    Case("dense autoencoder", DenseAutoencoder, 512, images(784), reconstruction),
    Case("stacked autoencoder", StackedAutoencoder, 150, images(1024), reconstruction),
    Case("denoiser", Denoiser, 64, images(1, 28, 28), reconstruction),
    Case("denoiser, source's batch", Denoiser, 2000, images(1, 28, 28), reconstruction),
    Case("seq2seq", lambda: Seq2Seq(Encoder(), Decoder()), 32, sequences, next_tokens),
    Case("pix2pix 256, both networks", Pair, 1, image_pairs, both_networks),
)
