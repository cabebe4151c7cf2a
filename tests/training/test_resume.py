"""Stopped and resumed is the same as never stopped, bit for bit: between epochs, after early stop,
after SIGKILL.

Run as a script this file is the training that the tests kill: `train PATH` trains to the end and
prints a digest of everything, `harass PATH` trains in children of its own and kills each one.
"""

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from bits import digest
from torch import nn
from torch.nn import functional as F

from coursekit import runtime
from coursekit.datasets.batches import Batches
from coursekit.errors import CourseError
from coursekit.models.denoiser import Denoiser
from coursekit.training import (
    Checkpoint,
    ClipGradients,
    OnEpochEnd,
    Schedule,
    Validation,
    adam,
    checkpoint,
    fit,
    one_cycle,
    prepare,
)
from coursekit.transforms.noise import salt_and_pepper

EPOCHS = 8


def pictures(count):
    return torch.randint(
        0, 256, (count, 1, 28, 28), generator=torch.Generator().manual_seed(9), dtype=torch.uint8
    )


def dense(units):
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, units),
        nn.ReLU(),
        nn.Dropout(0.3),
        nn.Linear(units, 784),
        nn.Unflatten(1, (1, 28, 28)),
    )


def reconstruction(model, batch):
    noisy, clean = batch
    return F.mse_loss(model(noisy), clean)


def denoising(
    *,
    path=None,
    epochs=EPOCHS,
    count=96,
    units=16,
    network=None,
    precision="exact",
    threads=1,
    shift=0,
):
    """A run with everything that has a state: dropout, shuffling, noise, a schedule, patience, a
    watcher's draws.

    shift: start every generator and all weights elsewhere, which a resumed run must not feel.
    """
    run = runtime.setup(seed=shift, device="cpu", precision=precision, threads=threads)
    shuffling, noise, watching, checking = (
        run.generator(name) for name in ("shuffle", "noise", "watch", "check")
    )
    data = pictures(count)
    batches = Batches(
        data,
        batch_size=16,
        generator=shuffling,
        transform=lambda x: (salt_and_pepper(x, generator=noise) + 0.01 * random.random(), x),
    )
    validation = Batches(data[:24], batch_size=10, generator=checking, transform=lambda x: (x, x))
    model = prepare(network or dense(units), run)
    optimizer = adam(model, 3e-3, weight_decay=1e-4)
    schedule = one_cycle(optimizer, steps=EPOCHS * len(batches))
    history = fit(
        model,
        batches,
        reconstruction,
        epochs=epochs,
        optimizer=optimizer,
        runtime=run,
        callbacks=[
            Schedule(schedule),
            Validation(validation, patience=EPOCHS),
            ClipGradients(0.05),
            OnEpochEnd(
                lambda model, epoch: {
                    "drawn": (torch.rand(1) + torch.rand(1, generator=watching)).item()
                }
            ),
        ],
        checkpoint=Checkpoint(path, rngs=[noise, watching]),
    )
    return SimpleNamespace(
        model=model,
        optimizer=optimizer,
        schedule=schedule,
        history=history,
        rngs=[shuffling, noise, watching, checking],
    )


def everything(run):
    """All that a run leaves behind, but for the seconds it took."""
    return {
        "model": run.model.state_dict(),
        "optimizer": run.optimizer.state_dict(),
        "schedule": run.schedule.state_dict() if run.schedule else None,
        "rows": [
            {name: value for name, value in row.items() if name != "seconds"}
            for row in run.history.rows
        ],
        "stopped early": run.history.stopped_early,
        "best": run.history.best_epoch,
        "rngs": [rng.get_state() for rng in run.rngs],
        "torch": torch.get_rng_state(),
        "python": random.getstate(),
    }


def digests(run):
    return {name: digest(value) for name, value in everything(run).items()}


@pytest.fixture(autouse=True)
def settings_put_back():
    threads, exact = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    yield
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(exact)


# Stops between epochs


@pytest.fixture(scope="module")
def uninterrupted():
    return digests(denoising())


@pytest.mark.parametrize("stop", range(1, EPOCHS + 1))
def test_resumed_equals_uninterrupted(uninterrupted, tmp_path, stop):
    denoising(path=tmp_path / "run.pt", epochs=stop)
    assert digests(denoising(path=tmp_path / "run.pt", shift=1)) == uninterrupted


def test_stopped_after_every_epoch(uninterrupted, tmp_path):
    for stop in range(1, EPOCHS + 1):
        run = denoising(path=tmp_path / "run.pt", epochs=stop, shift=stop)
        if stop == 1:  # the first leg begins elsewhere: begin it where it should
            (tmp_path / "run.pt").unlink()
            run = denoising(path=tmp_path / "run.pt", epochs=1)
    assert digests(run) == uninterrupted


def test_another_seed_is_another_run(uninterrupted):
    """The digests can differ: in everything but what the number of epochs alone decides."""
    other = digests(denoising(shift=1))
    assert {name for name in other if other[name] == uninterrupted[name]} <= {
        "schedule",
        "stopped early",
        "best",
    }


