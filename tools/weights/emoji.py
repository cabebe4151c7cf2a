"""Emoji of lesson 11: from flat color to 3D render, and from line drawing to 3D render."""

from functools import partial

import torch
from recipe import CPUSeconds, Recipe, Workplace
from torch import Tensor, nn

from coursekit import datasets
from coursekit.metrics.translation import Scores
from coursekit.models.pix2pix import InstanceNorm, PatchDiscriminator
from coursekit.models.translate import translating
from coursekit.runtime import Runtime
from coursekit.training import Adversaries, Schedule, fit, fit_adversarial, prepare
from coursekit.training.translation import Pix2PixLoss, l1_loss
from coursekit.transforms import pairs
from coursekit.weights import networks

BATCH, WIDTH, HALVINGS = 8, 16, 2
EPOCHS = {"emoji-shading": (20, 50), "emoji-coloring": (20, 50)}  # L1 alone, then both losses
RATE, GAN_RATE, CRITIC_RATE, WEIGHT = 2e-3, 1e-3, 3e-4, 100.0
KINDS = {"emoji-shading": ("flat", "rendered"), "emoji-coloring": ("line", "rendered")}


def arrays(name: str, split: str) -> tuple[Tensor, Tensor]:
    """Inputs and truths of a split, uint8 (N, 3, 64, 64)."""
    both = getattr(datasets.load("emoji", full=False), split).pairs(*KINDS[name])
    first, second = (pairs.channels_first(part) for part in (both.images, both.targets))
    return first.contiguous(), second.contiguous()


def batches(place: Workplace, stream: str) -> tuple[datasets.Batches, torch.Generator]:
    """Training pairs in [-1, 1], half of them mirrored, and what mirrors them."""
    rng = place.runtime.generator(f"{stream}: mirror")

    def change(x, y):
        return pairs.jitter(pairs.to_signed(x), pairs.to_signed(y), generator=rng, enlarge=1.0)

    order = place.runtime.generator(f"{stream}: order")
    options = {"batch_size": BATCH, "generator": order, "drop_last": True}
    return datasets.Batches(*arrays(place.name, "train"), transform=change, **options), rng


def adam(network: nn.Module, rate: float) -> torch.optim.Adam:
    return torch.optim.Adam(network.parameters(), lr=rate, betas=(0.5, 0.999), fused=True)


def falling(optimizer: torch.optim.Optimizer, steps: int, after: float = 0.5):
    """The rate rises in 40 steps, stays, and falls in a line to zero over what is left."""

    def factor(step: int) -> float:
        return min(1.0, (step + 1) / 40, max(0.0, 1 - step / steps) / (1 - after))

    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


def train(place: Workplace) -> nn.Module:
    """L1 alone, then with a discriminator on patches of 34 pixels."""
    run = place.runtime
    alone, both = (place.epochs(epochs) for epochs in EPOCHS[place.name])
    torch.manual_seed(run.seed)
    network = prepare(networks.translator(), run)
    critic = prepare(PatchDiscriminator(layers=HALVINGS, width=WIDTH, norm=InstanceNorm), run)
    known, rng = batches(place, "L1")
    optimizer = adam(network, RATE)
    first = fit(
        network,
        known,
        l1_loss,
        epochs=alone,
        optimizer=optimizer,
        runtime=run,
        callbacks=[CPUSeconds(), Schedule(falling(optimizer, alone * len(known)))],
        checkpoint=place.checkpoint("L1", [rng]),
    )
    place.took(first)
    known, rng = batches(place, "GAN")
    optimizers = [adam(network, GAN_RATE), adam(critic, CRITIC_RATE)]
    steps = both * len(known)
    second = fit_adversarial(
        Adversaries(network, critic, *optimizers),
        known,
        Pix2PixLoss(WEIGHT),
        epochs=both,
        runtime=run,
        callbacks=[
            CPUSeconds(),
            Schedule(*(falling(each, steps, 0.3) for each in optimizers)),
        ],
        checkpoint=place.checkpoint("GAN", [rng]),
        monitor=None,
    )
    place.took(second)
    return network


@torch.no_grad()
def measure(name: str, network: nn.Module, run: Runtime) -> dict[str, float]:
    """On the test families, with the input and the true pictures beside them."""
    x, truth = (datasets.to_float(part) for part in arrays(name, "test"))
    with translating(network, dropout=False):
        answer = torch.cat([network(pairs.to_signed(part)) for part in x.split(40)])
    score = Scores(truth)
    found, copy = score.brief(pairs.to_unit(answer)), score.brief(x)
    return {
        "l1": found["L1"],
        "frechet_texture": found["Fréchet, texture"],
        "detail": found["detail / true detail"],
        "copy_l1": copy["L1"],
        "copy_frechet_texture": copy["Fréchet, texture"],
    }


WHAT = {
    "emoji-shading": "From flat color to 3D render",
    "emoji-coloring": "From line drawing to 3D render",
}
RECIPES = [
    Recipe(name, "11", what, ("emoji",), train, partial(measure, name))
    for name, what in WHAT.items()
]
