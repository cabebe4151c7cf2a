"""Training: the loop, its checkpoints and its progress line."""

from coursekit.training.loop import History, adam, evaluate, fit, one_cycle, prepare

__all__ = ["History", "adam", "evaluate", "fit", "one_cycle", "prepare"]
