"""Sweeps: every run once, the same bits on any number of workers, failures named, killed workers
survived.
"""

import json
import logging
import os
import signal
import time
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

import pytest
import torch
from distributed import LocalCluster
from filelock import FileLock

from coursekit import cluster, runtime
from coursekit.datasets import Batches
from coursekit.errors import CourseError, UsageError
from coursekit.training import adam, fit, prepare, sweep

DEAD = "tcp://127.0.0.1:9"  # the discard port: nobody listens


@pytest.fixture
def here(monkeypatch):
    """A runtime with one thread, and this process's settings put back afterwards."""
    monkeypatch.delenv("COURSEKIT_CLUSTER", raising=False)
    monkeypatch.setenv("COURSEKIT_WORKERS", "1")
    threads, exact = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    yield runtime.setup(seed=3, device="cpu", threads=1)
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(exact)


@pytest.fixture(scope="module")
def scheduler():
    """The address of a cluster that exists, with two worker processes, and that no client of this
    process knows.
    """
    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address="127.0.0.1:0",
        silence_logs=logging.CRITICAL,
    ) as running:
        yield running.scheduler_address


def note(folder, name):
    """Leave a mark that this run began; return how many have begun under its name."""
    Path(folder, f"{name}-{os.getpid()}-{time.time_ns()}").write_text(str(os.getpid()))
    return len(list(Path(folder).glob(f"{name}-*")))


def square(settings):
    note(settings["folder"], settings["x"])
    if settings["x"] == 13:
        raise ValueError("thirteen\nbrings bad luck")
    return {"square": settings["x"] ** 2, "pid": os.getpid()}


def grid(folder, *values):
    return [{"x": value, "folder": str(folder)} for value in values]


def begun(folder, name):
    return len(list(Path(folder).glob(f"{name}-*")))


@pytest.fixture
def marks(tmp_path):
    folder = tmp_path / "marks"
    folder.mkdir()
    return folder


# The table


def test_rows_come_in_the_grids_order_and_stand_in_the_table(here, marks, tmp_path):
    done = sweep.run(square, grid(marks, 3, 1, 2), runtime=here, path=tmp_path / "table.jsonl")
    assert [row["results"]["square"] for row in done.rows] == [9, 1, 4] and done.failures == []
    assert (
        list(done.frame().columns) == ["x", "folder", "square", "pid", "seconds"]
        and done.frame().pid[0] == os.getpid()
    )
    lines = [json.loads(line) for line in (tmp_path / "table.jsonl").read_text().splitlines()]
    assert [line["settings"]["x"] for line in lines] == [3, 1, 2] and len(
        {line["key"] for line in lines}
    ) == 3
    assert done.whole() is done


def test_finished_runs_are_not_repeated_and_their_rows_are_the_same(here, marks, tmp_path):
    first = sweep.run(
        square, grid(marks, 1, 2), runtime=here, path=tmp_path / "table.jsonl", identity="a"
    )
    again = sweep.run(
        square, grid(marks, 2, 3, 1), runtime=here, path=tmp_path / "table.jsonl", identity="a"
    )
    assert [begun(marks, x) for x in (1, 2, 3)] == [1, 1, 1]
    assert [again.rows[2], again.rows[0]] == first.rows and again.rows[1]["results"]["square"] == 9


@pytest.mark.parametrize("changed", ["identity", "seed", "threads"])
def test_what_decides_results_is_in_the_key(here, marks, tmp_path, changed):
    other = {
        "seed": runtime.Runtime(4, here.device, 1),
        "threads": runtime.Runtime(3, here.device, 2),
    }.get(changed, here)
    sweep.run(square, grid(marks, 1), runtime=here, path=tmp_path / "table.jsonl", identity="a")
    sweep.run(
        square,
        grid(marks, 1),
        runtime=other,
        path=tmp_path / "table.jsonl",
        identity="b" if changed == "identity" else "a",
    )
    assert begun(marks, 1) == 2 and len((tmp_path / "table.jsonl").read_text().splitlines()) == 2


def test_equal_settings_run_once(here, marks):
    done = sweep.run(square, grid(marks, 5, 5), runtime=here)
    assert begun(marks, 5) == 1 and [row["results"]["square"] for row in done.rows] == [25, 25]


