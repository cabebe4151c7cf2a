"""Digits of lesson 10: the small convolutional pair, for longer."""

import torch
from recipe import Recipe
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from workplace import CPUSeconds, Workplace

from coursekit import datasets
from coursekit.metrics.evaluator import CalibratedEvaluator
from coursekit.models import dcgan
from coursekit.models.gan import pictures
from coursekit.runtime import Runtime
from coursekit.training import (
    Adversaries,
    Averaging,
    Schedule,
    fit_adversarial,
    prepare,
    train_evaluator,
)
from coursekit.training.balance import BatchwiseLoss, fade
from coursekit.transforms.pairs import to_signed
from coursekit.weights import networks

EPOCHS, BATCH, RATE, DECAY = 160, 64, 1e-3, 0.998
LATENT, TESTED, JUDGED = 100, 1_000, 11  # JUDGED: epochs of the evaluator, as in the lesson


def train(place: Workplace) -> nn.Module:
    """All bundled digits, learning rates that fall over the second half, averaged weights."""
    run, real = place.runtime, datasets.load("mnist", full=False).train.images[:, None]
    torch.manual_seed(run.seed)
    generator = prepare(networks.digits_dcgan(), run)
    judge = prepare(dcgan.BatchDiscriminator(width=32, hidden=128), run)
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
        BatchwiseLoss(LATENT, rng, shift=2),
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
    return average.module


def measure(network: nn.Module, run: Runtime) -> dict[str, float]:
    """The lesson's evaluator over as many generated digits as there are real test digits."""
    known = datasets.load("mnist", full=False)
    real, labels = known.train.images[:, None], known.train.labels
    test = datasets.to_float(known.test.images[:TESTED, None])
    judge = train_evaluator(real, labels, classes=10, epochs=JUDGED, runtime=run)
    evaluator = CalibratedEvaluator(judge, test)
    z = torch.randn(len(test), LATENT, generator=run.generator("fixed noise"))
    scores = evaluator.scores(pictures(network, z))
    some = torch.randperm(len(real), generator=run.generator("floor"))[: len(test)]
    floor = evaluator.scores(datasets.to_float(real[some]))
    return {
        "read": scores["read"],
        "read_real": evaluator.scores(test)["read"],
        "frechet": scores["frechet"],
        "frechet_floor": floor["frechet"],
        "total_variation": scores["total variation"],
        "recall": scores["recall"],
    }


WHAT = "A convolutional GAN that writes digits"
RECIPES = [Recipe("digits-dcgan", "10", WHAT, ("mnist",), train, measure)]
