"""Training the classifier of real pictures that evaluates generated ones (07, 09 and 10)."""

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
from coursekit.transforms import corruptions


def classification_loss(model: nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
    """Mean cross-entropy in nats of pictures and their labels (B,), or shares (B, classes)."""
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


def train_evaluator(
    pictures: Tensor, labels: Tensor, *, classes: int, epochs: int, runtime: Runtime
) -> nn.Module:
    """The classifier of a `CalibratedEvaluator`: logits (B, classes + 1), the last for "none".

    pictures: real ones, uint8 (N, C, S, S); labels (N,). Half of each batch is corrupted to some
    random degree (`HalfCorrupted`).
    """
    batches = Batches(
        pictures,
        labels,
        batch_size=128,
        generator=runtime.generator("evaluator"),
        drop_last=len(pictures) >= 128,
        device=runtime.device,
        transform=HalfCorrupted(classes, runtime.generator("corruptions")),
    )

    def build() -> nn.Module:
        channels, size = pictures.shape[1], pictures.shape[-1]
        return SmallClassifier(channels=channels, classes=classes + 1, size=size)

    return train_classifier(build, batches, epochs=epochs, rate=3e-3, runtime=runtime, cycle=True)


class HalfCorrupted:
    """Pictures and labels (B,) -> the pictures, half corrupted, and shares (B, classes + 1).

    Every kind of `coursekit.transforms.corruptions` gets its part of that half and a random
    strength s. The target of a corrupted picture is 1 - s of its label and s of "none of the
    classes". A mixture with a picture of the same label keeps its label.
    """

    def __init__(self, classes: int, rng: torch.Generator, *, shift: int = 2):
        self.classes, self.rng, self.shift = classes, rng, shift

    def __call__(self, pictures: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        pictures = corruptions.shifted(pictures, self.shift, self.rng)
        targets = F.one_hot(labels, self.classes + 1).float()
        kinds, half = corruptions.ALONE | corruptions.OF_TWO, len(pictures) // 2
        done = [(pictures[half:], targets[half:])]
        parts = zip(
            pictures[:half].tensor_split(len(kinds)), targets[:half].tensor_split(len(kinds))
        )
        for (name, corrupt), (some, target) in zip(kinds.items(), parts):
            strength = float(torch.rand(1, generator=self.rng))
            lost = torch.full((len(some), 1), strength, device=some.device)
            if name in corruptions.OF_TWO:
                lost = lost * (target != target.roll(1, 0)).any(1, keepdim=True)
            done.append((corrupt(some, strength, self.rng), self.faded(target, lost)))
        return torch.cat([some for some, _ in done]), torch.cat([target for _, target in done])

    def faded(self, target: Tensor, lost: Tensor) -> Tensor:
        """A share `lost` (B, 1) of the target (B, classes + 1) moves to "none"."""
        none = F.one_hot(torch.tensor([self.classes]), self.classes + 1).to(target)
        return (1 - lost) * target + lost * none


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
