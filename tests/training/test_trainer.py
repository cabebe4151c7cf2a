"""The loop against one written out by hand, and its stops: patience, NaN, nothing to train on."""

import inspect
import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from coursekit import runtime
from coursekit.datasets.batches import Batches
from coursekit.errors import CourseError, UsageError
from coursekit.models import ops
from coursekit.models.features import SmallClassifier
from coursekit.training import (
    Checkpoint,
    ClipGradients,
    History,
    OnEpochEnd,
    Schedule,
    Validation,
    adam,
    evaluate,
    fit,
    fit_adversarial,
    one_cycle,
    prepare,
    train_classifier,
)
from coursekit.training import progress as progress_module


@pytest.fixture(autouse=True)
def run():
    """A runtime with one thread; torch's settings are put back."""
    threads, exact = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    yield runtime.setup(seed=0, device="cpu", threads=1)
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(exact)


def points(count=20, seed=0):
    return torch.rand(count, 6, generator=torch.Generator().manual_seed(seed))


def build(seed=1):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 6))


def loss(model, batch):
    return F.mse_loss(model(batch[0]), batch[0])


def scripted(values):
    """A validation loss that takes these values epoch by epoch; the model is not asked."""
    left = iter(values)
    return lambda model, batch: (
        torch.tensor(next(left)) if not torch.is_grad_enabled() else loss(model, batch)
    )


def same(a, b):
    return all(
        torch.equal(x, y)
        for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True)
    )


@pytest.mark.parametrize("clip", [None, 0.01])
def test_fit_is_the_loop_written_by_hand(run, clip):
    ours, theirs = build(), build()
    optimizer = adam(ours, 0.01, weight_decay=0.1)
    history = fit(
        ours,
        Batches(points(), batch_size=8),
        loss,
        epochs=3,
        optimizer=optimizer,
        runtime=run,
        callbacks=[
            Schedule(one_cycle(optimizer, steps=9)),
            *([] if clip is None else [ClipGradients(clip)]),
        ],
    )
    optimizer = torch.optim.Adam(theirs.parameters(), lr=0.01, weight_decay=0.1, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 0.01, total_steps=9, cycle_momentum=False
    )
    losses = []
    for _ in range(3):
        total = 0.0
        for batch in points().split(8):
            value = F.mse_loss(theirs(batch), batch)
            optimizer.zero_grad()
            value.backward()
            if clip is not None:
                norm = (
                    torch.cat([weight.grad.flatten() for weight in theirs.parameters()])
                    .norm()
                    .item()
                )
                assert norm > clip
                nn.utils.clip_grad_norm_(theirs.parameters(), clip)
            optimizer.step()
            schedule.step()
            total += value.item() * len(batch)
        losses.append(total / 20)
    assert same(ours, theirs)
    assert history.column("loss") == pytest.approx(losses, rel=1e-6)
    assert history.column("epoch") == [1, 2, 3] and not history.stopped_early
    assert all(seconds > 0 for seconds in history.column("seconds"))


def test_weight_decay_is_l2_on_the_gradient():
    """Against plain Adam on the loss plus weight_decay / 2 |w|^2 (not AdamW's decay)."""
    ours, theirs = build(), build()
    optimizer, plain = adam(ours, 0.01, weight_decay=0.1), adam(theirs, 0.01)
    for _ in range(5):
        for model, one, penalty in ((ours, optimizer, 0), (theirs, plain, 0.05)):
            one.zero_grad()
            (
                loss(model, (points(),))
                + penalty * sum(w.square().sum() for w in model.parameters())
            ).backward()
            one.step()
    for a, b in zip(ours.parameters(), theirs.parameters()):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


def test_one_cycle_rises_to_the_optimisers_rate_and_falls_to_nothing():
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.5)
    schedule, rates = one_cycle(optimizer, steps=100, warmup=0.2), []
    for _ in range(100):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if len(rates) < 100:
            schedule.step()
    peak = rates.index(max(rates))
    assert max(rates) == pytest.approx(0.5) and peak == 19
    assert rates[: peak + 1] == sorted(rates[: peak + 1]) and rates[peak:] == sorted(
        rates[peak:], reverse=True
    )
    assert rates[0] == pytest.approx(0.5 / 25) and rates[-1] < 1e-4


