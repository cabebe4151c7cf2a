"""Watching two networks that learn from each other: has one of them won for good?"""

from collections.abc import Callable
from dataclasses import dataclass

from coursekit.training.callbacks import Callback, Run


@dataclass(frozen=True)
class DiscriminatorMonitor(Callback):
    """Says when the discriminator has won: nearly always right, while the generator's loss rises.

    It looks at the columns "accuracy", which the loss must give for that, and `watched` (the
    generator's adversarial loss), over the last `epochs` epochs. `report` is told at once.
    """

    accuracy: float = 0.98
    epochs: int = 5
    watched: str = "generator_loss"
    report: Callable[[str], None] = print

    def on_epoch_end(self, trainer: Run, row: dict) -> None:
        before = len(trainer.history.warnings)
        row["warning"] = self.warning(trainer.history.rows)
        for words in trainer.history.warnings[before:]:
            self.report(words)

    def warning(self, rows: list[dict]) -> str:
        """What to tell the reader about the latest of these rows; nothing while all is open."""
        last = rows[-self.epochs :]
        if len(last) < self.epochs or any(row.get("accuracy", 0.0) < self.accuracy for row in last):
            return ""
        losses, half = [row[self.watched] for row in last], max(1, self.epochs // 2)
        if sum(losses[-half:]) <= sum(losses[:half]):
            return ""
        return (
            f"epoch {rows[-1]['epoch']}: the discriminator has won. For {self.epochs} epochs it "
            f"has told at least {self.accuracy:.0%} of real and generated pictures apart, and the "
            "generator's loss has risen. Lower the discriminator's rate, update it less often, "
            "or give its inputs noise."
        )
