"""The measurements: operations counted by hand, finite ratios, a table and JSON that agree."""

import json
import math
import os
from contextlib import nullcontext

import pytest
import torch

from coursekit import bench, bench_cases, runtime
from coursekit.errors import CourseError
from coursekit.models.autoencoder import StackedAutoencoder

DENSE = [
    (784, 2000),
    (2000, 1200),
    (1200, 500),
    (500, 10),
    (10, 500),
    (500, 1200),
    (1200, 2000),
    (2000, 784),
]
STACKED = [(1024, 300), (300, 150), (150, 300), (300, 1024)]
# Multiplications of one forward pass: places of the output, 3x3 kernel, channels in and out.
DENOISER = [
    28**2 * 9 * 1 * 64,
    14**2 * 9 * 64 * 32,
    7**2 * 9 * 32 * 16,
    4**2 * 9 * 16 * 16,
    8**2 * 9 * 16 * 32,
    14**2 * 9 * 32 * 64,
    28**2 * 9 * 64 * 1,
]

SMALL = bench_cases.Case(
    "small",
    lambda: StackedAutoencoder(64, 32, 8),
    50,
    bench_cases.images(64),
    bench_cases.reconstruction,
)


def by_hand(products):
    """A product costs two operations for each weight it meets: forward, for the weights' gradient,
    for the input's.

    The pictures themselves need no gradient: 6 times all, less twice the first layer.
    """
    return 6 * sum(products) - 2 * products[0]


def lstm_by_hand(units=128, inputs=51):
    """Six encoder and three decoder steps, four gates each; one-hot inputs and the first state need
    no gradient.
    """
    recurrent, fed, out = 4 * units * units, 4 * units * inputs, units * inputs
    forward = 9 * (recurrent + fed) + 3 * out
    return 2 * (forward + forward + 8 * recurrent + 3 * out)


def case(name):
    return next(case for case in bench.CASES if case.name == name)


@pytest.fixture(autouse=True)
def settings_put_back(monkeypatch):
    monkeypatch.setenv("COURSEKIT_THREADS", "1")
    threads, exact = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    yield
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(exact)


@pytest.mark.parametrize(
    "name, flops",
    [
        ("dense autoencoder", by_hand([a * b for a, b in DENSE])),
        ("denoiser", by_hand(DENOISER)),
        ("stacked autoencoder", by_hand([a * b for a, b in STACKED])),
        ("seq2seq", lstm_by_hand()),
    ],
)
def test_operations_are_those_counted_by_hand(name, flops):
    chosen = case(name)
    assert bench.flops_per_example(chosen, chosen.data(torch.Generator().manual_seed(0))) == flops


def test_the_dense_count_is_the_weights_less_what_the_pictures_do_not_need():
    biases = sum(b for _, b in DENSE)
    assert (
        by_hand([a * b for a, b in DENSE])
        == 6 * (9_154_194 - biases) - 2 * 784 * 2000
        == 51_740_000
    )


def test_batches_are_the_lessons():
    assert {case.name: case.batch for case in bench.CASES}["stacked autoencoder"] == 150
    assert case("seq2seq").batch == 32
    tokens = case("seq2seq").data(torch.Generator().manual_seed(0))
    assert [part.shape[1] for part in tokens] == [6, 3, 3] and max(
        part.max() for part in tokens
    ) == 50


def test_a_short_measurement_is_finite_and_its_ratios_are_of_its_rates():
    row = bench.measure(
        SMALL, rounds=1, seconds=0.05, peaks={"exact": 1e9, "fast": 2e9}, device="cpu"
    )
    flops = by_hand([64 * 32, 32 * 8, 8 * 32, 32 * 64])
    assert all(math.isfinite(rate) and rate > 0 for rate in (row.plain, row.exact, row.fast))
    assert (row.name, row.batch) == ("small", 50)
    assert row.exact_ratio == row.exact / row.plain and row.fast_ratio == row.fast / row.plain
    assert row.exact_share == pytest.approx(row.exact * flops / 1e9)
    assert row.fast_share == pytest.approx(row.fast * flops / 2e9)


def test_rates_are_medians_of_rounds_taken_in_turns(monkeypatch):
    rates = iter(
        [7, 7, 7, 10, 20, 40, 1000, 30, 60, 12, 25, 1]
    )  # a warm-up, three rounds of three loops
    monkeypatch.setattr(bench, "rate", lambda loop, seconds: next(rates))
    monkeypatch.setattr(
        bench, "_alone", lambda case, device: nullcontext(lambda seconds: next(rates))
    )
    row = bench.measure(
        case("stacked autoencoder"),
        rounds=3,
        seconds=1,
        peaks={"exact": 1, "fast": 1},
        device="cpu",
    )
    assert (row.plain, row.exact, row.fast) == (12, 25, 40)
    assert row.exact_ratio == 25 / 12


