"""The exercises of lesson 11: receptive field, block without a grid, losses, condition."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from coursekit.exercises.checks import Wrong, close, exercise, has_gradient, same_shape, value


@exercise(
    "Start with one output, so side = 1, and take the layers from the last to the first.",
    "Through a layer of kernel k and stride s a stretch of r outputs needs (r - 1) s + k inputs.",
)
def receptive_field(answer: object) -> None:
    "a function of [(kernel, stride), ...], first layer first -> pixels in a row behind one output"
    if not callable(answer):
        raise Wrong("The answer should be a function of a list of (kernel, stride).")
    published = [(4, 2), (4, 2), (4, 2), (4, 1), (4, 1)]
    for layers in ([(3, 1)], [(4, 2), (3, 1)], [(1, 1), (1, 1)], [(3, 1), (5, 3)], published):
        close(f"receptive_field({layers})", float(answer(layers)), float(_counted(layers)))


@exercise(
    "F.interpolate(x, scale_factor=2, mode='nearest') doubles the side.",
    "nn.Conv2d(inputs, outputs, 3, padding=1) keeps it.",
    "nn.Upsample(scale_factor=2) is the same as a layer: both fit into an nn.Sequential.",
)
def resize_block(answer: object) -> None:
    "a function (inputs, outputs) -> a module x (B, inputs, H, W) -> (B, outputs, 2H, 2W), no grid"
    block = answer(3, 5) if callable(answer) else None
    if not isinstance(block, nn.Module):
        raise Wrong("The answer should be a function of two numbers that returns an nn.Module.")
    x = torch.randn(2, 3, 8, 6)
    same_shape("The output for (2, 3, 8, 6)", value(block, x), (2, 5, 16, 12))
    if not any(isinstance(layer, nn.Conv2d) for layer in block.modules()):
        raise Wrong("There is no nn.Conv2d in the block: what would it learn?")
    inside = value(block, torch.ones(1, 3, 8, 8) * torch.rand(1, 3, 1, 1))[..., 4:-4, 4:-4]
    if float((inside - inside[..., :1, :1]).detach().abs().max()) > 1e-5:
        raise Wrong("On a flat field the output is not flat away from the border: it has a grid.")
    has_gradient("The block's output", block(x).sum(), *_weights(block))


@exercise(
    "F.binary_cross_entropy_with_logits(logits, torch.ones_like(logits)) asks for 'real'.",
    "The discriminator's loss is halved: (real + fake) / 2.",
    "The generator asks for 'real' on its own logits, and adds weight * F.l1_loss(picture, truth).",
)
def losses(answer: object) -> None:
    "a function (real, fake, picture, truth, weight) -> (discriminator's loss, generator's loss)"
    if not callable(answer):
        raise Wrong("The answer should be a function of real, fake, picture, truth, weight.")
    real, fake = (torch.randn(2, 1, 4, 4, requires_grad=True) for _ in range(2))
    picture, truth = torch.rand(2, 3, 8, 8, requires_grad=True), torch.rand(2, 3, 8, 8)
    found = answer(real, fake, picture, truth, 30.0)
    if not isinstance(found, tuple) or len(found) != 2:
        raise Wrong("The answer should return two losses, the discriminator's first.")
    on_real, on_fake = F.softplus(-real).mean(), F.softplus(fake).mean()  # -log D, -log(1 - D)
    close("The discriminator's loss", found[0], ((on_real + on_fake) / 2).detach())
    l1 = (picture - truth).abs().mean()
    right = (F.softplus(-fake).mean() + 30.0 * l1).detach()
    saturating = (30.0 * l1 - F.softplus(fake).mean()).detach()
    if torch.allclose(torch.as_tensor(found[1]).detach(), saturating, atol=1e-5):
        raise Wrong(
            "The generator's loss is log(1 - D), which is flat where D is sure: use -log D."
        )
    close("The generator's loss", found[1], right)
    has_gradient("The discriminator's loss", found[0], real, fake)
    has_gradient("The generator's loss", found[1], fake, picture)


@exercise(
    "PatchDiscriminator takes the number of input channels: 3 where the photo is left out.",
    "It joins two pictures on the channels: give it photo[:, :0], which has none, and the picture.",
)
def unconditional(answer: object) -> None:
    "an nn.Module (photo, picture), both (B, 3, S, S) -> logits (B, 1, h, w) of the picture alone"
    if not isinstance(answer, nn.Module):
        raise Wrong("The answer should be an nn.Module, not its class.")
    photo, other, picture = (torch.randn(2, 3, 32, 32) for _ in range(3))
    found = value(answer, photo, picture)
    if found.ndim != 4 or found.shape[:2] != (2, 1) or found.shape[-1] < 2:
        raise Wrong(f"The logits have the shape {tuple(found.shape)}: (B, 1, h, w) is one a patch.")
    close("Beside another photo the logits", answer(other, picture), found.detach())
    if torch.allclose(answer(photo, other).detach(), found.detach(), atol=1e-6):
        raise Wrong("The logits are the same for another picture: what does it classify?")


def _weights(block: nn.Module) -> list[Tensor]:
    return [weight for weight in block.parameters() if weight.ndim == 4]


def _counted(layers: list[tuple[int, int]]) -> int:
    """By counting: which inputs of a line reach its first output."""
    seen = {0}
    for kernel, stride in reversed(layers):
        seen = {place * stride + step for place in seen for step in range(kernel)}
    return max(seen) - min(seen) + 1
