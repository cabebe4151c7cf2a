"""Digits of lesson 10: the small convolutional pair, for longer."""

import torch
from recipe import Recipe
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from workplace import CPUSeconds, Workplace

from coursekit import datasets
from coursekit.metrics.evaluator import CalibratedEvaluator
from coursekit.models.gan import most_real, pictures
from coursekit.runtime import Runtime
from coursekit.training import (
    Adversaries,
    Averaging,
    Schedule,
    fit_adversarial,
    prepare,
    train_evaluator,
)
from coursekit.training.balance import FlatLoss, fade
from coursekit.transforms.pairs import to_signed
from coursekit.weights import networks

EPOCHS, BATCH, RATE, DECAY = 320, 64, 1e-3, 0.998
LATENT, TESTED, SETS = 100, 1_000, 4
JUDGED = 11  # epochs of the evaluator, as in the lesson
KEPT = 0.5  # of the pictures that the generator makes, by its discriminator


def train(place: Workplace) -> nn.Module:
    """All bundled digits, rates that fall over the second half, averaged weights, R1."""
    run, real = place.runtime, datasets.load("mnist", full=False).train.images[:, None]
    torch.manual_seed(run.seed)
    pair = networks.digits_dcgan()
    generator, judge = (prepare(pair[name], run) for name in ("generator", "discriminator"))
    average = AveragedModel(generator, multi_avg_fn=get_ema_multi_avg_fn(DECAY), use_buffers=True)
    optimizers = [
        torch.optim.Adam(network.parameters(), lr=RATE, betas=(0.5, 0.99), fused=True)
        for network in (generator, judge)
    ]
    rng = run.generator("noise")
    batches = datasets.Batches(
        real,
        batch_size=BATCH,
        generator=run.generator("order"),
        drop_last=True,
        transform=to_signed,
    )
    epochs = place.epochs(EPOCHS)
    steps = epochs * len(batches)
    history = fit_adversarial(
        Adversaries(generator, judge, *optimizers),
        batches,
        FlatLoss(LATENT, rng, shift=2, penalty=0.1),
        epochs=epochs,
        runtime=run,
        callbacks=[
            CPUSeconds(),
            Averaging(average),
            Schedule(*(fade(optimizer, steps=steps) for optimizer in optimizers)),
        ],
        checkpoint=place.checkpoint("networks", [rng]),
    )
    place.took(history)
    return nn.ModuleDict({"generator": average.module, "discriminator": judge})


def measure(network: nn.Module, run: Runtime) -> dict[str, float]:
    """The lesson's evaluator over sets of as many digits as there are real test digits.

    Means over the sets: of all generated digits, and of those that the discriminator keeps.
    """
    known = datasets.load("mnist", full=False)
    real, labels = known.train.images[:, None], known.train.labels
    test = datasets.to_float(known.test.images[:TESTED, None])
    judge = train_evaluator(real, labels, classes=10, epochs=JUDGED, runtime=run)
    evaluator = CalibratedEvaluator(judge, test)
    count = round(SETS * TESTED / KEPT)
    z = torch.randn(count, LATENT, generator=run.generator("fixed noise"))
    made = pictures(network["generator"], z)
    order = run.generator("most real")
    kept = made[most_real(network["discriminator"], made, KEPT, generator=order)]

    scores, better = map(evaluator.mean_scores, (made[: SETS * TESTED], kept))
    some = torch.randperm(len(real), generator=run.generator("floor"))[: len(test)]
    floor = evaluator.scores(datasets.to_float(real[some]))
    return {
        "read": scores["read"],
        "read_real": evaluator.scores(test)["read"],
        "frechet": scores["frechet"],
        "frechet_floor": floor["frechet"],
        "total_variation": scores["total variation"],
        "recall": scores["recall"],
        "read_kept": better["read"],
        "frechet_kept": better["frechet"],
        "total_variation_kept": better["total variation"],
        "recall_kept": better["recall"],
    }


WHAT = "A convolutional GAN that writes digits"
RECIPES = [Recipe("digits-dcgan", "10", WHAT, ("mnist",), train, measure)]
