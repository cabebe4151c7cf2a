"""The adversarial loop: who learns when and from what, what is reported, and stopped = never
stopped for both players.
"""

import json
import os
import random
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
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from coursekit import runtime
from coursekit.datasets.batches import Batches
from coursekit.errors import CourseError
from coursekit.training import (
    Adversaries,
    Averaging,
    Checkpoint,
    DiscriminatorMonitor,
    GANLoss,
    MaxSteps,
    OnEpochEnd,
    Schedule,
    accuracy,
    adam,
    checkpoint,
    fit_adversarial,
)

EPOCHS = 4


def real_pictures(count):
    return torch.randint(
        0, 256, (count, 1, 4, 4), generator=torch.Generator().manual_seed(9), dtype=torch.uint8
    )


def cross_entropy(draws):
    """Noise of 6 numbers a picture; the discriminator's inputs get noise too; label noise as in the
    source.
    """

    def discriminator_loss(discriminator, batch, fake):
        disturb = lambda x: x + 0.1 * torch.randn(x.shape, generator=draws)  # noqa: E731
        real, made = discriminator(disturb(batch[0])), discriminator(disturb(fake))
        loss = F.softplus(-real).mean() + F.softplus(made).mean()
        return {"loss": loss, "accuracy": accuracy(real, made)}

    def generator_loss(discriminator, batch, fake):
        verdict = discriminator(fake)
        return F.binary_cross_entropy_with_logits(
            verdict, 1 + 0.05 * torch.rand(verdict.shape, generator=draws)
        )

    return GANLoss(
        lambda generator, batch: generator(torch.randn(len(batch[0]), 6, generator=draws)),
        discriminator_loss,
        generator_loss,
    )


def networks(units=12):
    generator = nn.Sequential(
        nn.Linear(6, units),
        nn.BatchNorm1d(units),
        nn.ReLU(),
        nn.Linear(units, 16),
        nn.Tanh(),
        nn.Unflatten(1, (1, 4, 4)),
    )
    discriminator = nn.Sequential(
        nn.Conv2d(1, units, 3, padding=1),
        nn.LeakyReLU(0.3),
        nn.Dropout(0.3),
        nn.Flatten(),
        nn.utils.parametrizations.spectral_norm(nn.Linear(16 * units, 1)),
    )
    return generator, discriminator


def train(*, path=None, epochs=EPOCHS, shift=0, count=80, every=2, units=12, steps=None):
    """A game with everything that has a state; shift: begin elsewhere, which a resumed run must not
    feel.
    """
    run = runtime.setup(seed=shift, device="cpu", threads=1)
    shuffling, draws, watching = (run.generator(name) for name in ("shuffle", "noise", "watch"))
    generator, discriminator = networks(units)
    batches = Batches(
        real_pictures(count), batch_size=16, generator=shuffling, transform=lambda x: 2 * x - 1
    )
    optimizers = (
        adam(generator, 1e-3),
        torch.optim.SGD(discriminator.parameters(), lr=1e-2, momentum=0.9),
    )
    schedules = [
        torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.1, total_iters=20)
        for optimizer in optimizers
    ]
    average = AveragedModel(generator, multi_avg_fn=get_ema_multi_avg_fn(0.9), use_buffers=True)
    history = fit_adversarial(
        Adversaries(generator, discriminator, *optimizers, every),
        batches,
        cross_entropy(draws),
        epochs=epochs,
        runtime=run,
        callbacks=[
            Schedule(*schedules),
            Averaging(average),
            OnEpochEnd(lambda model, epoch: {"drawn": torch.rand(1, generator=watching).item()}),
            *([] if steps is None else [MaxSteps(steps)]),
        ],
        checkpoint=Checkpoint(path, rngs=[draws, watching]),
    )
    parts = [generator, discriminator, *optimizers, *schedules, average]
    rows = [
        {name: value for name, value in row.items() if name != "seconds"} for row in history.rows
    ]
    return SimpleNamespace(
        history=history,
        generator=generator,
        discriminator=discriminator,
        all=digest(
            [
                [part.state_dict() for part in parts],
                rows,
                [one.get_state() for one in (shuffling, draws, watching)],
                torch.get_rng_state(),
                list(random.getstate()[1]),
            ]
        ),
    )


