"""Seeds, threads, device and precision: what decides whether two runs agree."""

import os
import platform
import random
import subprocess
import sys

import pytest
import torch

from coursekit import runtime
from coursekit.errors import CourseError, UsageError


@pytest.fixture(autouse=True)
def settings_put_back(monkeypatch):
    monkeypatch.delenv("COURSEKIT_THREADS", raising=False)
    threads, exact = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    yield
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(exact)


def draws(generator, count=1000):
    return torch.rand(count, generator=generator)


def test_a_stream_gives_the_same_draws_each_time():
    assert torch.equal(
        draws(runtime.generator(3, "noise", 2)), draws(runtime.generator(3, "noise", 2))
    )
    run = runtime.setup(seed=3)
    assert torch.equal(draws(run.generator("noise", 2)), draws(runtime.generator(3, "noise", 2)))


def test_streams_do_not_depend_on_each_others_draws():
    run = runtime.setup(seed=0)
    alone = draws(run.generator("noise"))
    draws(run.generator("shuffling")), torch.rand(5)
    assert torch.equal(draws(run.generator("noise")), alone)


def test_streams_of_other_names_and_seeds_are_uncorrelated():
    keys = ((0,), (0, "a"), (0, "b"), (1, "a"), (0, "a", 1), (0, "a", 2))
    streams = [draws(runtime.generator(*key), 4000) for key in keys]
    together = torch.corrcoef(torch.stack(streams)) - torch.eye(len(streams))
    assert together.abs().max() < 0.08  # five standard errors of independent draws


def test_streams_are_the_same_in_another_process():
    """Python's own hash() would differ from process to process."""
    code = (
        "import torch; from coursekit.runtime import generator as g; "
        "print(torch.rand(3, generator=g(7, 'a')).tolist())"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert said.strip() == str(draws(runtime.generator(7, "a"), 3).tolist())


def test_setup_seeds_torch_and_python():
    runtime.setup(seed=5)
    first = torch.rand(3).tolist(), random.random()
    runtime.setup(seed=5)
    assert (torch.rand(3).tolist(), random.random()) == first
    runtime.setup(seed=6)
    assert torch.rand(3).tolist() != first[0]


def test_setup_holds_threads_and_algorithms_fixed():
    torch.set_num_threads(2)
    torch.use_deterministic_algorithms(False)
    run = runtime.setup()
    assert run.threads == torch.get_num_threads() == 1
    assert torch.are_deterministic_algorithms_enabled()
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] in (":4096:8", ":16:8")


def test_threads_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("COURSEKIT_THREADS", "3")
    assert runtime.setup().threads == torch.get_num_threads() == 3
    assert runtime.setup(threads=1).threads == torch.get_num_threads() == 1


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5", "²", ""])
def test_senseless_threads_are_refused_with_advice(monkeypatch, value):
    monkeypatch.setenv("COURSEKIT_THREADS", value)
    with pytest.raises(UsageError) as caught:
        runtime.setup()
    assert f"COURSEKIT_THREADS is {value!r}" in str(caught.value) and "whole number from 1" in str(
        caught.value
    )


@pytest.mark.parametrize(
    "value, near", [("fsat", "did you mean fast?"), ("exakt", "did you mean exact?"), ("f64", "")]
)
def test_unknown_precision(value, near):
    with pytest.raises(UsageError) as caught:
        runtime.setup(precision=value)
    assert all(each in str(caught.value) for each in (repr(value), near, "Valid: exact, fast."))


@pytest.mark.parametrize(
    "value, near",
    [
        ("cdua", "did you mean cuda"),
        ("gpu", "Valid: auto, cpu, cuda, mps."),
        ("", "Valid"),
        ("meta", "Valid"),
        ("cuda:x", "did you mean cuda"),
    ],
)
def test_unknown_device(value, near):
    with pytest.raises(UsageError) as caught:
        runtime.find_device(value)
    assert f"unknown device {value!r}" in str(caught.value) and near in str(caught.value)
    assert caught.value.exit_code == 2 and isinstance(caught.value, CourseError)


