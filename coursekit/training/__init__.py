"""Training: the loop, the adversarial loop, their checkpoints and their progress line."""

from coursekit.training.gan import Game, Referee, accuracy, fit_adversarial
from coursekit.training.trainer import History, adam, evaluate, fit, one_cycle, prepare

__all__ = [
    "Game",
    "History",
    "Referee",
    "accuracy",
    "adam",
    "evaluate",
    "fit",
    "fit_adversarial",
    "one_cycle",
    "prepare",
]
