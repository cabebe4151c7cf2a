import pytest
import torch

from coursekit.datasets.sequences import Stream, reversed_prefix


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_target_is_the_prefix_reversed_and_shifted_starts_with_zero():
    source, shifted, target = reversed_prefix(500, generator=seeded())
    assert source.shape == (500, 6) and target.shape == shifted.shape == (500, 3)
    for x, s, y in zip(source.tolist(), shifted.tolist(), target.tolist(), strict=True):
        assert y == [x[2], x[1], x[0]] and s == [0, x[2], x[1]]


def test_integers_use_the_whole_range_without_the_start_symbol():
    source, _, _ = reversed_prefix(5000, generator=seeded())
    assert source.unique().tolist() == list(range(1, 51)) and source.dtype == torch.int64


def test_other_lengths_and_the_same_seed():
    a, b = (
        reversed_prefix(4, length=12, target=12, cardinality=5, generator=seeded(3))
        for _ in range(2)
    )
    assert a.source.shape == (4, 12) and torch.equal(a.target, a.source.flip(1))
    assert all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


def test_a_target_longer_than_the_source_is_refused():
    with pytest.raises(ValueError, match="target is 7"):
        reversed_prefix(4, target=7, generator=seeded())


def test_a_stream_draws_new_sequences_at_each_pass_in_whole_batches():
    stream = Stream(64, batch_size=16, length=8, target=4, generator=seeded(2))
    first, second = list(stream), list(stream)
    assert (
        len(stream) == len(first) == 4
        and first[0].source.shape == (16, 8)
        and first[0].target.shape == (16, 4)
    )
    assert not torch.equal(first[0].source, second[0].source)
    expected = seeded(2)
    for batches in (first, second):
        whole = reversed_prefix(64, length=8, target=4, generator=expected)
        assert torch.equal(torch.cat([batch.source for batch in batches]), whole.source)


def test_a_stream_of_broken_batches_is_refused():
    with pytest.raises(ValueError, match="100 samples are not whole batches of 32"):
        Stream(100, batch_size=32, generator=seeded())