def test_evaluation_weights_batches_by_size_and_changes_nothing(run):
    model = nn.Sequential(build(), nn.Dropout(0.5)).train()
    before = [weight.clone() for weight in model.parameters()]
    value = evaluate(model, Batches(points(), batch_size=8), loss, runtime=run)
    whole = F.mse_loss(model[0](points()), points()).item()  # no dropout; 8 + 8 + 4 points
    assert value == pytest.approx(whole, rel=1e-6)
    assert model.training and all(torch.equal(a, b) for a, b in zip(before, model.parameters()))
    assert all(weight.grad is None for weight in model.parameters())
    assert (
        evaluate(model.eval(), Batches(points(), batch_size=8), loss, runtime=run) == value
        and not model.training
    )


def test_training_is_in_training_mode_and_validation_is_not(run):
    modes = []

    def watchful(model, batch):
        modes.append((model.training, torch.is_grad_enabled()))
        return loss(model, batch)

    batches = Batches(points(), batch_size=20)
    model = build()
    fit(
        model,
        batches,
        watchful,
        epochs=2,
        optimizer=adam(model, 0.01),
        runtime=run,
        callbacks=[Validation(batches)],
    )
    assert modes == [(True, True), (False, False)] * 2


def test_patience_stops_and_gives_back_the_best_weights(run):
    """Validation 3 2 4 1 5 5 0: epoch 4 is the best before two epochs bring nothing better."""
    model, seen, batches = build(), {}, Batches(points(), batch_size=20)
    history = fit(
        model,
        batches,
        scripted([3.0, 2.0, 4.0, 1.0, 5.0, 5.0, 0.0]),
        epochs=7,
        optimizer=adam(model, 0.01),
        runtime=run,
        callbacks=[
            Validation(batches, patience=2),
            OnEpochEnd(
                lambda model, epoch: seen.update(
                    {epoch: [weight.clone() for weight in model.parameters()]}
                )
            ),
        ],
    )
    assert history.column("val_loss") == [3, 2, 4, 1, 5, 5]
    assert history.stopped_early and history.best_epoch == 4 and list(seen) == [1, 2, 3, 4, 5, 6]
    assert all(torch.equal(a, b) for a, b in zip(seen[4], model.parameters()))
    assert not any(torch.equal(a, b) for a, b in zip(seen[6], model.parameters()))


def test_a_tie_is_not_better(run):
    model, batches = build(), Batches(points(), batch_size=20)
    history = fit(
        model,
        batches,
        scripted([1.0, 1.0, 1.0, 1.0]),
        epochs=4,
        optimizer=adam(model, 0.01),
        runtime=run,
        callbacks=[Validation(batches, patience=2)],
    )
    assert history.stopped_early and history.best_epoch == 1 and len(history.rows) == 3


def test_without_patience_the_last_weights_stay(run):
    model, batches, last = build(), Batches(points(), batch_size=20), []
    fit(
        model,
        batches,
        scripted([1.0, 2.0, 3.0]),
        epochs=3,
        optimizer=adam(model, 0.01),
        runtime=run,
        callbacks=[
            Validation(batches),
            OnEpochEnd(lambda model, epoch: last.append([w.clone() for w in model.parameters()])),
        ],
    )
    assert all(torch.equal(a, b) for a, b in zip(last[-1], model.parameters()))


def test_patience_running_out_in_the_last_epoch_also_gives_the_best(run):
    model, batches, seen = build(), Batches(points(), batch_size=20), []
    fit(
        model,
        batches,
        scripted([1.0, 2.0]),
        epochs=2,
        optimizer=adam(model, 0.01),
        runtime=run,
        callbacks=[
            Validation(batches, patience=5),
            OnEpochEnd(lambda model, epoch: seen.append([w.clone() for w in model.parameters()])),
        ],
    )
    assert all(torch.equal(a, b) for a, b in zip(seen[0], model.parameters()))


@pytest.mark.parametrize("value, word", [(math.nan, "NaN"), (math.inf, "inf")])
def test_a_loss_that_is_no_number_stops_with_advice(run, value, word):
    model, calls = build(), []

    def breaks(model, batch):
        calls.append(1)
        return loss(model, batch) * (
            value if len(calls) == 6 else 1
        )  # the last of the second epoch's three

    with pytest.raises(
        CourseError,
        match=f"the loss became {word} in epoch 2, by its update 3: lower the learning rate",
    ):
        fit(
            model,
            Batches(points(), batch_size=8),
            breaks,
            epochs=3,
            optimizer=adam(model, 0.01),
            runtime=run,
        )


