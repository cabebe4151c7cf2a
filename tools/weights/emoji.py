"""Emoji of lesson 11: from flat color to 3D render, and from line drawing to 3D render."""

from functools import partial

import torch
from recipe import Recipe
from torch import Tensor, nn
from workplace import CPUSeconds, Workplace

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
# L1 alone; both losses at lambda 40; a last part at 100. Rates fall from the first step of a part:
# held for a while, the discriminator won (97 % right) and the pictures got worse.
EPOCHS, WEIGHTS = (8, 30, 3), (40.0, 100.0)
RATE, GAN_RATE, CRITIC_RATE = 2e-3, 1e-3, 3e-4
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


def schedule(optimizer: torch.optim.Optimizer, steps: int | None = None):
    """The rate rises in 40 steps and stays; with steps: it falls in a line to zero."""

    def factor(step: int) -> float:
        return max(0.0, 1 - step / steps) if steps else min(1.0, (step + 1) / 40)

    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


def train(place: Workplace) -> nn.Module:
    """L1 alone, then with a discriminator on patches of 34 pixels, as in the lesson."""
    run, epochs = place.runtime, [place.epochs(epochs) for epochs in EPOCHS]
    torch.manual_seed(run.seed)
    network = prepare(networks.translator(), run)
    critic = prepare(PatchDiscriminator(layers=HALVINGS, width=WIDTH, norm=InstanceNorm), run)
    known, rng = batches(place, "L1")
    optimizer = adam(network, RATE)
    history = fit(
        network,
        known,
        l1_loss,
        epochs=epochs[0],
        optimizer=optimizer,
        runtime=run,
        callbacks=[CPUSeconds(), Schedule(schedule(optimizer))],
        checkpoint=place.checkpoint("L1", [rng]),
    )
    place.took(history)
    for weight, count in zip(WEIGHTS, epochs[1:], strict=True):
        adversarial(place, network, critic, weight, count)
    return network


def adversarial(place: Workplace, network, critic, weight: float, epochs: int) -> None:
    """Some epochs with both losses, optimizers anew."""
    name = f"lambda-{weight:g}"
    known, rng = batches(place, name)
    optimizers = [adam(network, GAN_RATE), adam(critic, CRITIC_RATE)]
    steps = epochs * len(known)
    history = fit_adversarial(
        Adversaries(network, critic, *optimizers),
        known,
        Pix2PixLoss(weight),
        epochs=epochs,
        runtime=place.runtime,
        callbacks=[CPUSeconds(), Schedule(*(schedule(each, steps) for each in optimizers))],
        checkpoint=place.checkpoint(name, [rng]),
        monitor=None,
    )
    place.took(history)


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