@pytest.fixture(autouse=True)
def settings_put_back():
    threads, exact = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    yield
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(exact)


# What a step does


def simple(loss, batches=None, *, generator=None, rate=0.5, every=1, epochs=1, **options):
    """Both networks one weight, plain gradient descent: every number can be worked by hand."""
    run = runtime.setup(device="cpu", threads=1)
    generator = generator or nn.Linear(1, 1, bias=False)
    discriminator = nn.Linear(1, 1, bias=False)
    for network in (generator, discriminator):
        nn.init.ones_(network.weight)
    optimizers = [torch.optim.SGD(one.parameters(), rate) for one in (generator, discriminator)]
    history = fit_adversarial(
        Adversaries(generator, discriminator, *optimizers, discriminator_every=every),
        [(torch.tensor([[3.0]]),)] if batches is None else batches,
        loss,
        epochs=epochs,
        runtime=run,
        **options,
    )
    return generator, discriminator, history


LINEAR = GANLoss(
    lambda generator, batch: generator(torch.ones(1, 1)),
    lambda discriminator, batch, fake: (discriminator(fake) - discriminator(batch[0])).mean(),
    lambda discriminator, batch, fake: -discriminator(fake).mean(),
)


def test_one_step_worked_by_hand():
    """D(x) = d x, G = g, x = 3: d <- 1 - 0.5 (1 - 3) = 2; then, judged by the new d, g <- 1 + 0.5 *
    2 = 2, paying -2.
    """
    generator, discriminator, history = simple(LINEAR)
    assert discriminator.weight.item() == 2.0 and generator.weight.item() == 2.0
    row = history.rows[0]
    assert (row["epoch"], row["steps"], row["discriminator_loss"], row["generator_loss"]) == (
        1,
        1,
        -2.0,
        -2.0,
    )
    assert row["warning"] == "" and history.warnings == []


def test_the_discriminator_learns_at_every_second_step():
    """d <- 2 at step 1; g <- 2, 3 (d stays 2), then d <- 2 - 0.5 (3 - 3) = 2, g <- 4."""
    generator, discriminator, history = simple(LINEAR, [(torch.tensor([[3.0]]),)] * 3, every=2)
    assert discriminator.weight.item() == 2.0 and generator.weight.item() == 4.0
    assert (
        history.rows[0]["discriminator_loss"] == (-2.0 + 0.0) / 2
        and history.rows[0]["generator_loss"] == (-2 - 4 - 6) / 3
    )


def test_neither_player_learns_from_the_others_turn():
    """The discriminator gets no gradient from the generator's loss, the generator none from the
    discriminator's.
    """
    seen = {}

    def discriminator_loss(discriminator, batch, fake):
        seen["fake has a graph"] = fake.requires_grad
        return LINEAR.discriminator_loss(discriminator, batch, fake)

    def generator_loss(discriminator, batch, fake):
        seen["weights take part"] = any(
            weight.requires_grad for weight in discriminator.parameters()
        )
        return LINEAR.generator_loss(discriminator, batch, fake)

    _, discriminator, _ = simple(GANLoss(LINEAR.generate, discriminator_loss, generator_loss))
    assert seen == {"fake has a graph": False, "weights take part": False}
    assert all(weight.requires_grad for weight in discriminator.parameters())


def test_more_columns_and_accuracy():
    loss = GANLoss(
        LINEAR.generate,
        lambda d, batch, fake: {"loss": d(fake).mean(), "accuracy": torch.tensor(0.75)},
        lambda d, batch, fake: {"loss": d(fake).mean(), "l1": torch.tensor(0.25)},
    )
    watching = OnEpochEnd(lambda generator, epoch: {"watched": generator.weight.item()})
    row = simple(loss, callbacks=[watching])[2].rows[0]
    assert row["accuracy"] == 0.75 and row["l1"] == 0.25 and "watched" in row
    assert (
        accuracy(torch.tensor([1.0, -1.0]), torch.tensor([-2.0, -2.0, -2.0, 5.0])).item()
        == (0.5 + 0.75) / 2
    )


