"""Code statistics against distributions whose entropy is known."""

import math

import pytest
import torch

from coursekit.metrics import codes


def test_one_code_alone_has_perplexity_one_and_no_entropy():
    same = torch.full((5, 4, 4), 3)
    assert codes.perplexity(same, codes=8) == 1.0
    assert codes.entropy_bits(same, codes=8) == 0.0
    assert codes.share_in_use(same, codes=8) == 1 / 8


@pytest.mark.parametrize("count", [2, 7, 256])
def test_equal_use_has_the_perplexity_of_its_count(count):
    every = torch.arange(count).repeat(3)
    assert codes.perplexity(every, codes=count) == pytest.approx(count)
    assert codes.perplexity(every, codes=2 * count) == pytest.approx(
        count
    )  # unused codes change nothing
    assert codes.share_in_use(every, codes=count) == 1.0


def test_entropy_of_a_distribution_worked_by_hand():
    indices = torch.tensor([[0, 0, 0, 0], [1, 1, 2, 3]])  # 1/2, 1/4, 1/8, 1/8
    assert codes.entropy_bits(indices, codes=5) == pytest.approx(1.75)
    assert codes.perplexity(indices, codes=5) == pytest.approx(2**1.75)
    assert codes.histogram(indices, codes=5).tolist() == [0.5, 0.25, 0.125, 0.125, 0.0]


def test_perplexity_stays_between_one_and_the_number_of_codes():
    generator = torch.Generator().manual_seed(0)
    for count in (1, 3, 16, 100):
        for size in (1, 10, 1000):
            indices = torch.randint(count, (size,), generator=generator)
            assert 1 <= codes.perplexity(indices, codes=count) <= min(count, size) * (1 + 1e-12)


def test_perplexity_of_batches_is_below_that_of_the_whole():
    """Why it is taken over the whole set: two halves that use different codes."""
    halves = torch.tensor([[0, 1], [2, 3]])
    assert [codes.perplexity(half, codes=4) for half in halves] == pytest.approx([2, 2])
    assert codes.perplexity(halves, codes=4) == pytest.approx(4)


def test_bits_are_the_cells_times_the_length_of_a_code():
    assert codes.bits_per_image(torch.zeros(9, 16, 16, dtype=torch.int64), codes=256) == 2048
    assert codes.bits_per_image(torch.zeros(9, 3, dtype=torch.int64), codes=10) == pytest.approx(
        3 * math.log2(10)
    )


@pytest.mark.parametrize(
    "indices", [torch.tensor([0, 4]), torch.tensor([-1, 0]), torch.tensor([], dtype=torch.int64)]
)
def test_indices_outside_the_codebook_are_refused(indices):
    with pytest.raises(ValueError, match="codes is 4|no indices"):
        codes.histogram(indices, codes=4)