def test_without_a_path_nothing_is_kept(here, marks):
    for _ in range(2):
        sweep.run(square, grid(marks, 1), runtime=here)
    assert begun(marks, 1) == 2


def test_a_failure_is_named_kept_out_of_the_table_and_tried_again(here, marks, tmp_path):
    for count in (1, 2):
        done = sweep.run(square, grid(marks, 1, 13, 2), runtime=here, path=tmp_path / "table.jsonl")
        assert [row["results"]["square"] for row in done.rows] == [1, 4]
        assert done.failures == [
            {"settings": grid(marks, 13)[0], "error": "ValueError: thirteen brings bad luck"}
        ]
        assert [begun(marks, x) for x in (1, 13, 2)] == [1, count, 1]
    with pytest.raises(
        CourseError, match="1 of 3 runs of the sweep failed: x 13, folder .*: ValueError: thirteen"
    ):
        done.whole()


def test_a_stopped_sweep_keeps_what_was_done(here, marks, tmp_path):
    def task(settings):
        if settings["x"] == 2:
            raise KeyboardInterrupt
        return square(settings)

    with pytest.raises(KeyboardInterrupt):
        sweep.run(task, grid(marks, 1, 2, 3), runtime=here, path=tmp_path / "table.jsonl")
    assert len((tmp_path / "table.jsonl").read_text().splitlines()) == 1
    assert sorted(os.listdir(tmp_path)) in (
        ["marks", "table.jsonl"],
        ["marks", "table.jsonl", "table.jsonl.lock"],
    )


@pytest.mark.parametrize("content", ['{"key": "a"', "[]\n", '{"key": "a", "settings": {}}\n', "\n"])
def test_a_damaged_table_is_named(here, marks, tmp_path, content):
    (tmp_path / "table.jsonl").write_text(content)
    with pytest.raises(
        CourseError, match=r"table.jsonl is damaged \(\w+\): delete it and run again"
    ):
        sweep.run(square, grid(marks, 1), runtime=here, path=tmp_path / "table.jsonl")
    assert begun(marks, 1) == 0 and (tmp_path / "table.jsonl").read_text() == content


def test_two_sweeps_do_not_fill_one_table_at_once(here, marks, tmp_path):
    with (
        FileLock(tmp_path / "table.jsonl.lock"),
        pytest.raises(CourseError, match="another sweep is filling"),
    ):
        sweep.run(square, grid(marks, 1), runtime=here, path=tmp_path / "table.jsonl")


def test_results_that_json_cannot_hold_are_a_failure_of_that_run(here):
    done = sweep.run(lambda settings: {"value": torch.zeros(2)}, [{"x": 1}], runtime=here)
    assert not done.rows and "TypeError" in done.failures[0]["error"]


def test_a_task_that_cannot_travel_is_refused(here):
    lock = Thread()._started  # holds a lock, which nothing can pickle
    with pytest.raises(CourseError, match="cannot be sent to a worker"):
        sweep.run(lambda settings: {"value": str(lock)}, [{"x": 1}], runtime=here)


# The same bits


def trainer(run):
    """A task as a notebook has it, with what it holds, and the generator in it."""
    generator = torch.Generator().manual_seed(1)
    batches = Batches(
        torch.rand(64, 1, 8, 8, generator=generator), batch_size=16, generator=generator
    )

    def train(settings):
        """Trains a small network from the global random state and from a generator that all runs
        seem to share.
        """
        model = prepare(
            torch.nn.Sequential(
                torch.nn.Conv2d(1, 8, 3), torch.nn.ReLU(), torch.nn.Conv2d(8, 1, 3)
            ),
            run,
        )
        history = fit(
            model,
            batches,
            lambda model, batch: model(batch[0]).square().mean(),
            epochs=2,
            runtime=run,
            optimizer=adam(model, settings["rate"]),
        )
        return {
            "losses": history.column("loss"),
            "draws": [float(torch.rand(())), torch.get_num_threads()],
            "weights": model[0].weight.flatten().tolist(),
            "pid": os.getpid(),
        }

    return train, generator


