"""Generators and discriminators of lessons 09 and 10, dense and convolutional.

Pictures are (B, 1, 28, 28) in [-1, 1], noise is (B, latent), predictions are logits (B, 1),
positive for "real". Keras, which the source used, leaks 0.3 below zero and starts from Glorot's
uniform weights; so do these networks. Its "same" padding of a 5x5 window with stride 2 puts one
pixel before and two after, here two and one: a mirror image.
"""

import torch
from torch import Tensor, nn

from coursekit.models.ops import glorot

SLOPE = 0.3  # of LeakyReLU below zero: Keras's default
DROPOUT = 0.3  # share of the discriminator's activations left out
SIDE = 28


class Generator(nn.Module):
    """The source's generator (lesson 10). z (B, latent) -> (B, 1, 28, 28).

    Two transposed convolutions double 7 to 14 to 28. `refine`: how many of stride 1 there are at
    7x7, 14x14 and 28x28. `width` is that of the last hidden layer. The defaults have 2,305,472
    weights.
    """

    def __init__(
        self, *, latent: int = 100, width: int = 64, refine: tuple[int, int, int] = (1, 0, 0)
    ):
        super().__init__()
        at_7, at_14, at_28 = refine
        self.latent, first = latent, (4 if at_7 else 2) * width
        hidden = (
            [(2 * width, 1)] * at_7 + [(width, 2)] + [(width, 1)] * at_14
        )  # (channels, stride) of each layer
        last = [(width // 2, 2)] + [(width // 2, 1)] * (at_28 - 1) + [(1, 1)] if at_28 else [(1, 2)]
        *hidden, (_, stride) = hidden + last
        channels = [first, *(width for width, _ in hidden)]
        self.start = nn.Sequential(
            nn.Linear(latent, 49 * first, bias=False),
            nn.BatchNorm1d(49 * first, eps=1e-3),
            nn.LeakyReLU(SLOPE),
            nn.Unflatten(1, (first, 7, 7)),
        )
        self.body = nn.Sequential(*(_up(before, *layer) for before, layer in zip(channels, hidden)))
        self.end = _transposed(channels[-1], 1, stride)
        glorot(self)

    def forward(self, z: Tensor) -> Tensor:
        x = self.body(self.start(z))  # (B, width, 14, 14) with the default `refine`
        return torch.tanh(self.end(x))


class Discriminator(nn.Module):
    """The source's discriminator (lesson 10). x (B, 1, 28, 28) -> logits (B, 1).

    Each of `halvings` convolutions halves the side (28, 14, 7) and doubles the channels from
    `width` on; `refine` more of stride 1 follow each. The defaults have 212,865 weights.
    """

    def __init__(self, *, width: int = 64, halvings: int = 2, refine: int = 0):
        super().__init__()
        self.body, channels, side = _halvings(width, halvings, refine)
        self.head = nn.Linear(channels * side * side, 1)
        glorot(self)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x).flatten(1))


class DenseGenerator(nn.Module):
    """A generator of dense layers only (lesson 09). z (B, latent) -> (B, 1, 28, 28).

    The default has 2,432,784 weights, within 6 % of the convolutional one's.
    """

    def __init__(self, *, latent: int = 100, hidden: tuple[int, ...] = (512, 1024, 1024)):
        super().__init__()
        self.latent = latent
        sizes = (latent, *hidden)
        self.body = nn.Sequential(*(_dense(*pair) for pair in zip(sizes, sizes[1:])))
        self.end = nn.Linear(sizes[-1], SIDE * SIDE)
        glorot(self)

    def forward(self, z: Tensor) -> Tensor:
        return torch.tanh(self.end(self.body(z))).unflatten(1, (1, SIDE, SIDE))


