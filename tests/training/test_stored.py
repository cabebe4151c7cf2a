"""Answers stored as JPEG before the discriminator: what it sees, and that gradients pass."""

import pytest
import torch
from torch import nn

from coursekit.metrics.light import as_jpeg
from coursekit.training.stored import StoredPix2PixLoss, stored


class Mean(nn.Module):
    """A discriminator whose logit is its weight times the picture's mean square."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(1.0))

    def forward(self, photo, picture):
        return self.weight * picture.square().mean((1, 2, 3), keepdim=True)


def noisy():
    return torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_stored_is_the_file_and_the_gradient_passes():
    fake = noisy().requires_grad_()
    seen = stored(fake)
    assert torch.allclose(seen, as_jpeg((noisy() + 1) / 2) * 2 - 1, atol=1e-5)
    assert float((seen - fake).detach().abs().mean()) > 0.01
    seen.sum().backward()
    assert torch.equal(fake.grad, torch.ones_like(fake))


def test_the_discriminator_sees_files_and_l1_does_not():
    loss, batch = StoredPix2PixLoss(weight=10), (noisy(), torch.zeros(2, 3, 16, 16))
    fake = noisy().requires_grad_()
    terms = loss.generator_loss(Mean(), batch, fake)
    assert float(terms["l1"].detach()) == pytest.approx(float(fake.detach().abs().mean()))
    adversarial = nn.functional.softplus(-stored(noisy()).square().mean((1, 2, 3))).mean()
    assert float(terms["adversarial"].detach()) == pytest.approx(float(adversarial), rel=1e-4)
    judge = Mean()
    loss.discriminator_loss(judge, batch, fake.detach())["loss"].backward()
    assert judge.weight.grad is not None