@pytest.mark.parametrize("precision", ["exact", "fast"])
def test_channels_last_convolutions_resume_too(monkeypatch, tmp_path, precision):
    monkeypatch.setattr(runtime, "has_bfloat16", lambda device: True)

    def run(shift=0, **options):
        torch.manual_seed(shift)
        return denoising(network=Denoiser(), count=16, precision=precision, shift=shift, **options)

    whole = run(epochs=2)
    run(epochs=1, path=tmp_path / "run.pt")
    resumed = run(epochs=2, path=tmp_path / "run.pt", shift=1)
    assert digests(resumed) == digests(whole)
    assert resumed.model.encoder[3].weight.is_contiguous(memory_format=torch.channels_last)


def early_stopping(*, path=None, epochs=9, shift=0):
    """Validation is best after epoch 3, as the optimizer's own count of steps tells; patience 2
    stops after epoch 5.
    """
    run = runtime.setup(seed=shift, device="cpu", threads=1)
    model = prepare(dense(8), run)
    optimizer, shuffling = adam(model, 1e-3), run.generator("shuffle")
    batches = Batches(pictures(48), batch_size=16, generator=shuffling, transform=lambda x: (x, x))

    def loss(model, batch):
        if torch.is_grad_enabled():
            return reconstruction(model, batch)
        return (next(iter(optimizer.state.values()))["step"] - 3 * len(batches)).abs()

    history = fit(
        model,
        batches,
        loss,
        epochs=epochs,
        optimizer=optimizer,
        runtime=run,
        callbacks=[Validation(batches, patience=2)],
        checkpoint=Checkpoint(path),
    )
    return SimpleNamespace(
        model=model, optimizer=optimizer, schedule=None, history=history, rngs=[shuffling]
    )


@pytest.mark.parametrize("stop", range(1, 7))
def test_best_weights_and_early_stop_survive(tmp_path, stop):
    whole = early_stopping()
    assert (
        whole.history.stopped_early
        and whole.history.best_epoch == 3
        and len(whole.history.rows) == 5
    )
    early_stopping(path=tmp_path / "run.pt", epochs=stop)
    assert digests(early_stopping(path=tmp_path / "run.pt", shift=1)) == digests(whole)


def test_the_random_state_holds_all_generators():
    ours = torch.Generator().manual_seed(3)
    state = checkpoint.random_state([ours])
    draw = lambda: (torch.rand(2).tolist(), random.random(), torch.rand(2, generator=ours).tolist())  # noqa: E731
    first = draw()
    assert draw() != first
    checkpoint.set_random_state(state, [ours])
    assert draw() == first


# Checkpoints that cannot be used


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "run.pt"
    denoising(path=path, epochs=1)
    return path


def refuses(path, words, **options):
    before = path.read_bytes()
    with pytest.raises(CourseError) as caught:
        denoising(path=path, **options)
    assert str(path) in str(caught.value) and "delete it" in str(caught.value), caught.value
    assert words in str(caught.value)
    assert path.read_bytes() == before


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.99])
def test_a_truncated_checkpoint_is_named(saved, share):
    content = saved.read_bytes()
    saved.write_bytes(content[: int(share * len(content))])
    refuses(saved, "is damaged")


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04" + bytes(100)])
def test_a_file_of_something_else_is_named(saved, content):
    saved.write_bytes(content)
    refuses(saved, "is damaged")


def test_a_flipped_bit_is_seen_or_harmless(saved):
    """Every bit that stands for a number is under a checksum; the archive's padding is not."""
    content, state, seen = saved.read_bytes(), digest(checkpoint.load(saved)), 0
    places = random.Random(0).sample(range(len(content)), 40)
    for place in places:
        flipped = bytearray(content)
        flipped[place] ^= 16
        saved.write_bytes(flipped)
        try:
            assert digest(checkpoint.load(saved)) == state
        except CourseError as error:
            assert (
                str(saved) in str(error)
                and "is damaged" in str(error)
                and "delete it and run again" in str(error)
            )
            seen += 1
    assert seen > 30


def test_something_else_that_torch_saved_is_refused(saved):
    torch.save([1, 2, 3], saved)
    refuses(saved, "is damaged")
    torch.save(dense(16).state_dict(), saved)
    refuses(saved, "is of another network")


def test_a_checkpoint_of_another_network_is_refused(saved):
    refuses(saved, "is of another network", units=17)