def test_a_loss_that_is_no_number_is_not_kept_in_the_checkpoint(run, tmp_path):
    model, path, batches = build(), tmp_path / "run.pt", Batches(points(), batch_size=20)
    with pytest.raises(CourseError, match="the validation loss became NaN in epoch 2"):
        fit(
            model,
            batches,
            scripted([1.0, math.nan, 1.0]),
            epochs=3,
            runtime=run,
            optimizer=adam(model, 0.01),
            callbacks=[Validation(batches, patience=1)],
            checkpoint=Checkpoint(path),
        )
    kept = torch.load(path)
    assert kept["epoch"] == 1 and all(
        value.isfinite().all() for value in kept["networks"]["network"].values()
    )


def test_no_batches_is_an_error_not_a_division_by_zero(run):
    model, batches = build(), Batches(points(4), batch_size=8, drop_last=True)
    with pytest.raises(CourseError, match="no batches to train on"):
        fit(model, batches, loss, epochs=1, optimizer=adam(model, 0.01), runtime=run)


def test_what_the_watcher_says_joins_the_history(run):
    model, batches = build(), Batches(points(), batch_size=20)
    history = fit(
        model,
        batches,
        loss,
        epochs=2,
        optimizer=adam(model, 0.01),
        runtime=run,
        callbacks=[OnEpochEnd(lambda model, epoch: {"squared": epoch**2})],
    )
    assert history.column("squared") == [1, 4]


def test_history_as_a_frame():
    history = History(
        [{"epoch": 1, "loss": 3.0}, {"epoch": 2, "loss": 1.0}, {"epoch": 3, "loss": 2.0}]
    )
    assert (
        list(history.frame()["loss"]) == history.column("loss") == [3, 1, 2]
        and history.best_epoch == 2
    )


def test_prepared_convolutions_are_channels_last_and_compute_the_same(run):
    torch.manual_seed(0)
    model, x = (
        nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 4, 3)),
        torch.rand(2, 3, 9, 9),
    )
    before = model(x)
    prepared = prepare(model, run)
    assert prepared[0].weight.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(prepared(x), before)


def test_big_transposed_convolutions_keep_their_order(run, monkeypatch):
    model = nn.Sequential(nn.Conv2d(8, 8, 3), nn.ConvTranspose2d(8, 4, 3))
    monkeypatch.setattr(ops, "BIG", 8 * 4 * 9)
    assert all(one.weight.is_contiguous() for one in prepare(model, run))
    monkeypatch.setattr(ops, "BIG", 8 * 4 * 9 + 1)
    assert all(
        one.weight.is_contiguous(memory_format=torch.channels_last) for one in prepare(model, run)
    )


def test_one_batch_is_overfitted_in_bfloat16_too(monkeypatch):
    monkeypatch.setattr(runtime, "has_bfloat16", lambda device: True)
    fast = runtime.setup(seed=0, device="cpu", precision="fast", threads=1)
    model, kinds = nn.Sequential(nn.Linear(6, 32), nn.Tanh(), nn.Linear(32, 6)), set()

    def watchful(model, batch):
        kinds.add(model(batch[0]).dtype)
        return loss(model, batch)

    batches = Batches(points(4), batch_size=4)
    history = fit(model, batches, watchful, epochs=150, optimizer=adam(model, 0.02), runtime=fast)
    assert kinds == {torch.bfloat16} and all(
        weight.dtype == torch.float32 for weight in model.parameters()
    )
    assert history.rows[-1]["loss"] < 0.1 * points(4).var(0, correction=0).mean().item()


def test_progress_shows_in_a_terminal_and_is_wiped(monkeypatch, capsys):
    monkeypatch.delenv("COURSEKIT_PROGRESS", raising=False)
    monkeypatch.setattr(progress_module, "_kind", lambda: "terminal")
    with progress_module.Progress() as line:
        line.say("epoch 1 of 9, batch 2 of 3")
        line.say("too soon")
    said = capsys.readouterr()
    assert said.out == "" and "epoch 1 of 9" in said.err and "too soon" not in said.err
    assert said.err.endswith("\r" + " " * len("epoch 1 of 9, batch 2 of 3") + "\r")