def test_a_limit_of_steps_ends_within_an_epoch():
    four = [(torch.tensor([[3.0]]),)] * 4
    history = simple(LINEAR, four, epochs=9, callbacks=[MaxSteps(10)])[2]
    assert history.column("steps") == [4, 8, 10] and history.column("epoch") == [1, 2, 3]


def test_the_average_is_an_average():
    """g is 1, then 2 and 3: with decay 0.5 the average is 2 after the first step (a copy), then
    2.5.
    """
    generator = nn.Linear(1, 1, bias=False)
    average = AveragedModel(generator, multi_avg_fn=get_ema_multi_avg_fn(0.5))
    twice, averaging = [(torch.tensor([[3.0]]),)] * 2, [Averaging(average)]
    simple(LINEAR, twice, generator=generator, callbacks=averaging, every=2)
    assert generator.weight.item() == 3.0 and average.module.weight.item() == 2.5


def test_a_small_gan_learns_where_the_data_are():
    """Real numbers around 4; the generator starts around 0 and must move there."""
    run = runtime.setup(device="cpu", threads=1)
    draws = run.generator("noise")
    generator, discriminator = (
        nn.Linear(6, 1),
        nn.Sequential(nn.Linear(1, 16), nn.LeakyReLU(0.3), nn.Linear(16, 1)),
    )
    data = 4 + torch.randn(640, 1, generator=run.generator("data"))
    fit_adversarial(
        Adversaries(generator, discriminator, adam(generator, 2e-2), adam(discriminator, 1e-2)),
        Batches(data, batch_size=32, generator=run.generator("order")),
        cross_entropy(draws),
        epochs=15,
        runtime=run,
    )
    assert abs(generator(torch.randn(2_000, 6, generator=draws)).mean().item() - 4) < 1


# What goes wrong


@pytest.mark.parametrize("name", ["generator", "discriminator"])
def test_a_loss_that_is_no_number_is_named_at_once(name):
    """Long before the epoch is over."""
    seen = []

    def spoil(discriminator, batch, fake):
        seen.append(1)
        return discriminator(fake).mean() * (float("nan") if len(seen) > 10 else 1.0)

    fine = lambda discriminator, batch, fake: discriminator(fake).mean()  # noqa: E731
    both = (spoil, fine) if name == "discriminator" else (fine, spoil)
    with pytest.raises(
        CourseError, match=f"the {name} loss became NaN in epoch 1, by its update 11: .* rate"
    ):
        simple(GANLoss(LINEAR.generate, *both), [(torch.tensor([[3.0]]),)] * 1_000, rate=1e-4)
    assert len(seen) == 11


def lost(count, accuracies, losses, **options):
    """A run of prescribed accuracies and generator's losses -> history, what was reported when."""
    told, epoch = [], [0]
    loss = GANLoss(
        LINEAR.generate,
        lambda d, batch, fake: {
            "loss": 0 * d(fake).mean(),
            "accuracy": torch.tensor(accuracies[epoch[0]]),
        },
        lambda d, batch, fake: 0 * d(fake).mean() + losses[epoch[0]],
    )

    def note(generator, number):
        epoch[0] = number

    monitor = DiscriminatorMonitor(**options, report=lambda words: told.append((epoch[0], words)))
    _, _, history = simple(loss, epochs=count, callbacks=[OnEpochEnd(note)], monitor=monitor)
    return history, told


def test_a_discriminator_that_has_won_is_reported_once_when_it_happens():
    history, told = lost(8, [0.7] + [0.99] * 7, [1.0, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0])
    assert [epoch for epoch, _ in told] == [6]  # epochs 2 to 6 are five in a row
    assert "epoch 6: the discriminator has won" in told[0][1] and "less often" in told[0][1]
    assert history.warnings == [words for _, words in told]
    assert [bool(row["warning"]) for row in history.rows] == [False] * 5 + [True] * 3


@pytest.mark.parametrize(
    "accuracies, losses",
    [
        ([0.99] * 8, [5.0, 4.5, 4.0, 3.5, 3.0, 2.5, 2.0, 1.5]),  # the generator catches up
        ([0.99, 0.99, 0.99, 0.5] * 2, [1.0 + i for i in range(8)]),  # never five in a row
        ([0.9] * 8, [1.0 + i for i in range(8)]),
    ],
)  # it errs often enough
def test_an_open_run_is_not_reported(accuracies, losses):
    assert lost(8, accuracies, losses)[1] == []