def test_the_plain_loop_runs_in_another_process_with_as_many_threads():
    seen = []

    def telling(model, batch):
        seen.append((os.getpid(), torch.get_num_threads()))
        if len(seen) == 1:
            raise RuntimeError(f"process {seen[0][0]}, threads {seen[0][1]}")

    loud = bench_cases.Case(
        "loud", lambda: StackedAutoencoder(64, 32, 8), 50, bench_cases.images(64), telling
    )
    with (
        bench._alone(loud, "cpu") as plain,
        pytest.raises(RuntimeError, match=r"process \d+, threads 1$") as caught,
    ):
        plain(0.01)
    assert f"process {os.getpid()}," not in str(caught.value) and not seen


def test_rate_counts_examples_over_time(monkeypatch):
    clock = iter([0.0, 0.5, 1.0, 2.5])
    monkeypatch.setattr(bench.time, "perf_counter", lambda: next(clock))
    assert bench.rate(iter([10, 20, 30]), 2.0) == 30 / 2.5


def test_peak_counts_a_products_operations(monkeypatch):
    times = iter([0.5, 0.25] + [1.0] * 8)
    monkeypatch.setattr(bench, "_seconds", lambda call, device: next(times))
    assert bench.peak("exact", device="cpu", size=8) == 2 * 8**3 / 0.25


def test_peak_of_this_machine_is_plausible():
    assert 1e8 < bench.peak("exact", device="cpu", size=256) < 1e15


@pytest.mark.parametrize("precision", runtime.PRECISIONS)
def test_the_measured_loops_do_train(precision):
    """Not a loop of empty steps: the loss falls under each."""
    losses = []

    def watchful(model, batch):
        losses.append(bench_cases.reconstruction(model, batch))
        return losses[-1]

    small = bench_cases.Case(
        "small", lambda: StackedAutoencoder(64, 32, 8), 500, bench_cases.images(64), watchful
    )
    data = small.data(torch.Generator().manual_seed(0))
    for loop in (bench._plain(small, data, "cpu"), bench._coursekit(small, data, precision, "cpu")):
        losses.clear()
        assert [next(loop) for _ in range(30)] == [500] * 24 + [
            500
        ] * 6  # 12,000 in all, then from the start
        assert losses[-1].item() < 0.6 * losses[0].item()


def test_the_table_and_the_json_say_the_same(monkeypatch, capsys, tmp_path):
    """A quick run, of the smallest case only."""
    monkeypatch.setattr(bench, "CASES", (SMALL,))
    monkeypatch.setattr(bench, "peak", lambda precision, device: 1e9)
    monkeypatch.setattr(bench, "slower", lambda result: [])  # so small a network may well be
    bench.main(tmp_path / "bench.json", quick=True, device="cpu")
    result, printed = json.loads((tmp_path / "bench.json").read_text()), capsys.readouterr().out
    (row,) = result["rows"]
    assert (
        result["threads"] == 1
        and result["device"] == "cpu"
        and result["fast_is"] in ("bfloat16", "float32")
    )
    assert (
        result["peak_gflops"] == {"exact": 1, "fast": 1}
        and result["versions"] == runtime.versions()
    )
    said = printed.splitlines()[-1].split()
    assert said == [
        "small",
        "50",
        *(f"{row[name]:.0f}" for name in ("plain", "exact", "fast")),
        *(f"{row[name]:.2f}" for name in ("exact_ratio", "fast_ratio")),
        *(f"{row[name]:.0%}" for name in ("exact_share", "fast_share")),
    ]
    assert result["processor"] in printed


@pytest.mark.parametrize("lower, slow", [(True, ["seq2seq"]), (False, [])])
def test_fast_that_is_slower_than_exact_is_an_error(monkeypatch, capsys, lower, slow):
    speeds = {"dense": (100.0, 97.5), "seq2seq": (100.0, 96.0)}
    rest = dict.fromkeys(("plain", "exact_ratio", "fast_ratio", "exact_share", "fast_share"), 1.0)
    rows = [
        {"name": name, "batch": 1, "exact": exact, "fast": fast, "lower": lower, **rest}
        for name, (exact, fast) in speeds.items()
    ]
    result = {"fast_is": "bfloat16", "rows": rows, "peak_gflops": {"exact": 1, "fast": 1}}
    result |= {"processor": "x", "device": "cpu", "threads": 1}
    assert bench.slower(result) == slow
    monkeypatch.setattr(bench, "run", lambda **options: result)
    with pytest.raises(CourseError, match="for seq2seq") if slow else nullcontext():
        bench.main()
    assert "seq2seq" in capsys.readouterr().out