def results(done):
    assert not done.failures, done.failures
    return [
        {name: value for name, value in row["results"].items() if name != "pid"}
        for row in done.rows
    ]


def test_the_same_bits_however_many_workers_and_in_whatever_order(here, scheduler):
    rates = [{"rate": rate} for rate in (0.1, 0.01, 0.001, 0.1001)]
    train, generator = trainer(here)
    before = [torch.get_rng_state(), generator.get_state()]
    alone = sweep.run(train, rates, runtime=here)
    assert all(map(torch.equal, before, [torch.get_rng_state(), generator.get_state()]))
    assert {row["results"]["pid"] for row in alone.rows} == {os.getpid()}
    two = sweep.run(train, rates[::-1], runtime=here, cluster=scheduler)
    pids = {row["results"]["pid"] for row in two.rows}
    assert os.getpid() not in pids and len(pids) == 2
    assert results(alone) == results(two)[::-1]
    assert all(one["draws"][1] == 1 for one in results(two))
    assert len({str(one["weights"]) for one in results(alone)}) == 4


def test_a_fresh_row_is_the_row_that_is_read_back(here, tmp_path):
    train, _ = trainer(here)
    fresh = sweep.run(train, [{"rate": 0.1}], runtime=here, path=tmp_path / "table.jsonl")
    assert (
        sweep.run(train, [{"rate": 0.1}], runtime=here, path=tmp_path / "table.jsonl").rows
        == fresh.rows
    )


# Workers


def slow(settings):
    """The first run named 2 waits to be killed."""
    if note(settings["folder"], settings["x"]) == 1 and settings["x"] == 2:
        time.sleep(60)
    return {"square": settings["x"] ** 2, "pid": os.getpid()}


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
def test_a_killed_worker_loses_nothing_and_doubles_nothing(here, marks, tmp_path, scheduler):
    """Of two worker processes, one is killed in the middle of a run."""
    killed = []

    def kill():
        while not (found := list(marks.glob("2-*"))) or not found[0].read_text():
            time.sleep(0.02)
        killed.append(int(found[0].read_text()))
        os.kill(killed[0], signal.SIGKILL)

    killer = Thread(target=kill)
    killer.start()
    done = sweep.run(
        slow, grid(marks, *range(6)), runtime=here, cluster=scheduler, path=tmp_path / "table.jsonl"
    )
    killer.join()
    lines = [json.loads(line) for line in (tmp_path / "table.jsonl").read_text().splitlines()]
    assert sorted(line["settings"]["x"] for line in lines) == list(range(6)) and not done.failures
    assert [row["results"]["square"] for row in done.rows] == [0, 1, 4, 9, 16, 25]
    assert killed[0] != os.getpid() and done.rows[2]["results"]["pid"] != killed[0]
    assert begun(marks, 2) == 2  # begun, killed, and run again: counted once


def test_the_workers_are_local_processes_unless_a_cluster_is_named(
    here, marks, scheduler, monkeypatch
):
    asked, client = [], cluster.client
    monkeypatch.setattr(
        cluster,
        "client",
        lambda **options: [asked.append(options), client(workers=1, address=scheduler)][1],
    )
    sweep.run(square, grid(marks, 1, 2), runtime=here, workers=2)
    assert asked == [{"workers": 2, "address": None}] and begun(marks, 1) == begun(marks, 2) == 1


def test_failures_on_workers_are_named_too(here, marks, scheduler):
    done = sweep.run(square, grid(marks, 1, 13, 2), runtime=here, cluster=scheduler)
    assert [row["results"]["square"] for row in done.rows] == [1, 4]
    assert done.failures[0]["error"] == "ValueError: thirteen brings bad luck"


def test_the_environment_names_a_cluster(here, marks, scheduler, monkeypatch):
    monkeypatch.setenv("COURSEKIT_CLUSTER", scheduler)
    done = sweep.run(square, grid(marks, 1), runtime=here)
    assert done.rows[0]["results"]["pid"] != os.getpid()


