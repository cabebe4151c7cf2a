"""The bundled samples as lessons load them."""

import shutil

import pytest
import torch

from coursekit import config, datasets
from coursekit.datasets.crops import cut
from coursekit.datasets.images import Pictures
from coursekit.datasets.report import Report
from coursekit.errors import DataError, UsageError

FEW = {"views_per_drawing": 4}
SHAPES = {  # name: options, shape of a picture, at least so many to train
    "fashion-mnist": ({}, (28, 28), 10_000),
    "mnist": ({}, (28, 28), 6_000),
    "photos": ({"patches_per_photo": 2}, (32, 32, 3), 200),
    "manga-faces": ({}, (64, 64, 3), 1_500),
    "cartoon-faces": ({}, (64, 64, 3), 1_500),
    "fruits": (FEW, (100, 100, 3), 30),
    "animals": (FEW, (28, 28), 60),
    "satellite-relief": ({}, (256, 256, 3), 100),
    "emoji": ({}, (64, 64, 3), 1_000),
}


@pytest.mark.parametrize("name", ["fruits", "animals"])
@pytest.mark.parametrize("count", [1, 0])
def test_too_few_views_are_refused(name, count):
    with pytest.raises(UsageError, match=f"views_per_drawing is {count}: give 2 or more"):
        datasets.load(name, views_per_drawing=count)


@pytest.mark.parametrize("name", SHAPES)
def test_sample_has_the_stated_form(name):
    options, shape, least = SHAPES[name]
    loaded = datasets.load(name, **options)
    assert loaded.kind == "bundled" and len(loaded.sha256) == 64 and loaded.title and loaded.license
    assert (
        len(loaded.train) >= least and len(loaded.test) >= least / 20 and not loaded.report.left_out
    )
    for split in (loaded.train, loaded.test):
        assert split.images.shape == (len(split), *shape) and split.images.dtype == torch.uint8
        assert split.labels.shape == (len(split),) and split.labels.dtype == torch.int64
        assert split.labels.min() >= 0 and split.labels.max() < len(loaded.classes)
    if name in ("satellite-relief", "emoji"):
        assert loaded.train.targets.shape == loaded.train.images.shape


def test_relief_is_split_by_place_as_its_index_says():
    loaded = datasets.load("satellite-relief", size=32)
    rows = (
        (config.BUNDLED / "satellite-relief/index.csv").read_text(encoding="utf-8").splitlines()[1:]
    )
    said = {
        split: {row.split(",")[0] for row in rows if row.split(",")[1] == split}
        for split in ("train", "test")
    }
    assert {"train": set(loaded.train.names), "test": set(loaded.test.names)} == said
    assert len(loaded.train) + len(loaded.test) == len(rows)


def test_paintings_have_sizes_of_their_own():
    loaded = datasets.load("paintings", size=200)
    images = [*loaded.train.images, *loaded.test.images]
    assert len({tuple(image.shape) for image in images}) > 1 and all(
        max(image.shape) == 200 for image in images
    )
    assert not set(loaded.train.names) & set(loaded.test.names)


def test_patches_of_one_photo_are_on_one_side_and_every_category_on_both():
    loaded = datasets.load("photos", patches_per_photo=3)
    assert not set(loaded.train.names) & set(loaded.test.names)
    assert (
        loaded.train.labels.unique().tolist()
        == loaded.test.labels.unique().tolist()
        == list(range(len(loaded.classes)))
    )
    assert len(loaded.classes) >= 2
    first = loaded.train.names[0]
    assert loaded.train.names[:3] == (first,) * 3 and first.startswith(loaded.classes[0])


def test_seed_decides_the_patches():
    one, same, other = (
        datasets.load("photos", patches_per_photo=1, seed=seed).train.images for seed in (0, 0, 1)
    )
    assert torch.equal(one, same) and not torch.equal(one, other)


def test_more_photos_leave_the_others_patches_as_they_are():
    images = [torch.randint(0, 256, (160, 200, 3), dtype=torch.uint8) for _ in range(6)]
    names = tuple(f"a/{n}.jpg" for n in range(6))

    def patches(count):
        splits = cut(
            Pictures(images[:count], names[:count], Report()),
            torch.zeros(count, dtype=torch.int64),
            size=8,
            count=2,
            seed=0,
            test_share=0.0,
        )
        return splits["train"].images if count else None

    assert torch.equal(patches(6)[:8], patches(4))


def test_patches_are_smooth_not_aliased():
    """A fine checkerboard seen from afar is gray: what a crop shrinks, it must average."""
    board = (torch.arange(160)[:, None] + torch.arange(160)).remainder(2).mul(255).to(torch.uint8)
    photo = board[..., None].expand(-1, -1, 3).contiguous()
    splits = cut(
        Pictures([photo], ("a/b.jpg",), Report()),
        torch.zeros(1, dtype=torch.int64),
        size=16,
        count=20,
        seed=0,
        test_share=0.0,
    )
    assert (splits["train"].images.float() - 127.5).abs().mean() < 16


def test_one_class_of_photos_as_one_of_cifar10():
    every = datasets.load("photos", patches_per_photo=1)
    one = datasets.load("photos", patches_per_photo=1, classes=[every.classes[0]])
    keep = every.train.labels == 0
    assert (
        torch.equal(one.train.images, every.train.images[keep]) and one.classes == every.classes[:1]
    )


def test_views_differ_and_lie_on_white():
    loaded = datasets.load("fruits", **FEW)
    a, b = loaded.train.images[:2]
    assert not torch.equal(a, b) and loaded.train.images[:, 0, 0].eq(255).all()


def test_unknown_option_suggests():
    with pytest.raises(
        UsageError, match="unknown option 'patches': did you mean patches_per_photo"
    ):
        datasets.load("photos", patches=3)


def test_set_without_a_sample_names_another():
    with pytest.raises(
        DataError, match=r"cifar10 has no bundled sample: datasets.load\('photos'\) stands in"
    ):
        datasets.load("cifar10")


def test_damaged_sample_is_refused_with_the_way_back(tmp_path, monkeypatch):
    shutil.copytree(config.BUNDLED / "mnist", tmp_path / "mnist")
    file = tmp_path / "mnist" / "t10k-labels-idx1-ubyte.gz"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    monkeypatch.setattr(config, "BUNDLED", tmp_path)
    with pytest.raises(
        DataError,
        match="damaged .t10k-labels-idx1-ubyte.gz: content differs.*git checkout -- data/mnist",
    ):
        datasets.load("mnist")
