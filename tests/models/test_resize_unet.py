"""The U-Net of resize convolutions: its start, its skips, and that it prints no grid."""

import torch
from torch import nn

from coursekit.models.ops import count_parameters
from coursekit.models.pix2pix import InstanceNorm
from coursekit.models.resize_unet import Halve, ResizeUNet, ResizeUp


def test_untrained_it_gives_its_input_back():
    x = torch.rand(2, 3, 32, 32) * 2 - 1
    for model in (ResizeUNet((4, 8, 8)), ResizeUNet((4, 8, 8), norm=InstanceNorm, skips=False)):
        assert torch.equal(model(x), x)


def test_counts_by_hand():
    stem, down = 3 * 2 * 9 + 2, (2 * 4 * 16 + 4) + (4 * 8 * 16 + 8)
    up = (8 * 4 * 9 + 4) + (8 * 2 * 9 + 2)
    assert count_parameters(ResizeUNet((2, 4, 8))) == stem + down + up + (4 * 3 * 9 + 3)
    severed = (8 * 4 * 9 + 4) + (4 * 2 * 9 + 2)
    assert count_parameters(ResizeUNet((2, 4, 8), skips=False)) == stem + down + severed + (
        2 * 3 * 9 + 3
    )


def test_no_norm_at_the_innermost_map():
    model = ResizeUNet((4, 8, 8), norm=InstanceNorm)
    kinds = [any(isinstance(m, nn.InstanceNorm2d) for m in block.modules()) for block in model.down]
    assert kinds == [True, False]


def test_a_constant_stays_constant_inside():
    """Transposed convolutions may print a grid on a flat field; this block cannot."""
    inside = ResizeUp(3, 5)(torch.full((1, 3, 8, 8), 0.7))[..., 2:-2, 2:-2]
    assert (inside - inside[..., :1, :1]).abs().max().item() < 1e-6
    assert Halve(3, 5)(torch.rand(1, 3, 8, 8)).shape == (1, 5, 4, 4)


def test_the_skip_of_full_size_carries_a_pixel():
    """With skips a pixel reaches its own place in a map that no halving has passed."""
    model = ResizeUNet((4, 8, 8))
    nn.init.ones_(model.last.weight)
    with torch.no_grad():
        for block in (*model.down, *model.up):
            for weight in block.parameters():
                weight.zero_()
    x = torch.rand(1, 3, 16, 16, requires_grad=True)
    (model(x) - x)[0, 0, 8, 8].backward()
    rows = x.grad.abs().sum((0, 1, 3)).nonzero().flatten()
    assert rows.tolist() == [6, 7, 8, 9, 10]  # two 3x3 convolutions
