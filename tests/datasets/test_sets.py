"""Full sets by name: official layouts, folders that people have, downloads end to end, advice
where nothing is there."""

import dataclasses
import gzip
import hashlib
import io
import pickle
import struct
import sys
import tarfile
import threading
import types
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import torch
from PIL import Image
from trees import tree

from coursekit import datasets
from coursekit.datasets import catalog, idx, manage, places
from coursekit.errors import DataError, UsageError


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEKIT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def change(monkeypatch, name, **values):
    """Replace fields of a catalog entry for this test."""
    changed = tuple(
        dataclasses.replace(e, **values) if e.name == name else e for e in catalog.ENTRIES
    )
    monkeypatch.setattr(catalog, "ENTRIES", changed)
    monkeypatch.setattr(manage, "ENTRIES", changed)


def png(color, size=(32, 32)):
    buffer = io.BytesIO()
    Image.new("RGB", size, color).save(buffer, "PNG")
    return buffer.getvalue()


def zipped(path, files):
    with zipfile.ZipFile(path, "w") as file:
        for name, content in files.items():
            file.writestr(name, content)
    return path


FOLDERS = {
    f"cifar10/{split}/{label}/{n:04}.png": png((n, value, 0))
    for split, count in (("train", 12), ("test", 4))
    for label, value in (("horse", 70), ("cat", 20))
    for n in range(count)
}


def batch(first, count=6):
    """One of CIFAR-10's pickles as Python 2 wrote them: protocol 2, numpy's old module names,
    byte keys."""
    values = (np.arange(count * 3072) + first).astype(np.uint8).reshape(count, 3072)
    content = pickle.dumps(
        {b"data": values, b"labels": [(first + n) % 10 for n in range(count)]}, protocol=2
    )
    return content.replace(b"numpy._core", b"numpy.core")


def cifar_archive(path, **replaced):
    files = {
        **{f"data_batch_{n}": batch(n) for n in range(1, 6)},
        "test_batch": batch(7),
        "readme.html": b"<html>",
        **replaced,
    }
    with tarfile.open(path, "w:gz") as file:
        for name, content in files.items():
            info = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    return path


def test_cifar10_from_the_official_archive(tmp_path, monkeypatch):
    path = cifar_archive(tmp_path / "mine.tar.gz")
    added = manage.add("cifar10", path)
    loaded = datasets.load("cifar10", full=True)
    assert added.counts == {"train": 30, "test": 6} and loaded.classes[7] == "horse"
    first = (np.arange(3072) + 1).astype(np.uint8)
    assert (loaded.train.images[0].numpy() == first.reshape(3, 32, 32).transpose(1, 2, 0)).all()
    assert loaded.train.labels[:3].tolist() == [1, 2, 3]
    assert loaded.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_pickle_that_wants_to_run_something_is_refused(tmp_path, cache):
    class Evil:
        def __reduce__(self):
            return (exec, (f"open({str(tmp_path / 'evil')!r}, 'w')",))

    with pytest.raises(
        DataError, match="data_batch_3 is not one of CIFAR-10's pickles: it asks for .*exec"
    ):
        manage.add(
            "cifar10",
            cifar_archive(tmp_path / "mine.tar.gz", data_batch_3=pickle.dumps(Evil(), protocol=2)),
        )
    assert not (tmp_path / "evil").exists() and not list((cache / "sets").iterdir())


def test_official_name_with_other_content_is_refused(tmp_path):
    with pytest.raises(DataError, match="official name, but its sha256 is not 6d958be0"):
        manage.add("cifar10", cifar_archive(tmp_path / "cifar-10-python.tar.gz"))


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_folders_with_splits_and_classes(tmp_path, form):
    path = (
        tree(tmp_path / "mine", FOLDERS)
        if form == "folder"
        else zipped(tmp_path / "mine.zip", FOLDERS)
    )
    manage.add("cifar10", path)
    loaded = datasets.load("cifar10", full=True)
    assert loaded.classes == ["cat", "horse"] and loaded.train.images.shape == (24, 32, 32, 3)
    assert loaded.train.labels.tolist() == [0] * 12 + [1] * 12
    assert loaded.train.images[13, 0, 0].tolist() == [1, 70, 0]


