"""The cache: whole or not at all, whatever happens to the process, the disk or the files."""

import errno
import gzip
import json
import os
import resource
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

from coursekit import datasets
from coursekit.datasets import cache as arrays
from coursekit.datasets import manage
from coursekit.errors import DataError


def idx(array):
    return struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def mnist_folder(folder, train=50, test=20, packed=True):
    """MNIST's four files with little in them, from a fixed generator."""
    folder.mkdir(parents=True, exist_ok=True)
    draw = np.random.default_rng(0)
    for name, count in (("train", train), ("t10k", test)):
        parts = {
            "images-idx3": draw.integers(0, 256, (count, 28, 28), np.uint8),
            "labels-idx1": np.arange(count, dtype=np.uint8) % 10,
        }
        for part, array in parts.items():
            path = folder / f"{name}-{part}-ubyte"
            path.write_bytes(idx(array))
            if packed:
                path.with_name(f"{path.name}-copy.gz").write_bytes(gzip.compress(path.read_bytes()))
    return folder


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEKIT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def added(tmp_path, cache):
    manage.add("mnist", mnist_folder(tmp_path / "mnist"))
    return cache


def run(code, cache, **options):
    return subprocess.Popen(
        [sys.executable, "-c", dedent(code)],
        env={**os.environ, "COURSEKIT_CACHE": str(cache)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def halves(cache):
    """Names in the cache that are neither final nor a lock."""
    return [
        str(path) for path in cache.rglob("*") if path.name.startswith(".") or ".part" in path.name
    ]


def array_folder(cache):
    (folder,) = (path for path in (cache / "arrays").iterdir() if not path.name.startswith("."))
    return folder


def forget(cache):
    for path in array_folder(cache).iterdir():
        path.unlink()
    array_folder(cache).rmdir()


def test_added_set_loads_the_same_bytes_memory_mapped(tmp_path, added):
    loaded = datasets.load("mnist", full=True)
    expected = np.random.default_rng(0).integers(0, 256, (50, 28, 28), np.uint8)
    assert loaded.kind == "full" and (loaded.train.images.numpy() == expected).all()
    assert loaded.test.labels.tolist() == [n % 10 for n in range(20)] and loaded.classes == list(
        "0123456789"
    )
    maps = Path("/proc/self/maps")
    assert not maps.exists() or "images.npy" in maps.read_text()


def test_writing_into_loaded_images_leaves_the_cache_alone(added):
    datasets.load("mnist", full=True).train.images.zero_()
    assert datasets.load("mnist", full=True).train.images.any()
    assert not arrays.problems(array_folder(added), thorough=True)


@pytest.mark.parametrize("harm", ["flip", "cut", "lose", "record", "unrecorded"])
def test_damaged_cache_is_rebuilt(added, harm):
    folder = array_folder(added)
    file = folder / ("record.json" if "record" in harm else "train-images.npy")
    content = file.read_bytes()
    if harm == "flip":
        file.write_bytes(content[:5000] + bytes([content[5000] ^ 1]) + content[5001:])
    elif harm in ("lose", "unrecorded"):
        file.unlink()
    else:
        file.write_bytes(content[: len(content) // 2])
    assert arrays.problems(folder)
    again = datasets.load("mnist", full=True)
    assert not arrays.problems(folder, thorough=True) and not halves(added)
    assert again.train.images.sum() == np.random.default_rng(0).integers(
        0, 256, (50, 28, 28), np.uint8
    ).sum(dtype=int)


SLOW_BUILD = """
    import time
    from coursekit import datasets
    from coursekit.datasets import cache
    close = cache.Writer.close
    def slowly(writer):
        writer.file.flush()
        print("building", flush=True)
        time.sleep({seconds})
        close(writer)
    cache.Writer.close = slowly
    loaded = datasets.load("mnist", full=True)
    print("done", int(loaded.train.images.sum()), flush=True)
"""


def test_writer_killed_half_way_leaves_nothing_that_counts(added):
    forget(added)
    process = run(SLOW_BUILD.format(seconds=60), added)
    assert process.stdout.readline() == "building\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert [path for path in (added / "arrays").iterdir() if not path.name.startswith(".")] == []
    start = time.monotonic()
    assert (
        len(datasets.load("mnist", full=True).train) == 50 and time.monotonic() - start < 5
    )  # its lock died with it
    assert not halves(added)


def test_two_processes_on_a_cold_cache_build_once(added):
    forget(added)
    both = [run(SLOW_BUILD.format(seconds=0.5), added) for _ in range(2)]
    outputs = [process.communicate(timeout=60) for process in both]
    lines = [output.split("\n") for output, _ in outputs]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert sorted(own.count("building") for own in lines) == [
        0,
        2,
    ]  # train and test, by one of them
    assert lines[0][-2] == lines[1][-2] and lines[0][-2].startswith("done")
    assert not halves(added)


def test_full_disk_while_decoding_is_named_and_leaves_nothing(added, monkeypatch):
    forget(added)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(arrays.Writer, "close", full)
    with pytest.raises(DataError, match="the disk is full.*set COURSEKIT_CACHE"):
        datasets.load("mnist", full=True)
    monkeypatch.undo()
    assert list((added / "arrays").iterdir()) == []


def test_real_limit_on_file_size_while_adding_leaves_nothing(tmp_path):
    """The kernel itself refuses the bytes here (RLIMIT_FSIZE), as a full disk would."""
    folder, cache = mnist_folder(tmp_path / "mnist", packed=False), tmp_path / "cache"
    process = run(
        f"""
        from coursekit.datasets import manage
        from coursekit.errors import DataError
        try:
            manage.add("mnist", {str(folder)!r})
        except DataError as error:
            print(error)
    """,
        cache,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
    )
    output, errors = process.communicate(timeout=60)
    assert "cannot write mnist" in output and not errors
    assert [path for path in cache.rglob("*") if path.is_file() and path.suffix != ".lock"] == []


def test_cache_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("COURSEKIT_CACHE", str(tmp_path / "file"))
    with pytest.raises(DataError, match="cannot write .* set COURSEKIT_CACHE"):
        manage.add("mnist", mnist_folder(tmp_path / "mnist"))


def test_set_being_replaced_when_killed_comes_back(added):
    home = added / "sets" / "mnist"
    home.rename(home.with_name(".mnist.old"))  # as if killed between the two renames
    assert len(datasets.load("mnist", full=True).train) == 50 and home.is_dir()


def test_sixty_thousand_pictures_are_ready_within_a_second_the_second_time(tmp_path, cache):
    manage.add("mnist", mnist_folder(tmp_path / "mnist", train=60_000, test=10_000, packed=False))
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        loaded = datasets.load("mnist", full=True)
        seconds.append(time.perf_counter() - start)
    assert loaded.train.images.shape == (60_000, 28, 28) and min(seconds) < 1, seconds


def test_verify_names_the_flipped_file(added):
    assert all(row["ok"] for row in manage.verify(["mnist"]))
    for file in (added / "sets" / "mnist" / "mnist.zip", array_folder(added) / "test-images.npy"):
        content = bytearray(file.read_bytes())
        content[-9] ^= 1
        file.write_bytes(content)
    bad = {
        row["file"].rpartition("/")[2]: row["problem"]
        for row in manage.verify(["mnist"])
        if not row["ok"]
    }
    assert bad == dict.fromkeys(
        ["mnist.zip", "test-images.npy"], "content differs from its checksum"
    )


def test_damaged_record_of_a_set_is_advice(added):
    (added / "sets" / "mnist" / "source.json").write_text(json.dumps({"files": 3}))
    with pytest.raises(DataError, match="source.json is damaged: add or download mnist again"):
        datasets.load("mnist", full=True)