def test_the_monitor_can_be_left_out_or_made_strict():
    assert "warning" not in simple(LINEAR, epochs=9, monitor=None)[2].rows[-1]
    assert lost(3, [0.9] * 3, [1.0, 2.0, 3.0], accuracy=0.8, epochs=2)[1][0][0] == 2


def test_the_report_goes_to_stdout_unless_told_otherwise(capsys):
    simple(
        GANLoss(
            LINEAR.generate,
            lambda d, batch, fake: {"loss": 0 * d(fake).mean(), "accuracy": torch.tensor(1.0)},
            lambda d, batch, fake: -d(fake.detach()).mean() * 0 + fake.mean() * 0 + next(COUNT),
        ),
        epochs=5,
    )
    out, error = capsys.readouterr()
    assert "has won" in out and error == ""


COUNT = iter(range(100))


def test_no_batches_and_a_rhythm_that_never_comes():
    with pytest.raises(CourseError, match="no batches"):
        simple(LINEAR, iter(()))
    with pytest.raises(CourseError, match="no batches"):
        simple(LINEAR, [])
    with pytest.raises(CourseError, match="one step in 5, but epoch 3 has only 3"):
        simple(LINEAR, [(torch.tensor([[3.0]]),)] * 3, every=5, epochs=3)


# Stops


@pytest.fixture(scope="module")
def uninterrupted():
    return train().all


@pytest.mark.parametrize("stop", range(1, EPOCHS + 1))
def test_resumed_equals_uninterrupted_for_both_players(uninterrupted, tmp_path, stop):
    train(path=tmp_path / "run.pt", epochs=stop)
    assert train(path=tmp_path / "run.pt", shift=1).all == uninterrupted


def test_stopped_within_an_epoch_equals_uninterrupted(uninterrupted, tmp_path):
    """A limit of 8 steps ends in the second epoch of 5: the checkpoint holds the first, and the
    second is played again.
    """
    assert train(path=tmp_path / "run.pt", steps=8).history.column("steps") == [5, 8]
    assert train(path=tmp_path / "run.pt", shift=1).all == uninterrupted


def test_another_seed_is_another_game(uninterrupted):
    assert train(shift=1).all != uninterrupted


@pytest.mark.parametrize(
    "changed, words", [({"units": 13}, "generator and discriminator"), ({"every": 1}, "rhythm")]
)
def test_a_checkpoint_of_another_game_is_refused(tmp_path, changed, words):
    train(path=tmp_path / "run.pt", epochs=1)
    with pytest.raises(CourseError, match=f"is of another {words}.*delete it"):
        train(path=tmp_path / "run.pt", **changed)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="SIGKILL and fork are not on this system")
def test_killed_at_any_moment_and_run_again_gives_the_same_bits(tmp_path):
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "COURSEKIT_PROGRESS": "0",
        "OMP_WAIT_POLICY": "PASSIVE",
    }
    done = subprocess.run(
        [sys.executable, __file__, tmp_path / "run.pt"],
        env=environment,
        text=True,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert len(seen["kills"]) == 3 == len(set(seen["kills"])) and max(seen["kills"]) < 3 * EPOCHS, (
        seen
    )
    assert seen["killed"] == seen["undisturbed"]
    assert os.listdir(tmp_path) == ["run.pt"]


def harass(path):
    """Play in children, kill each some time after its next checkpoint; play to the end; print both
    digests.
    """
    long = {"epochs": 3 * EPOCHS, "count": 160, "units": 64}
    undisturbed, kills = train(**long).all, []
    for _ in range(3):
        before = _identity(path)
        child = os.fork()
        if child == 0:
            train(path=path, **long)
            os._exit(0)
        while _identity(path) == before:
            time.sleep(0.0005)
        time.sleep(0.02 * random.Random(time.time_ns()).random())
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        kills.append(checkpoint.load(path)["epoch"])
    print(
        json.dumps(
            {"undisturbed": undisturbed, "killed": train(path=path, **long).all, "kills": kills}
        )
    )


def _identity(path):
    return (path.stat().st_ino, path.stat().st_mtime_ns) if path.exists() else None


if __name__ == "__main__":
    harass(Path(sys.argv[1]))
