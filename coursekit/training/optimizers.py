"""Optimizers, their learning rate over time, and networks put where and how they train fastest."""

import math
from collections.abc import Iterable

import torch
from torch import nn

from coursekit.errors import CourseError
from coursekit.models import ops
from coursekit.runtime import Runtime, convolution_pays

Optimizer = torch.optim.Optimizer
ADVICE = "give a number above 0, such as 0.001"


def prepare(model: nn.Module, runtime: Runtime) -> nn.Module:
    """Move the model to the run's device, in the memory order that trains fastest there.

    Where it pays, dense layers compute by convolutions.
    """
    model = ops.to_device(model, runtime.device)
    return ops.products_by_convolution(model) if convolution_pays(runtime.device) else model


def adam(model: nn.Module, rate: float, *, weight_decay: float = 0.0) -> torch.optim.Adam:
    """Adam (Kingma & Ba 2015), one fused update for all; weight_decay is L2 on the gradient."""
    _check(rate)
    return torch.optim.Adam(model.parameters(), lr=rate, weight_decay=weight_decay, fused=True)


def one_cycle(
    optimizer: Optimizer, *, steps: int, warmup: float = 0.3
) -> torch.optim.lr_scheduler.OneCycleLR:
    """Learning rate up to the optimizer's own and down to nothing in `steps` (Smith & Topin 2018).

    warmup: share of the steps that it rises.
    """
    rates = [group["lr"] for group in optimizer.param_groups]
    if steps < 1:
        raise CourseError(
            f"a cycle of {steps} steps: there is nothing to train on, or for no epoch; "
            "give more examples than a batch holds, and at least one epoch"
        )
    return torch.optim.lr_scheduler.OneCycleLR(
        optimizer, rates, total_steps=steps, pct_start=warmup, cycle_momentum=False
    )


def check_rates(optimizers: Iterable[Optimizer]) -> None:
    """CourseError where a learning rate cannot work, or no optimizer has any."""
    rates = [
        float(group.get("initial_lr", group["lr"]))  # a schedule begins lower than the rate
        for optimizer in optimizers
        for group in optimizer.param_groups
    ]
    for rate in rates:
        _check(rate)
    if not any(rates):
        raise CourseError(f"the learning rate is 0: nothing can be learned with it; {ADVICE}")


def _check(rate: float) -> None:
    if not (math.isfinite(rate) and rate >= 0):
        raise CourseError(f"the learning rate is {rate:g}: it cannot work; {ADVICE}")