@pytest.mark.parametrize("address", [DEAD, "127.0.0.1:9", "no-such-host.invalid"])
def test_a_scheduler_that_is_not_there_gives_one_line_soon(
    here, marks, monkeypatch, capfd, address
):
    monkeypatch.setattr(cluster, "SECONDS_TO_ANSWER", 1)
    start = time.monotonic()
    with pytest.raises(CourseError) as caught:
        sweep.run(square, grid(marks, 1), runtime=here, cluster=address)
    assert str(caught.value).startswith(
        f"no Dask scheduler answers at '{address}'"
    ) and "\n" not in str(caught.value)
    assert time.monotonic() - start < 8 and begun(marks, 1) == 0
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "address", ["ftp://127.0.0.1:1", "tcp://127.0.0.1:port", "http://127.0.0.1:8786/status"]
)
def test_what_is_no_address_is_refused(here, address):
    with pytest.raises(
        UsageError, match="is not the address of a Dask scheduler: write it as tcp://HOST:8786"
    ):
        cluster.check(address)


def test_a_scheduler_that_goes_away_is_named():
    """A future whose scheduler is gone counts as canceled and holds neither result nor error."""
    gone = SimpleNamespace(cancelled=lambda: True, exception=lambda: None)  # codespell:ignore
    with pytest.raises(CourseError, match="the Dask scheduler went away"):
        cluster.task_error(gone)


def test_workers_are_as_many_as_cores_allow(monkeypatch):
    monkeypatch.delenv("COURSEKIT_WORKERS", raising=False)
    monkeypatch.setattr(cluster, "cores", lambda: 8)
    assert [cluster.worker_count(tasks, 2) for tasks in (1, 3, 16)] == [1, 3, 4]
    assert cluster.worker_count(16, 16) == 1
    monkeypatch.setenv("COURSEKIT_WORKERS", "6")
    assert [cluster.worker_count(tasks, 2) for tasks in (2, 16)] == [2, 6]
    monkeypatch.setenv("COURSEKIT_WORKERS", "many")
    with pytest.raises(UsageError, match="COURSEKIT_WORKERS is 'many'"):
        cluster.worker_count(16)


def test_a_workers_own_sweeps_stay_in_its_process(monkeypatch):
    monkeypatch.setenv("COURSEKIT_CLUSTER", DEAD)
    monkeypatch.setenv("COURSEKIT_WORKERS", "4")
    with cluster.worker_environment({"COURSEKIT_THREADS": "3"}):
        assert (
            cluster.address() is None
            and cluster.worker_count(16, 1) == 1
            and os.environ["COURSEKIT_THREADS"] == "3"
        )
    assert cluster.address() == DEAD and cluster.worker_count(16, 1) == 4


def test_code_changes_with_a_functions_text():
    assert sweep.code(square) != sweep.code(slow) and sweep.code(square) == sweep.code(square)


def test_nothing_is_shown_where_silence_is_asked(here, marks, capfd, monkeypatch):
    monkeypatch.setenv("COURSEKIT_PROGRESS", "0")
    sweep.run(square, grid(marks, 1, 2), runtime=here)
    assert capfd.readouterr() == ("", "") and os.environ["COURSEKIT_PROGRESS"] == "0"


# coursekit run --jobs and --cluster


def test_lessons_run_on_a_cluster_that_exists(course, coursekit, scheduler, monkeypatch):
    folder = course("01", "07")
    monkeypatch.setenv("COURSEKIT_CLUSTER", "")
    code, _, err = coursekit("run", "--jobs", "2", "--cluster", scheduler)
    assert code == 0, err
    assert sorted(path.parent.name for path in (folder / "runs/quick").glob("*/results.json")) == [
        "01_good",
        "07_shows",
    ]
    assert (
        os.environ["COURSEKIT_CLUSTER"] == scheduler
    )  # kernels that this process starts will hear of it


def test_a_run_on_a_cluster_that_is_not_there_starts_nothing(course, coursekit, monkeypatch):
    folder = course("01")
    monkeypatch.setattr(cluster, "SECONDS_TO_ANSWER", 1)
    code, _, err = coursekit("run", "--cluster", DEAD)
    assert (
        code == 1
        and err.startswith("coursekit: no Dask scheduler answers at")
        and err.count("\n") == 1
    )
    assert not (folder / "runs").exists()
