"""The recipe of lessons 09 and 10 around two networks: fading rates, averaged weights."""

from collections.abc import Callable, Iterable

from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from coursekit.runtime import Runtime
from coursekit.training.balance import fade
from coursekit.training.callbacks import Averaging, Batch, OnEpochEnd, Schedule
from coursekit.training.checkpoint import Checkpoint
from coursekit.training.gan import Adversaries, Loss, fit_adversarial
from coursekit.training.history import History


def fit_averaged(
    networks: Adversaries,
    batches: Iterable[Batch],
    loss: Loss,
    *,
    epochs: int,
    runtime: Runtime,
    decay: float,  # of the running average
    look: Callable[[nn.Module, int], dict | None] = lambda average, epoch: None,
    checkpoint: Checkpoint | None = None,
) -> tuple[nn.Module, History]:
    """Train two networks -> the generator with averaged weights (Yazıcı et al. 2019), history.

    Both rates fall in a line to zero over the second half. look: gets the averaged generator after
    each epoch, and what it returns is recorded.
    """
    average = AveragedModel(
        networks.generator, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True
    )
    steps = epochs * len(batches)  # type: ignore[arg-type]
    optimizers = (networks.generator_optimizer, networks.discriminator_optimizer)
    callbacks = [
        Averaging(average),
        Schedule(*(fade(optimizer, steps=steps) for optimizer in optimizers)),
        OnEpochEnd(lambda network, epoch: look(average.module, epoch)),
    ]
    history = fit_adversarial(
        networks,
        batches,
        loss,
        epochs=epochs,
        runtime=runtime,
        callbacks=callbacks,
        checkpoint=checkpoint,
    )
    return average.module, history