def test_only_the_classes_asked_for_in_that_order(tmp_path):
    manage.add("cifar10", tree(tmp_path / "mine", FOLDERS))
    horses = datasets.load("cifar10", full=True, classes=["horse"])
    assert horses.classes == ["horse"] and horses.test.images.shape == (4, 32, 32, 3)
    assert horses.test.images[..., 1].eq(70).all() and horses.test.labels.eq(0).all()
    assert horses.test.names[3].endswith("test/horse/0003.png")
    assert (
        datasets.load("cifar10", full=True, classes=["horse", "cat"]).train.labels.tolist()
        == [1] * 12 + [0] * 12
    )
    with pytest.raises(UsageError, match="unknown class 'hors' in cifar10: did you mean horse"):
        datasets.load("cifar10", full=True, classes=["hors"])


def test_same_folder_added_twice_has_one_checksum(tmp_path):
    one = manage.add("cifar10", tree(tmp_path / "one", FOLDERS))
    two = manage.add("cifar10", tree(tmp_path / "two", dict(reversed(FOLDERS.items()))))
    assert one.sha256 == two.sha256


def test_bad_pictures_are_left_out_counted_and_told_after_the_second_load_too(tmp_path):
    bad = {"cifar10/train/cat/bad.png": png((1, 2, 3))[:40], "cifar10/train/cat/empty.jpg": b""}
    added = manage.add("cifar10", tree(tmp_path / "mine", FOLDERS | bad))
    for report in (added.report, datasets.load("cifar10", full=True).report):
        assert report.read == 32 and sorted(name for name, _ in report.left_out) == sorted(bad)
    assert "2 left out: cifar10/train/cat/bad.png (truncated or damaged" in str(added)


def test_flat_faces_get_a_fixed_share_held_out(tmp_path):
    files = {f"faces/{n}.png": png((n, 0, 0), (96, 96)) for n in range(40)}
    manage.add("anime-faces", tree(tmp_path / "mine", files))
    loaded = datasets.load("anime-faces", full=True)
    assert loaded.train.images.shape == (36, 64, 64, 3) and len(loaded.test) == 4
    assert not set(loaded.train.names) & set(loaded.test.names)
    assert datasets.load("anime-faces", full=True, size=16, gray=True).train.images.shape == (
        36,
        16,
        16,
    )


def test_pairs_part_in_the_middle_and_validation_serves_as_test(tmp_path):
    pair = Image.new("RGB", (1200, 600), (255, 0, 0))
    pair.paste((0, 0, 255), (600, 0, 1200, 600))
    buffer = io.BytesIO()
    pair.save(buffer, "PNG")
    manage.add(
        "maps",
        zipped(
            tmp_path / "m.zip",
            {f"maps/{s}/{n}.png": buffer.getvalue() for s in ("train", "val") for n in "12"},
        ),
    )
    loaded = datasets.load("maps", full=True, size=64)
    assert (
        loaded.train.images.shape == loaded.train.targets.shape == (2, 64, 64, 3)
        and len(loaded.test) == 2
    )
    assert loaded.test.images[..., 0].eq(255).all() and loaded.test.targets[..., 2].eq(255).all()


def test_paintings_keep_their_sizes(tmp_path):
    sizes = [(30, 20), (10, 40), (900, 300)]
    manage.add(
        "paintings",
        tree(tmp_path / "mine", {f"{n}.png": png((n, n, n), s) for n, s in enumerate(sizes)}),
    )
    images = datasets.load("paintings", full=True).train.images
    assert [tuple(image.shape) for image in images] == [(20, 30, 3), (40, 10, 3), (171, 512, 3)]
    assert images[-1].eq(2).all() and len(images[:2]) == 2


def test_nothing_readable_leaves_nothing_in_the_cache(tmp_path, cache):
    with pytest.raises(DataError, match="cifar10 cannot be read: no readable picture"):
        manage.add(
            "cifar10", tree(tmp_path / "mine", {"train/a/1.png": b"", "test/a/1.png": b"junk"})
        )
    assert not list((cache / "sets").iterdir()) and not list((cache / "arrays").iterdir())


