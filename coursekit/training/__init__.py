"""Training: the loop, the adversarial loop, their checkpoints and their progress line."""

from coursekit.training.adversarial import Game, Referee, accuracy, fit_adversarial
from coursekit.training.loop import History, adam, evaluate, fit, one_cycle, prepare

__all__ = ["Game", "History", "Referee", "accuracy", "adam", "evaluate", "fit", "fit_adversarial", "one_cycle", "prepare"]
