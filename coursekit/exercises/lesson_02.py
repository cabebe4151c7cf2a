"""Checks of lesson 02: a mean of trusted pixels, a loss in decibels, a variance, a wave."""

import torch
from torch import Tensor
from torch.nn import functional as F

from coursekit.exercises.checks import Wrong, close, exercise, has_gradient, same_shape, true, value
from coursekit.metrics import psnr
from coursekit.models.denoiser import clip
from coursekit.models.score import Ring
from coursekit.transforms import noise


@exercise(
    "With sound = ((y > 0) & (y < 1)).float(), sums over windows are convolutions with ones.",
    "Divide the window sums of y * sound by those of sound, with zero padding for both.",
    "torch.where(mask, a, b) takes a where the mask is true, and b elsewhere.",
)
def trusted_mean(answer: object) -> None:
    """a function (y (N, 1, H, W)) -> the same shape: extreme pixels become the mean of their
    neighbors that are not extreme
    """
    y = noise.salt_and_pepper(torch.rand(2, 1, 9, 8), amount=0.4, generator=_rng())
    y[0, 0, :3, :3] = 1  # its corner has no neighbor to trust
    given = y.clone()
    found = value(answer, y)
    true(torch.equal(y, given), "Your answer changed its input: return a new tensor.")
    same_shape("trusted_mean(y)", found, y.shape)
    sound = (y > 0) & (y < 1)
    close("trusted_mean(y) where y is neither 0 nor 1", found[sound], y[sound])
    wide = F.pad(y.where(sound, torch.nan), (1, 1, 1, 1), value=torch.nan)
    mean = wide.unfold(2, 3, 1).unfold(3, 3, 1).flatten(-2).nanmean(-1)
    alone = mean.isnan()
    close("trusted_mean(y) without a neighbor to trust", found[alone], y[alone])
    rest = ~sound & ~alone
    close("trusted_mean(y) where y is 0 or 1", found[rest], mean[rest])


@exercise(
    "The error of one picture: clip(found) - clean, squared, mean over all but the first axis.",
    "PSNR is -10 log10 of the error, so minus its mean is the mean of 10 log10(error + 1e-6).",
    "The mean of logarithms is not the logarithm of the mean: first log10, then mean.",
)
def psnr_loss(answer: object) -> None:
    """a function (found, clean, both (B, 1, H, W)) -> minus the mean PSNR of the clipped pictures,
    whose gradient ignores the clipping
    """
    found, clean = 3 * torch.randn(3, 1, 4, 4), torch.rand(3, 1, 4, 4)
    found[0], clean[0, 0, 0] = clean[0] + 0.01, 0
    found[1, 0, 0], clean[1, 0, 0] = -1, 0
    found.requires_grad_()
    loss = value(answer, found, clean)
    same_shape("psnr_loss(found, clean)", loss, ())
    right = 10 * ((clip(found) - clean).square().mean((1, 2, 3)) + 1e-6).log10().mean()
    close("psnr_loss(found, clean)", loss, right)
    has_gradient("psnr_loss", loss, found)
    (mine,), (expected,) = (torch.autograd.grad(one, found) for one in (loss, right))
    outside = (found < 0) | (found > 1)
    close("the gradient where found is outside [0, 1]", mine[outside], expected[outside])
    close("the gradient", mine, expected)


@exercise(
    "y must require gradients: y = y.detach().requires_grad_().",
    "torch.autograd.grad(f(y)[:, d].sum(), y, retain_graph=True) has column d of every slope.",
    "Keep entry d of it, once for each d, and multiply by sigma**2.",
)
def uncertainty(answer: object) -> None:
    """a function (denoise, y (N, D), sigma) -> the variance of each coordinate of x given y"""
    ring, sigma, y = Ring(), 0.7, torch.randn(20, 2)

    def parts(points: Tensor) -> tuple[Tensor, Tensor, float]:
        """Of the five components: their shares, means and variance, given the points."""
        distance = ring.centers - points[:, None]
        variance = ring.spread**2 + sigma**2
        share = torch.softmax(-distance.square().sum(-1) / (2 * variance), 1)[..., None]
        mean = points[:, None] + sigma**2 / variance * distance
        return share, mean, ring.spread**2 * sigma**2 / variance

    def denoise(points: Tensor) -> Tensor:
        """The best answer: the mean of the components' answers."""
        share, mean, _ = parts(points)
        return (share * mean).sum(1)

    found = value(answer, denoise, y, sigma)
    same_shape("uncertainty(denoise, y, sigma)", found, y.shape)
    share, mean, inner = parts(y)
    variance = (share * mean.square()).sum(1) - denoise(y).square() + inner
    close("the variances of five Gaussians", found, variance)


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