@pytest.mark.parametrize(
    "names, expected",
    [
        (
            [
                "Training/Apple 1/2.jpg",
                "Training/Apple 1/10.jpg",
                "Test/Apple 1/1.jpg",
            ],
            [("test", "Apple 1", "1"), ("train", "Apple 1", "2"), ("train", "Apple 1", "10")],
        ),
        (
            ["training_set/training_set/cats/cat.1.jpg", "test_set/test_set/dogs/dog.1.jpg"],
            [("test", "dogs", "dog.1"), ("train", "cats", "cat.1")],
        ),
        (
            ["maps/trainA/1_A.jpg", "maps/trainB/1_B.jpg", "maps/valA/2.jpg"],
            [("train", "A", "1_A"), ("train", "B", "1_B"), ("validation", "A", "2")],
        ),
    ],
)
def test_places_read_from_paths(names, expected):
    found = places.places(names)
    assert [
        (p.split, p.label, p.name.rpartition("/")[2].removesuffix(".jpg")) for p in found
    ] == expected


def test_holding_out_does_not_depend_on_the_company():
    names = [f"{n}.jpg" for n in range(1000)]
    test = places.held_out_names(names, share=0.1)
    assert len(test) == 100 and test == places.held_out_names(reversed(names), share=0.1)


def test_idx_round_and_damaged():
    array = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    content = struct.pack(">4B3I", 0, 0, 8, 3, 2, 3, 4) + array.tobytes()
    assert (idx.parse(content) == array).all() and (
        idx.parse(gzip.compress(content)) == array
    ).all()
    for bad, message in (
        (content[:-1], "holds 23 bytes, but its header says 24"),
        (b"", "starts with nothing"),
        (gzip.compress(content)[:-9], "is damaged"),
        (b"<html></html>", "not an IDX file"),
    ):
        with pytest.raises(DataError, match=message):
            idx.parse(bad, "x")


# Downloads end to end


@pytest.fixture
def site(tmp_path):
    folder = tmp_path / "site"
    folder.mkdir()

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def serve_facades(site, monkeypatch, **options):
    folder, url = site
    path = folder / "facades.tar.gz"
    with tarfile.open(path, "w:gz") as file:
        for split in ("train", "val", "test"):
            info = tarfile.TarInfo(f"facades/{split}/1.png")
            content = png((9, 9, 9), (512, 256))
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    change(
        monkeypatch,
        "facades",
        remotes=(catalog.Remote("facades.tar.gz", (url + "facades.tar.gz",), **options),),
    )
    return path


def test_download_is_checked_decoded_and_loaded(site, monkeypatch, cache):
    path = serve_facades(site, monkeypatch)
    steps = []
    added = manage.download("facades", progress=lambda *step: steps.append(step))
    assert added.counts == {"train": 1, "validation": 1, "test": 1}
    assert steps[-1][0] == path.stat().st_size and datasets.load(
        "facades", full=True
    ).test.images.shape == (1, 256, 256, 3)
    row = next(row for row in manage.status() if row["name"] == "facades")
    assert row["full"] == "downloaded" and all(row["ok"] for row in manage.verify(["facades"]))
    assert not list((cache / "partial").rglob("*.gz*"))


def test_load_downloads_what_has_an_open_address_unless_forbidden(site, monkeypatch):
    serve_facades(site, monkeypatch)
    with pytest.raises(
        DataError,
        match="the full facades is not on this machine. Run `coursekit data download facades`",
    ):
        datasets.load("facades", full=True, download=False)
    assert len(datasets.load("facades", full=True).train) == 1


def test_first_download_is_held_to_where_no_checksum_is_published(site, monkeypatch, cache):
    path = serve_facades(site, monkeypatch)
    manage.download("facades")
    path.write_bytes(path.read_bytes() + bytes(512))
    with pytest.raises(DataError, match="is not what it was on the first download"):
        manage.download("facades")
    assert len(datasets.load("facades", full=True).train) == 1  # the good one stays
    assert not list((cache / "partial").rglob("*.gz"))


def test_mirror_is_tried_and_all_failures_are_told_with_the_way_out(site, monkeypatch):
    folder, url = site
    serve_facades(site, monkeypatch)
    urls = (url + "gone.tar.gz", url + "facades.tar.gz")
    change(monkeypatch, "facades", remotes=(catalog.Remote("facades.tar.gz", urls),))
    assert manage.download("facades").origin == "downloaded"
    change(monkeypatch, "facades", remotes=(catalog.Remote("f2.tar.gz", (url + "gone.tar.gz",)),))
    with pytest.raises(
        DataError,
        match="could not be downloaded: .*gone.tar.gz answered 404 .* `coursekit data add facades ",
    ):
        manage.download("facades")


