"""Checks of lesson 10: a transposed convolution, its output padding, averaged weights, hinge."""

import torch
from torch.nn import functional as F

from coursekit.exercises import checks
from coursekit.exercises.checks import Wrong, close, exercise, same_shape, true, value


@exercise(
    "Start from zeros of the output's size. Loop over the input's pixels and add to a slice.",
    "Pixel (i, j) adds x[i, j] * kernel to out[i * stride : i * stride + K, j * stride : ...].",
)
def scatter(answer: object) -> None:
    """answer(x (H, W), kernel (K, L), stride) -> the output of the transposed convolution."""
    for shape, kernel_shape, stride in (((2, 2), (2, 2), 1), ((3, 4), (4, 3), 2), ((2, 3), 1, 3)):
        sides = kernel_shape if isinstance(kernel_shape, tuple) else (kernel_shape,) * 2
        x, kernel = torch.randn(shape), torch.randn(sides)
        right = F.conv_transpose2d(x[None, None], kernel[None, None], stride=stride)[0, 0]
        found = value(answer, x, kernel, stride, what="scatter")
        call = f"scatter(x {shape}, kernel {sides}, stride {stride})"
        same_shape(call, found, right.shape)
        close(call, found, right)


@exercise(
    "Set (n - 1) stride + kernel - 2 padding + output_padding = stride n. What is left of n?",
    "output_padding = stride - kernel + 2 padding, if that is at least 0 and below the stride.",
)
def exact_output_padding(answer: object) -> None:
    """answer(kernel, stride, padding) -> an int, or None where none can do it."""
    true(callable(answer), "exact_output_padding should be a function.")
    for kernel, stride, padding in _cases():
        found = answer(kernel, stride, padding)  # type: ignore[operator]
        right = stride - kernel + 2 * padding
        expected = right if 0 <= right < stride else None
        if found is not expected and found != expected:
            raise Wrong(
                f"For kernel {kernel}, stride {stride}, padding {padding} it is {found} and "
                f"should be {expected}."
            )
        if expected is None and found is not None:
            raise Wrong("Where none can do it, return None.")


def _cases() -> list[tuple[int, int, int]]:
    """The lesson's two kernels, one that cannot do it either way, and three at random."""
    chosen = [(5, 2, 2), (4, 2, 1), (6, 2, 1), (2, 2, 1), (5, 1, 2)]
    low, high = torch.tensor([1, 1, 0]), torch.tensor([7, 5, 4])
    for _ in range(3):
        kernel, stride, padding = (low + (torch.rand(3) * (high - low)).long()).tolist()
        chosen.append((kernel, stride, padding))
    return chosen


@exercise(
    "The average starts as the first weights. Each later step mixes it with the new ones.",
    "average = decay * average + (1 - decay) * now, in the order of the steps.",
)
def running_average(answer: object) -> None:
    """answer(weights (T, N), decay) -> the average after the last step (N,)."""
    weights = torch.randn(6, 3)
    for decay in (0.9, 0.5, 0.0):
        found = value(answer, weights, decay, what="running_average")
        same_shape("running_average(weights (6, 3), decay)", found, (3,))
        powers = decay ** torch.arange(5.0, -1, -1)  # of step 0, the oldest, to step 5
        shares = torch.cat([powers[:1], (1 - decay) * powers[1:]])
        if decay and torch.allclose(found, (shares.flip(0)[:, None] * weights).sum(0), atol=1e-5):
            raise Wrong("The steps are taken in the wrong order: the last one counts most.")
        close(f"running_average(weights, {decay})", found, (shares[:, None] * weights).sum(0))


@exercise(
    "max(0, a) is F.relu(a). The discriminator wants real above 1 and generated below -1.",
    "F.relu(1 - on_real).mean() + F.relu(1 + on_fake).mean(), and -on_fake.mean().",
)
def hinge_losses(answer: object) -> None:
    """answer(on_real (B, 1), on_fake (B, 1)) -> the losses of discriminator and generator."""
    true(callable(answer), "hinge_losses should be a function.")
    on_real, on_fake = (3 * torch.randn(8, 1)).requires_grad_(), torch.randn(8, 1).requires_grad_()
    found = answer(on_real, on_fake)  # type: ignore[operator]
    true(isinstance(found, tuple) and len(found) == 2, "Return two losses: (D's, G's).")
    margins = [torch.stack([1 - s for s in on_real]), torch.stack([1 + s for s in on_fake])]
    right = sum(torch.where(m > 0, m, torch.zeros_like(m)).sum() / len(m) for m in margins)
    for name, loss in zip(("the discriminator's loss", "the generator's loss"), found):
        same_shape(name, loss, ())
    if torch.allclose(found[1], on_fake.mean(), atol=1e-5):
        raise Wrong("The generator wants a large logit, so its loss is minus the mean.")
    close("the discriminator's loss", found[0], right)
    close("the generator's loss", found[1], -on_fake.sum() / 8)
    checks.has_gradient("the discriminator's loss", found[0], on_real, on_fake)
    checks.has_gradient("the generator's loss", found[1], on_fake)
