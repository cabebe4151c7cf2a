"""The half that a discriminator keeps (lesson 10)."""

import pytest
import torch
from torch import nn

from coursekit import runtime
from coursekit.models import dcgan
from coursekit.models.gan import most_real


class Bright(nn.Module):
    """A discriminator: the mean brightness is the logit."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x):
        return self.scale * x.flatten(1).mean(1, keepdim=True)


def images(count=10):
    values = torch.randperm(count, generator=runtime.generator(0, "most real")) / count
    return values[:, None, None, None].expand(-1, 1, 28, 28).contiguous()


@pytest.mark.parametrize("share, wanted", [(1.0, 10), (0.5, 5), (0.3, 3)])
def test_the_most_real_are_kept_in_their_order(share, wanted):
    x, rng = images(), runtime.generator(0)
    kept = most_real(Bright(), x, share, generator=rng, batch=4)
    brightest = x[:, 0, 0, 0].argsort(descending=True)[:wanted].sort().values
    assert torch.equal(kept, brightest)


def test_a_discriminator_that_compares_a_batch_is_asked_in_several():
    torch.manual_seed(0)
    judge = dcgan.BatchDiscriminator(width=2, hidden=4).train()
    x = torch.rand(70, 1, 28, 28)
    kept = [most_real(judge, x, 0.5, generator=runtime.generator(0), batch=32) for _ in range(2)]
    assert torch.equal(*kept) and len(kept[0]) == 35 and judge.training
