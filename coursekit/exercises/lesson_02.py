"""Checks of lesson 02: the switching median, a loss of clipped answers, Tweedie's score, a wave."""

import torch
from torch import Tensor

from coursekit.exercises.checks import Wrong, close, exercise, has_gradient, same_shape, true, value
from coursekit.metrics import psnr
from coursekit.models.denoiser import denoising_loss
from coursekit.models.score import Ring
from coursekit.transforms import filters, noise


@exercise(
    "filters.median(y) gives the median of every pixel's window.",
    "torch.where(mask, a, b) takes a where the mask is true, and b elsewhere.",
)
def switching(answer: object) -> None:
    """a function (y (N, 1, H, W)) -> the same shape: the 3x3 median where y is exactly 0 or 1"""
    y = noise.salt_and_pepper(torch.rand(2, 1, 9, 8), amount=0.3, generator=_rng())
    given = y.clone()
    found = value(answer, y)
    true(torch.equal(y, given), "Your answer changed its input: return a new tensor.")
    same_shape("switching(y)", found, y.shape)
    sound = (y > 0) & (y < 1)
    close("switching(y) where y is neither 0 nor 1", found[sound], y[sound])
    close("switching(y) where y is 0 or 1", found[~sound], filters.median(y)[~sound])


@exercise(
    "Clip to [0, 1], subtract the clean picture, square, and take the mean.",
    "The gradient of .clamp is zero outside [0, 1]: a pixel at -0.5 would never learn to rise.",
    "x + (x.clamp(0, 1) - x).detach() has the clipped value and the gradient of x.",
)
def clipped_loss(answer: object) -> None:
    """a function (answers, clean, both (B, 1, H, W)) -> the mean squared error of the clipped
    answers, whose gradient ignores the clipping
    """
    answers, clean = 3 * torch.randn(2, 1, 4, 4), torch.rand(2, 1, 4, 4)
    answers[0, 0, 0], clean[0, 0, 0] = -1, 0
    answers.requires_grad_()
    loss = value(answer, answers, clean)
    same_shape("clipped_loss(answers, clean)", loss, ())
    right = denoising_loss(lambda _: answers, (clean, clean))  # type: ignore[arg-type]
    close("clipped_loss(answers, clean)", loss, right)
    has_gradient("clipped_loss", loss, answers)
    (mine,), (expected,) = (torch.autograd.grad(one, answers) for one in (loss, right))
    outside = (answers < 0) | (answers > 1)
    close("the gradient where the answers are outside [0, 1]", mine[outside], expected[outside])
    close("the gradient", mine, expected)


@exercise(
    "Tweedie: E[x | y] = y + sigma^2 * score. Solve it for the score.",
    "(denoise(y) - y) / sigma**2",
)
def tweedie(answer: object) -> None:
    """a function (denoise, y (N, D), sigma) -> the score of the noisy points, (N, D)"""
    ring, sigma, y = Ring(), 0.7, torch.randn(20, 2)

    def denoise(points: Tensor) -> Tensor:
        """The best answer: the mean of the components, each shrunk towards its center."""
        distance = ring.centers - points[:, None]
        variance = ring.spread**2 + sigma**2
        share = torch.softmax(-distance.square().sum(-1) / (2 * variance), 1)[..., None]
        near = points[:, None] + sigma**2 / variance * distance
        return (share * near).sum(1)

    found = value(answer, denoise, y, sigma)
    same_shape("tweedie(denoise, y, sigma)", found, y.shape)
    close("the score of five Gaussians", found, ring.score(y, sigma))


@exercise(
    "Build all waves amplitude * sin(2 pi s / period + phase), with s = i sin(a) + j cos(a).",
    "60 directions times 12 phases are enough. Subtract each and keep the smoothest result.",
    "Smoothness: the sum of absolute differences between neighbors. Where y is 0 the true pixel "
    "was clipped: keep 0 there.",
)
def known_wave(answer: object) -> None:
    """a function (y (N, 1, H, W), amplitude, period) -> the same shape: y without its wave"""
    small = torch.rand((4, 1, 4, 4), generator=_rng())
    clean = torch.nn.functional.interpolate(0.3 + 0.4 * small, size=(28, 28), mode="bilinear")
    y = noise.periodic(clean, amplitude=0.2, period=4.0, generator=_rng())
    found = value(answer, y, 0.2, 4.0)
    same_shape("known_wave(y, 0.2, 4)", found, y.shape)
    before, after = (float(psnr(one.clamp(0, 1), clean).mean()) for one in (y, found))
    if after < 25:
        raise Wrong(
            f"On four smooth pictures y has {before:.1f} dB and your answer {after:.1f} dB; "
            "it should have at least 25 dB."
        )


def _rng() -> torch.Generator:
    return torch.Generator().manual_seed(2)