def test_set_behind_a_login_says_where_and_what_then(monkeypatch):
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    with pytest.raises(
        DataError,
        match="Kaggle login: .*kaggle.com/datasets/splcher/animefacedataset, then `coursekit data",
    ):
        manage.download("anime-faces")
    with pytest.raises(DataError, match="author withdrew his own copy over copyright"):
        datasets.load("anime-faces", full=True)


def test_kagglehub_is_used_where_it_is(tmp_path, monkeypatch):
    folder = tree(tmp_path / "hub", {f"x/{n}.png": png((n, 0, 0)) for n in range(10)})
    asked = []
    module = types.SimpleNamespace(dataset_download=lambda slug: asked.append(slug) or str(folder))
    monkeypatch.setitem(sys.modules, "kagglehub", module)
    assert manage.download("anime-faces").counts == {"test": 1, "train": 9} and asked == [
        "splcher/animefacedataset"
    ]


def test_systems_fashion_mnist_is_found_and_its_damage_named(tmp_path, monkeypatch):
    files, content = {}, []
    for name, array in (
        ("train-images-idx3-ubyte", np.zeros((5, 28, 28), np.uint8)),
        ("train-labels-idx1-ubyte", np.zeros(5, np.uint8)),
        ("t10k-images-idx3-ubyte", np.ones((2, 28, 28), np.uint8)),
        ("t10k-labels-idx1-ubyte", np.ones(2, np.uint8)),
    ):
        raw = struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()
        files[f"{name}.gz"] = gzip.compress(raw)
        content.append((name, hashlib.sha256(raw).hexdigest()))
    folder = tree(tmp_path / "system", files)
    change(monkeypatch, "fashion-mnist", system=str(folder), content=tuple(content))
    loaded = datasets.load("fashion-mnist", full=True)
    assert loaded.train.images.shape == (5, 28, 28) and loaded.classes[9] == "Ankle boot"
    raw = bytearray(gzip.decompress(files["t10k-images-idx3-ubyte.gz"]))
    raw[-1] ^= 1
    (folder / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(bytes(raw)))
    with pytest.raises(
        DataError, match="t10k-images-idx3-ubyte.gz is damaged: install its package again"
    ):
        datasets.load("fashion-mnist", full=True)


# The catalog itself


def test_catalog_is_sound():
    names = [entry.name for entry in catalog.ENTRIES]
    assert len(set(names)) == len(names) and {
        "fashion-mnist",
        "mnist",
        "cifar10",
        "anime-faces",
        "cartoon-faces",
        "fruits360",
        "cats-dogs",
        "maps",
        "facades",
        "paintings",
        "photos",
    } <= set(names)
    for entry in catalog.ENTRIES:
        assert entry.sample in names and entry.license and entry.title and entry.advice
        for remote in entry.remotes:
            algorithm, _, digest = remote.checksum.partition(":")
            assert not remote.checksum or len(digest) == {"md5": 32, "sha256": 64}[algorithm]
            assert all(url.startswith("http") for url in remote.urls)


def test_unknown_name_suggests():
    with pytest.raises(
        UsageError, match="unknown data set 'fashion_mnist': did you mean fashion-mnist"
    ):
        datasets.load("fashion_mnist")
    with pytest.raises(UsageError, match="unknown data set"):
        manage.verify(["nothing"])


def test_options_that_do_nothing_are_refused():
    with pytest.raises(UsageError, match="patches_per_photo is an option of bundled samples only"):
        datasets.load("cifar10", full=True, patches_per_photo=3)


def test_sample_cannot_be_added_to_nor_loaded_in_full(tmp_path):
    with pytest.raises(DataError, match="photos is a bundled sample"):
        manage.add("photos", tmp_path)
    with pytest.raises(DataError, match="photos is a bundled sample"):
        datasets.load("photos", full=True)


def test_names_of_the_package_are_what_they_say():
    assert callable(datasets.load) and datasets.catalog.ENTRIES
    assert isinstance(datasets.to_float(torch.zeros(1, dtype=torch.uint8)), torch.Tensor)
    with pytest.raises(AttributeError, match="nonsense"):
        _ = datasets.nonsense
