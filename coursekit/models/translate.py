"""How a Pix2Pix network starts and how it translates (Isola et al. 2017; lesson 11)."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


@torch.no_grad()
def initialize(model: nn.Module) -> None:
    """Weights from N(0, 0.02), norms' scales from N(1, 0.02), biases 0 (appendix 6.2); in place."""
    for layer in model.modules():
        norm = isinstance(layer, nn.BatchNorm2d | nn.InstanceNorm2d)
        if norm or isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            for name, part in layer.named_parameters():
                if name == "weight":
                    nn.init.normal_(part, float(norm), 0.02)
                else:
                    nn.init.zeros_(part)


@contextmanager
def translating(
    model: nn.Module, *, dropout: bool = True, own_statistics: bool = False
) -> Iterator[nn.Module]:
    """Within, the model translates, dropout on as published (section 3.3).

    Gradients are off, everything else is as in eval. own_statistics: batch norm takes those of the
    pictures at hand, as published (batches of 1), not training's averages.
    """
    before = {layer: layer.training for layer in model.modules()}
    norms = [layer for layer in before if isinstance(layer, nn.BatchNorm2d)]
    averages = [(layer, layer.running_mean, layer.running_var) for layer in norms]
    model.eval()
    for layer in before:
        if isinstance(layer, nn.Dropout):
            layer.train(dropout)
    if own_statistics:
        for layer in norms:  # without averages, batch norm uses the batch
            layer.running_mean = layer.running_var = None
    try:
        with torch.no_grad():
            yield model
    finally:
        for layer, mean, variance in averages:
            layer.running_mean, layer.running_var = mean, variance
        for layer, was in before.items():
            layer.training = was