@pytest.mark.parametrize("name", ["cuda:99", "cpu:7", "mps"])
def test_a_device_that_is_not_here_is_refused_with_the_way_out(monkeypatch, name):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(UsageError, match=f"'{name}' is not on this machine: use --device cpu"):
        runtime.find_device(name)


def test_devices_that_are_here(monkeypatch):
    assert runtime.find_device("cpu") == torch.device("cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert runtime.find_device("auto") == torch.device("cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert runtime.find_device("auto") == torch.device("cuda")
    assert runtime.find_device("cuda:1") == torch.device("cuda:1")
    with pytest.raises(UsageError, match="cuda:2"):
        runtime.find_device("cuda:2")


@pytest.mark.parametrize(
    "precision, hardware, kind",
    [
        ("exact", True, torch.float32),
        ("fast", True, torch.bfloat16),
        ("fast", False, torch.float32),
    ],
)
def test_products_are_bfloat16_only_when_fast_and_in_hardware(
    monkeypatch, precision, hardware, kind
):
    monkeypatch.setattr(runtime, "has_bfloat16", lambda device: hardware)
    run = runtime.setup(precision=precision, device="cpu")
    layer = torch.nn.Linear(4, 4)
    with run.autocast():
        out = layer(torch.rand(2, 4))
    out.float().sum().backward()
    assert out.dtype == kind and run.amp == (kind == torch.bfloat16)
    assert layer.weight.grad.dtype == layer.weight.dtype == torch.float32


@pytest.mark.parametrize(
    "slow", [torch.nn.LSTM(2, 2), torch.nn.Sequential(torch.nn.ConvTranspose2d(1, 1, 2))]
)
def test_fast_is_float32_where_bfloat16_would_be_slower(monkeypatch, slow):
    monkeypatch.setattr(runtime, "has_bfloat16", lambda device: True)
    run, quick = runtime.setup(precision="fast", device="cpu"), torch.nn.Linear(4, 4)
    with run.autocast(quick, slow):
        assert quick(torch.rand(2, 4)).dtype == torch.float32
    with run.autocast(quick):
        assert quick(torch.rand(2, 4)).dtype == torch.bfloat16
    assert runtime.bfloat16_pays(slow, torch.device("cuda"))


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")
def test_freed_memory_is_kept_for_the_next_step():
    """40 MB asked for and freed ten times: 10,240 pages each time, cleared anew or not."""
    code = "\n".join(
        (
            "import resource, torch; from coursekit import runtime",
            "faults = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt",
            "def steps(count):",
            "    before = faults()",
            "    for _ in range(count): torch.ones(10 << 20)",
            "    return faults() - before",
            "print(steps(10), int(runtime.keep_memory()), steps(20) * 0 + steps(10))",
        )
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    plain, told, kept = map(int, said.split())
    assert told == 1 and plain > 9 * 10_240 and kept < 10_240 * 1.5


def test_versions_and_processor_are_named():
    versions = runtime.versions()
    assert versions["torch"] == torch.__version__
    assert versions["python"] == ".".join(map(str, sys.version_info[:3]))
    assert all(versions[name] for name in ("coursekit", "torchvision", "numpy", "scikit-image"))
    assert runtime.processor()


@pytest.mark.parametrize(
    ("name", "capability", "pays"),
    [
        ("AMD EPYC", "AVX512", True),
        ("AMD EPYC", "AVX2", False),
        ("Intel(R) Xeon(R)", "AVX512", False),
    ],
)
def test_products_become_convolutions_only_where_they_are_faster(
    monkeypatch, name, capability, pays
):
    monkeypatch.setattr(runtime, "processor", lambda: name)
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    assert runtime.convolution_pays(torch.device("cpu")) is pays
    assert not runtime.convolution_pays(torch.device("meta"))