@pytest.mark.parametrize("silent", ["asked", "not a terminal"])
def test_progress_is_silent_elsewhere(run, monkeypatch, capsys, silent):
    if silent == "asked":
        monkeypatch.setenv("COURSEKIT_PROGRESS", "0")
    model = build()
    fit(
        model,
        Batches(points(), batch_size=8),
        loss,
        epochs=1,
        optimizer=adam(model, 0.01),
        runtime=run,
    )
    assert capsys.readouterr() == ("", "")


# What cannot work is refused before anything is trained


def refused(run, words, *, rate=0.01, batches=None, kind=CourseError, **options):
    model, calls = build(), []

    def counting(model, batch):
        calls.append(1)
        return loss(model, batch)

    with pytest.raises(kind, match=words):
        fit(
            model,
            Batches(points(), batch_size=8) if batches is None else batches,
            counting,
            epochs=2,
            optimizer=torch.optim.SGD(model.parameters(), lr=rate),
            runtime=run,
            **options,
        )
    assert calls == [] and same(model, build())


@pytest.mark.parametrize("patience", [None, 3])
def test_an_empty_validation_set(run, patience):
    empty = Batches(points(0), batch_size=8)
    refused(run, "validation set is empty", callbacks=[Validation(empty, patience=patience)])
    refused(run, "validation set is empty", callbacks=[Validation([], patience=patience)])
    with pytest.raises(CourseError, match="no batches to evaluate on"):
        evaluate(build(), empty, loss, runtime=run)


@pytest.mark.parametrize("rate, words", [(math.inf, "inf"), (math.nan, "nan"), (0.0, "0")])
def test_an_impossible_learning_rate(run, rate, words):
    refused(run, f"the learning rate is {words}: .*give a number above 0", rate=rate)


@pytest.mark.parametrize("rate", [-1.0, -math.inf, math.inf, math.nan])
def test_adam_refuses_an_impossible_rate_in_words(rate):
    with pytest.raises(CourseError, match=f"the learning rate is {rate:g}: it cannot work"):
        adam(build(), rate)


def test_a_rate_that_a_schedule_starts_from_nothing_is_possible(run):
    model = build()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: step / 3)
    assert optimizer.param_groups[0]["lr"] == 0
    history = fit(
        model,
        Batches(points(), batch_size=8),
        loss,
        epochs=1,
        optimizer=optimizer,
        runtime=run,
        callbacks=[Schedule(schedule)],
    )
    assert len(history.rows) == 1 and not same(model, build())


@pytest.mark.parametrize("batches", [[], Batches(points(4), batch_size=8, drop_last=True)])
def test_no_batches(run, batches):
    refused(run, "no batches to train on: give at least as many examples", batches=batches)


def test_an_iterator_that_is_used_up(run):
    refused(run, "no batches to train on: the iterator is used up", batches=iter(()))


def test_an_iterator_without_a_length_trains_one_epoch(run, tmp_path):
    model, path = build(), tmp_path / "run.pt"
    history = fit(
        model,
        iter([(points(),)] * 3),
        loss,
        epochs=1,
        optimizer=adam(model, 0.01),
        runtime=run,
        checkpoint=Checkpoint(path),
    )
    assert len(history.rows) == 1 and path.exists()


def test_a_cycle_of_no_steps():
    optimizer = torch.optim.SGD(build().parameters(), lr=0.1)
    with pytest.raises(CourseError, match="a cycle of 0 steps"):
        one_cycle(optimizer, steps=0)


def test_two_schedules_would_overwrite_each_other_in_a_checkpoint(run):
    schedules = [Schedule(), Schedule()]
    refused(run, "two callbacks of one kind, Schedule", callbacks=schedules, kind=UsageError)


def test_signatures_have_at_most_eight_parameters():
    for function in (fit, fit_adversarial, train_classifier):
        assert len(inspect.signature(function).parameters) <= 8


def test_the_classifier_is_trained_from_the_runs_seed_whatever_was_drawn_before(run):
    """Two bright halves, told apart after a few epochs; eval mode; the same bits again."""
    images = torch.zeros(32, 1, 28, 28)
    labels = torch.arange(32) % 2
    images[labels == 1, :, :14] = 1.0

    def train():
        torch.rand(7)
        rng = run.generator("order")
        batches = Batches(images, labels, batch_size=8, generator=rng)
        return train_classifier(
            lambda: SmallClassifier(classes=2, width=2, features=8),
            batches,
            epochs=8,
            rate=1e-2,
            runtime=run,
            cycle=True,
        )

    first, second = train(), train()
    assert same(first, second) and not first.training
    assert (first(images).argmax(1) == labels).all()