@pytest.mark.parametrize(
    "part, words",
    [
        ("optimizer", "another optimizer"),
        ("schedule", "another schedule"),
        ("rngs", "number of random number generators"),
    ],
)
def test_a_checkpoint_of_another_recipe_is_refused(tmp_path, part, words):
    run, path = runtime.setup(device="cpu", threads=1), tmp_path / "run.pt"

    def train(changed=""):
        model = dense(4)
        optimizer = adam(model, 1e-2 if changed == "optimizer" else 1e-3)
        schedule = one_cycle(optimizer, steps=1) if changed == "schedule" else None
        fit(
            model,
            [(pictures(8) / 255,) * 2],
            reconstruction,
            epochs=1,
            runtime=run,
            optimizer=optimizer,
            callbacks=[Schedule(schedule)] if schedule else [],
            checkpoint=Checkpoint(path, rngs=[run.generator("n")] if changed == "rngs" else []),
        )

    train()
    train()
    with pytest.raises(CourseError, match=words):
        train(part)
    path.unlink()
    train(part)
    with pytest.raises(CourseError, match=words):  # and the other way round
        train()


def test_a_full_disk_keeps_the_last_whole_checkpoint(saved):
    before, limits = saved.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, limits[1]))
    try:
        with pytest.raises(CourseError) as caught:
            denoising(path=saved)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert str(saved) in str(caught.value) and "free some space" in str(caught.value)
    assert "run again, it goes on from the last whole checkpoint" in str(caught.value)
    assert saved.read_bytes() == before and os.listdir(saved.parent) == [saved.name]


def test_what_a_killed_run_left_half_written_is_swept_away(saved, uninterrupted):
    (saved.parent / ".run.pt.4711.part").write_bytes(b"half")
    (saved.parent / ".other.pt.4711.part").write_bytes(b"of another run")
    assert digests(denoising(path=saved)) == uninterrupted
    assert sorted(os.listdir(saved.parent)) == [".other.pt.4711.part", "run.pt"]


# Other processes, and SIGKILL

BIG = {"count": 240, "units": 300}  # half a million weights: writing takes long enough to hit


def start(*arguments, hash_seed="0"):
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "PYTHONHASHSEED": hash_seed,
        "COURSEKIT_PROGRESS": "0",
        "OMP_WAIT_POLICY": "PASSIVE",
    }
    return subprocess.Popen(
        [sys.executable, __file__, *map(str, arguments)],
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def result(process):
    out, error = process.communicate(timeout=300)
    assert process.returncode == 0, error
    return json.loads(out)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The same training in two processes at once."""
    folder = tmp_path_factory.mktemp("undisturbed")
    both = [start("train", folder / f"{seed}.pt", hash_seed=seed) for seed in "12"]
    return [result(one) for one in both]


def test_the_same_bits_in_two_processes(undisturbed):
    first, second = undisturbed
    assert first == second
    assert set(first) == {"dense", "two threads"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="SIGKILL and fork are not on this system")
def test_killed_at_any_moment_and_run_again_gives_the_same_bits(undisturbed, tmp_path):
    path = tmp_path / "checkpoints" / "run.pt"
    kills = result(start("harass", path))
    assert len(kills) >= 5 and len({kill["epoch"] for kill in kills}) >= 3, kills
    assert any(kill["half written"] for kill in kills), kills
    assert result(start("train", path))["dense"] == undisturbed[0]["dense"]
    assert os.listdir(path.parent) == [path.name]


def train(path):
    """Train to the end; print what came out, and what a convolution's gradients on two threads
    give.
    """
    done = {"dense": digests(denoising(path=path, **BIG))}
    torch.manual_seed(0)
    done["two threads"] = digests(denoising(network=Denoiser(), count=32, epochs=1, threads=2))
    print(json.dumps(done))


def harass(path):
    """Train in a child and kill it: soon, some time into an epoch, while it writes, as the file
    changes; and again.
    """
    denoising(epochs=1)  # torch loads parts of itself on first use: once for all children
    moments, kills = random.Random(time.time_ns()), []
    for kind in ("start", "epoch", "writing", "change", "writing", "change", "writing", "change"):
        before, started = _identity(path), time.monotonic()
        child = os.fork()
        if child == 0:
            denoising(path=path, **BIG)
            os._exit(0)
        while not _reached(kind, path, before, child) and time.monotonic() < started + 60:
            time.sleep(0.0001)
        time.sleep(
            {"start": 0.05, "epoch": 0.03, "writing": 0.002, "change": 0}[kind] * moments.random()
        )
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):  # it was done before
            break
        state = checkpoint.load(path) or {"epoch": 0}  # a whole one, whatever was going on
        kills.append(
            {"kind": kind, "epoch": state["epoch"], "half written": _being_written(path, child)}
        )
    print(json.dumps(kills))


def _reached(kind, path, before, child):
    """Whether the moment of this kind has come: in the child, since the file was as before."""
    if kind == "writing":
        return _being_written(path, child)
    return kind == "start" or _identity(path) != before


def _identity(path):
    return (path.stat().st_ino, path.stat().st_mtime_ns) if path.exists() else None


def _being_written(path, child):
    return path.with_name(f".{path.name}.{child}.part").exists()


if __name__ == "__main__":
    {"train": train, "harass": harass}[sys.argv[1]](Path(sys.argv[2]))
