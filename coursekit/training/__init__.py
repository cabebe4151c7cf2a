"""Training: one loop for one network or two, what may be hooked into it, checkpoints, sweeps."""

from coursekit.training.callbacks import (
    Averaging,
    Callback,
    ClipGradients,
    MaxSteps,
    OnEpochEnd,
    Schedule,
    Validation,
    evaluate,
)
from coursekit.training.checkpoint import Checkpoint
from coursekit.training.classifier import (
    train_classifier,
    train_digit_classifier,
    train_evaluator,
)
from coursekit.training.gan import (
    Adversaries,
    GANLoss,
    HingeLoss,
    NonSaturatingLoss,
    accuracy,
    fit_adversarial,
)
from coursekit.training.history import History
from coursekit.training.monitor import DiscriminatorMonitor
from coursekit.training.optimizers import adam, one_cycle, prepare
from coursekit.training.trainer import Trainer, fit
from coursekit.training.vae import ELBOLoss, NegativeELBO

__all__ = [
    "Adversaries",
    "Averaging",
    "Callback",
    "Checkpoint",
    "ClipGradients",
    "DiscriminatorMonitor",
    "ELBOLoss",
    "GANLoss",
    "HingeLoss",
    "History",
    "MaxSteps",
    "NegativeELBO",
    "NonSaturatingLoss",
    "OnEpochEnd",
    "Schedule",
    "Trainer",
    "Validation",
    "accuracy",
    "adam",
    "evaluate",
    "fit",
    "fit_adversarial",
    "one_cycle",
    "prepare",
    "train_classifier",
    "train_digit_classifier",
    "train_evaluator",
]