class DenseDiscriminator(nn.Module):
    """A discriminator of dense layers only (lesson 09). x (B, 1, 28, 28) -> logits (B, 1).

    The default has 217,473 weights. dropout: share of the activations left out in training.
    """

    def __init__(self, *, hidden: tuple[int, ...] = (256, 64), dropout: float = DROPOUT):
        super().__init__()
        sizes = (SIDE * SIDE, *hidden)
        self.body = nn.Sequential(
            nn.Flatten(),
            *(
                layer
                for pair in zip(sizes, sizes[1:])
                for layer in (nn.Linear(*pair), nn.LeakyReLU(SLOPE), nn.Dropout(dropout))
            ),
        )
        self.head = nn.Linear(sizes[-1], 1)
        glorot(self)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x))


@torch.no_grad()
def pictures(generator: nn.Module, z: Tensor, *, size: int = 500) -> Tensor:
    """What a generator makes of noise z (N, latent) -> (N, 1, 28, 28) in [0, 1], on the CPU.

    Batch norm uses the statistics it has collected. size: pictures at a time.
    """
    was_training, device = generator.training, next(generator.parameters()).device
    generator.eval()
    images = torch.cat([generator(part.to(device)).float().cpu() for part in z.split(size)])
    generator.train(was_training)
    return (images + 1) / 2


@torch.no_grad()
def most_real(
    discriminator: nn.Module,
    images: Tensor,
    share: float,
    *,
    generator: torch.Generator,
    rounds: int = 3,
    batch: int = 64,
) -> Tensor:
    """Which images (N, 1, 28, 28) in [0, 1] a discriminator finds most real -> (share N,), rising.

    A simple kind of discriminator rejection sampling (Azadi et al. 2019): theirs accepts by an
    estimated ratio of densities, this one keeps a share. A discriminator may compare the pictures
    of a batch, so each is seen in `rounds` batches drawn at random, and its mean logit counts.
    """
    was_training, device = discriminator.training, next(discriminator.parameters()).device
    discriminator.eval()
    logits = torch.zeros(len(images))
    for _ in range(rounds):
        order = torch.randperm(len(images), generator=generator)
        for part in order.tensor_split(-(-len(images) // batch)):
            logits[part] += discriminator((images[part] * 2 - 1).to(device))[:, 0].float().cpu()
    discriminator.train(was_training)
    kept = logits.argsort(descending=True, stable=True)[: round(share * len(images))]
    return kept.sort().values


def _up(before: int, after: int, stride: int) -> nn.Sequential:
    """Transposed convolution, norm, leak: (B, before, S, S) -> (B, after, stride S, stride S)."""
    return nn.Sequential(
        _transposed(before, after, stride), nn.BatchNorm2d(after, eps=1e-3), nn.LeakyReLU(SLOPE)
    )


def _transposed(before: int, after: int, stride: int) -> nn.ConvTranspose2d:
    """A 5x5 window whose output is exactly `stride` times as large."""
    return nn.ConvTranspose2d(
        before, after, 5, stride=stride, padding=2, output_padding=stride - 1, bias=False
    )


def _halvings(width: int, count: int, refine: int) -> tuple[nn.Sequential, int, int]:
    """Convolutions down from 28x28 -> (layers, channels and side of what comes out)."""
    layers, before, side = [], 1, SIDE
    for number in range(count):
        after, side = width * 2**number, -(-side // 2)
        layers.append(_down(before, after, 2))
        layers.extend(_down(after, after, 1) for _ in range(refine))
        before = after
    return nn.Sequential(*layers), before, side


def _down(before: int, after: int, stride: int) -> nn.Sequential:
    """Convolution, leak, dropout: (B, before, S, S) -> (B, after, S / stride, ...), rounded up."""
    return nn.Sequential(
        nn.Conv2d(before, after, 5, stride=stride, padding=2),
        nn.LeakyReLU(SLOPE),
        nn.Dropout(DROPOUT),
    )


def _dense(before: int, after: int) -> nn.Sequential:
    """Dense layer, batch norm, leak: (B, before) -> (B, after)."""
    return nn.Sequential(
        nn.Linear(before, after, bias=False), nn.BatchNorm1d(after, eps=1e-3), nn.LeakyReLU(SLOPE)
    )
