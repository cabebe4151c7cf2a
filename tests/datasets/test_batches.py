import pytest
import torch

from coursekit.datasets.batches import Batches, to_float


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_to_float_scales_bytes_only():
    assert to_float(torch.tensor([0, 51, 255], dtype=torch.uint8)).tolist() == pytest.approx(
        [0.0, 0.2, 1.0]
    )
    labels = torch.tensor([3, 4])
    assert to_float(labels) is labels


def test_every_example_once_an_epoch_and_pairs_stay_together():
    values = torch.arange(10)
    batches = Batches(values, values * 2, batch_size=4, generator=seeded())
    epoch = list(batches)
    assert [len(x) for x, _ in epoch] == [4, 4, 2] and len(batches) == 3
    assert torch.cat([x for x, _ in epoch]).sort().values.tolist() == list(range(10))
    assert all(torch.equal(y, 2 * x) for x, y in epoch)


def test_without_generator_order_stays_and_last_can_be_dropped():
    batches = Batches(torch.arange(10), batch_size=4, drop_last=True)
    assert [x.tolist() for (x,) in batches] == [[0, 1, 2, 3], [4, 5, 6, 7]] and len(batches) == 2


def test_order_is_the_generators_and_continues_from_its_state():
    generator = seeded(5)
    batches = Batches(torch.arange(50), batch_size=50, generator=generator)
    first, state = next(iter(batches))[0], generator.get_state()
    second = next(iter(batches))[0]
    assert not torch.equal(first, second)
    assert torch.equal(first, torch.randperm(50, generator=seeded(5)))
    generator.set_state(state)
    assert torch.equal(next(iter(batches))[0], second)


def test_transform_sees_floats_and_comes_last():
    images = torch.full((4, 2, 2), 255, dtype=torch.uint8)
    batches = Batches(images, torch.arange(4), batch_size=2, transform=lambda x, y: x[:, None] * 2)
    (batch,) = next(iter(batches))
    assert batch.shape == (2, 1, 2, 2) and batch.eq(2).all()


def test_images_in_memory_are_not_written_to():
    images = torch.full((4, 2), 7, dtype=torch.uint8)
    for (batch,) in Batches(images, batch_size=2):
        batch.zero_()
    floats = torch.ones(4, 2)
    assert (
        images.eq(7).all()
        and next(iter(Batches(floats, batch_size=4, generator=seeded())))[0].eq(1).all()
    )


def test_unequal_lengths_are_refused():
    with pytest.raises(ValueError, match="one length"):
        Batches(torch.zeros(3), torch.zeros(4), batch_size=2)
