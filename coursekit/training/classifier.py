"""Training the classifier of real pictures that judges made ones (lessons 07, 09 and 10)."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from coursekit.datasets.batches import Batches
from coursekit.models.features import SmallClassifier
from coursekit.runtime import Runtime
from coursekit.training.callbacks import Callback, Schedule
from coursekit.training.checkpoint import Checkpoint
from coursekit.training.optimizers import adam, one_cycle, prepare
from coursekit.training.trainer import fit


def classification_loss(model: nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
    """Mean cross-entropy in nats of pictures and their labels (B,)."""
    return F.cross_entropy(model(batch[0]), batch[1])


def train_digit_classifier(
    pictures: Tensor, labels: Tensor, *, epochs: int, runtime: Runtime
) -> nn.Module:
    """The classifier that judges made digits in lessons 09 and 10, in eval mode.

    pictures: real ones, uint8 (N, 1, 28, 28); labels (N,).
    """
    order = runtime.generator("judge")
    batches = Batches(pictures, labels, batch_size=64, generator=order, device=runtime.device)
    return train_classifier(
        SmallClassifier, batches, epochs=epochs, rate=3e-3, runtime=runtime, cycle=True
    )


def train_classifier(
    build: Callable[[], nn.Module],
    batches: Batches,
    *,
    epochs: int,
    rate: float,
    runtime: Runtime,
    cycle: bool = False,
    checkpoint: Checkpoint | None = None,
) -> nn.Module:
    """A new classifier, trained on batches of real pictures and labels -> it, in eval mode.

    build: makes the network, from the run's seed whatever was drawn before. cycle: the rate rises
    and falls (`one_cycle`), else it stays.
    """
    torch.manual_seed(runtime.seed)
    classifier = prepare(build(), runtime)
    optimizer, callbacks = adam(classifier, rate), list[Callback]()
    if cycle:
        callbacks.append(Schedule(one_cycle(optimizer, steps=epochs * len(batches))))
    fit(
        classifier,
        batches,
        classification_loss,
        epochs=epochs,
        optimizer=optimizer,
        runtime=runtime,
        callbacks=callbacks,
        checkpoint=checkpoint,
    )
    return classifier.eval()
