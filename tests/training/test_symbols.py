import pytest
import torch
from torch import nn
from torch.nn import functional as F

from coursekit.datasets.sequences import reversed_prefix
from coursekit.models.seq2seq import Decoder, Encoder, Seq2Seq
from coursekit.training.symbols import CountingLoss, score, share


class Fixed(nn.Module):
    """Predicts the target it was given, fed the truth; the start symbol, free running."""

    def __init__(self, target):
        super().__init__()
        self.target = target

    def forward(self, source, shifted):
        return 20.0 * F.one_hot(self.target, 51).float()

    def predict_sequence(self, source, *, steps):
        free = self.target.clone()
        free[: len(free) // 4, -1] = 0  # a quarter of the sequences ends wrong
        return free, None


def test_teacher_forcing_and_free_running_are_scored_apart():
    data = reversed_prefix(40, generator=torch.Generator().manual_seed(0))
    found = score(Fixed(data.target), data)
    assert found["teacher forcing"] == 1 and found["exact match"] == 0.75
    assert found["free running"] == pytest.approx(1 - 0.25 / 3)
    assert found["exact match, teacher forcing"] == 1


def test_whole_sequences_are_right_in_both_modes_or_in_none():
    data = reversed_prefix(
        300, length=3, target=3, cardinality=3, generator=torch.Generator().manual_seed(0)
    )
    torch.manual_seed(3)
    model = Seq2Seq(Encoder(3, 8), Decoder(3, 8))
    found = score(model, data)
    assert found["exact match"] == found["exact match, teacher forcing"] > 0
    assert found["free running"] != found["teacher forcing"]


def test_the_loss_is_cross_entropy_and_counts_right_symbols():
    data = reversed_prefix(40, generator=torch.Generator().manual_seed(0))
    half = data.target.clone()
    half[:20] = 0
    loss, model = CountingLoss(), Fixed(half)
    value = loss(model, data)
    expected = F.cross_entropy(model(None, None).flatten(0, 1), data.target.flatten())
    torch.testing.assert_close(value, expected)
    assert loss.accuracy() == 0.5 and loss.accuracy() == 0


def test_a_share_of_nothing_is_none():
    assert share(torch.tensor([True, False])) == 0.5 and share(torch.zeros(0)) == 0
