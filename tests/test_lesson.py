"""The record of a lesson: settings, numbers, claims, and results that are whole or not there."""

import errno
import json
import os
from types import SimpleNamespace

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import pandas as pd
import pytest
import torch

import coursekit as ck
from coursekit import config, display, lesson, runtime
from coursekit.errors import CourseError, DataError, UsageError

PROFILES = {
    "smoke": {"epochs": 1, "rate": 0.1},
    "quick": {"epochs": 3, "rate": 0.1},
    "full": {"rate": 0.01, "epochs": 20},
}


@pytest.fixture(autouse=True)
def own_folder(monkeypatch, tmp_path):
    for name in ("COURSEKIT_PROFILE", "COURSEKIT_RUNS", "COURSEKIT_SET", "COURSEKIT_THREADS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COURSEKIT_OUT", str(tmp_path / "out"))
    exact = torch.are_deterministic_algorithms_enabled()
    yield
    torch.use_deterministic_algorithms(exact)


@pytest.fixture(autouse=True)
def shown(monkeypatch):
    outputs = []
    monkeypatch.setattr(display, "display", lambda bundle, **options: outputs.append(bundle))
    return outputs


def start(**options):
    return ck.start("01_autoencoders", **{"device": "cpu", **options})


def test_settings_are_those_of_the_profile_and_all_are_shown(shown):
    settings = start(profile="full").settings(**PROFILES)
    assert (settings.epochs, settings.rate) == (20, 0.01)
    markup, plain = shown[0]["text/html"], shown[0]["text/plain"]
    assert 'this run is "full"' in plain and "measured" not in markup
    rows = [line.split() for line in plain.splitlines()[1:]]
    assert rows == [
        ["setting", "smoke", "quick", "full"],
        ["epochs", "1", "3", "20"],
        ["rate", "0.1", "0.1", "0.01"],
        ["precision", "exact", "exact", "fast"],
    ]


def test_changed_settings_are_used_shown_and_recorded(shown, monkeypatch):
    monkeypatch.setenv("COURSEKIT_SET", '{"epochs": "7"}')
    lesson = start(profile="full")
    settings = lesson.settings(**PROFILES)
    assert (settings.epochs, settings.rate) == (7, 0.01)
    plain = shown[0]["text/plain"]
    assert 'this run is "full", with other epochs' in plain
    assert [line.split() for line in plain.splitlines()[1:3]] == [
        ["setting", "smoke", "quick", "full", "this", "run"],
        ["epochs", "1", "3", "20", "7"],
    ]
    assert lesson.record()["changed"] == {"epochs": 7} and lesson.record()["settings"] == {
        "epochs": 7,
        "rate": 0.01,
    }
    assert lesson.checkpoint("x") != start(profile="full").checkpoint("x")


def test_settings_of_profiles_must_have_the_same_names():
    with pytest.raises(ValueError, match=r"'full' differs in \['rate', 'rates'\]"):
        start().settings(**{**PROFILES, "full": {"epochs": 20, "rates": 1}})


@pytest.mark.parametrize("profiles", [{"quick": {}}, {**PROFILES, "huge": {}}])
def test_settings_need_exactly_the_three_profiles(profiles):
    with pytest.raises(
        ValueError, match="settings are needed for each of smoke, quick, full; got .*quick"
    ):
        start().settings(**profiles)


def test_settings_out_of_bounds_are_refused_before_anything_is_shown(shown, monkeypatch):
    monkeypatch.setenv("COURSEKIT_SET", '{"epochs": "40"}')
    with pytest.raises(UsageError, match="'epochs' cannot be 40: it must be .* from 1 to 30"):
        start().settings(**PROFILES, bounds={"epochs": (1, 30)})
    monkeypatch.setenv("COURSEKIT_SET", '{"rate": "0"}')
    with pytest.raises(UsageError, match="'rate' cannot be 0: it must be a number above 0"):
        start().settings(**PROFILES)
    assert shown == []


def test_a_profile_edited_by_hand_is_checked_like_a_changed_setting():
    edited = {**PROFILES, "quick": {"epochs": "three", "rate": 0.1}}
    with pytest.raises(UsageError, match="setting 'epochs' cannot be 'three'"):
        start().settings(**edited)
    with pytest.raises(UsageError, match="setting 'rate' cannot be -1"):
        start().settings(**{**PROFILES, "quick": {"epochs": 3, "rate": -1}})


def test_the_data_may_set_limits_too():
    run = start()
    run.settings(**PROFILES)
    run.limits(epochs=(1, 3))
    with pytest.raises(UsageError, match="setting 'epochs' cannot be 3: .* from 1 to 2"):
        run.limits(epochs=(1, 2))


def test_bounds_are_no_part_of_what_is_shown_or_recorded(shown):
    plain = start().settings(**PROFILES)
    bounded = start().settings(**PROFILES, bounds={"epochs": (1, 30), "epochs * rate": (0, 99)})
    assert plain == bounded and shown[0] == shown[1]


def test_refusals_are_one_line_in_a_notebook(capsys):
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    shell.run_cell("from coursekit.errors import UsageError\nraise UsageError('no such thing')")
    out = capsys.readouterr().out
    assert out.split() == ["UsageError:", "no", "such", "thing"] and "Traceback" not in out


def test_source_shows_the_tested_code(monkeypatch):
    from coursekit import listing

    codes = []
    monkeypatch.setattr(listing, "display", lambda bundle, **_: codes.append(bundle["text/plain"]))
    start().source(runtime.versions, runtime.processor)
    assert [code.split()[0] for code in codes] == ["versions", "processor"]


def test_unknown_profile_is_an_error_with_the_nearest_name():
    with pytest.raises(UsageError, match="unknown profile 'quik': did you mean quick"):
        start(profile="quik")


def test_profile_from_the_environment_unless_a_runner_says(monkeypatch):
    monkeypatch.setenv("COURSEKIT_PROFILE", "smoke")
    assert start(profile="quick").profile == "quick"  # the runner set COURSEKIT_OUT
    monkeypatch.delenv("COURSEKIT_OUT")
    assert start(profile="quick").profile == "smoke"
    monkeypatch.setenv("COURSEKIT_PROFILE", "smok")
    with pytest.raises(UsageError, match="did you mean smoke"):
        start()


def test_folders(monkeypatch, tmp_path):
    assert start().out == tmp_path / "out"
    monkeypatch.delenv("COURSEKIT_OUT")
    assert (
        start(profile="smoke").out
        == config.ROOT / "runs" / "interactive" / "smoke" / "01_autoencoders"
    )
    monkeypatch.setenv("COURSEKIT_RUNS", str(tmp_path / "runs"))
    assert start(profile="smoke").out == tmp_path / "runs" / "smoke" / "01_autoencoders"


def test_precision_follows_the_profile():
    assert [start(profile=profile).runtime.precision for profile in lesson.PROFILES] == [
        "exact",
        "exact",
        "fast",
    ]


def test_measures_are_numbers():
    run = start()
    assert run.measure("mse", torch.tensor(0.5)) == 0.5 and run.measures == {"mse": 0.5}
    for value in (float("nan"), float("inf"), torch.tensor(float("nan"))):
        with pytest.raises(ValueError, match="measure 'psnr' is (nan|inf)"):
            run.measure("psnr", value)
    assert run.measures == {"mse": 0.5}


@pytest.mark.parametrize(
    "relation, holds",
    [("<", [1, 0, 0]), ("<=", [1, 1, 0]), (">", [0, 0, 1]), (">=", [0, 1, 1]), ("==", [0, 1, 0])],
)
def test_claims_are_decided_by_the_numbers(relation, holds):
    run = start()
    assert [run.claim(f"claim {left}", left, relation, 2) for left in (1, 2, 3)] == [
        None
    ] * 3  # a cell may end with one
    assert [claim["holds"] for claim in run.claims] == list(map(bool, holds))


def test_a_claim_keeps_its_words_source_and_numbers():
    run = start()
    run.claim("Ten numbers suffice", torch.tensor(0.015342), "<", 0.0193, source="the source")
    assert run.claims == [
        {
            "text": "Ten numbers suffice",
            "source": "the source",
            "measured": "0.01534 < 0.0193",
            "holds": True,
        }
    ]


def test_a_claim_made_again_counts_once():
    run = start()
    run.claim("a", 1, "<", 2)
    run.claim("a", 3, "<", 2)
    assert [claim["holds"] for claim in run.claims] == [False]


def test_unknown_relation_is_named():
    with pytest.raises(ValueError, match="unknown relation '=<'.*Valid: <, <=, >, >=, =="):
        start().claim("a", 1, "=<", 2)


def test_load_notes_which_data_it_was(monkeypatch):
    from coursekit import datasets

    asked = []

    def load(name, **options):
        asked.append((name, options))
        return SimpleNamespace(kind="full" if options["full"] else "bundled", sha256="ab" * 32)

    monkeypatch.setattr(datasets, "load", load, raising=False)
    quick, full = start(profile="quick"), start(profile="full")
    quick.load("mnist", classes=["0"])
    full.load("mnist")
    quick.load("cifar10")  # has no sample
    assert asked == [
        ("mnist", {"full": False, "classes": ["0"]}),
        ("mnist", {"full": True}),
        ("cifar10", {"full": True}),
    ]
    assert [run.record()["data"]["mnist"]["kind"] for run in (quick, full)] == ["bundled", "full"]
    assert quick.data["mnist"]["sha256"] == "ab" * 32


def test_the_sample_serves_where_the_full_set_is_not_to_be_had(monkeypatch):
    from coursekit import datasets

    def load(name, *, full):
        if full:
            raise DataError("not on this machine")
        return SimpleNamespace(kind="bundled", sha256="ab" * 32)

    monkeypatch.setattr(datasets, "load", load, raising=False)
    run = start(profile="full")
    with pytest.raises(DataError):
        run.load("mnist")
    run.load("mnist", or_sample=True)
    assert run.record()["data"]["mnist"]["kind"] == "bundled"
    with pytest.raises(DataError):
        run.load("cifar10", or_sample=True)  # has no sample


@pytest.mark.parametrize("name", ["manga-faces", "animals"])
def test_a_set_that_is_only_a_sample_serves_at_full_as_well(name):
    run = start(profile="full")
    assert len(run.load(name).train.images)
    assert run.record()["data"][name]["kind"] == "bundled"


def lesson_with_everything():
    run = start(seed=4)
    settings = run.settings(**PROFILES)
    run.figure(plt.figure(), "Loss", alt="a falling line")
    run.table(pd.DataFrame({"MSE": [0.5]}), "Errors")
    run.figure(plt.figure(), "Pictures")
    run.measure("mse", 0.5)
    run.say("It is {mse:.2f}")
    run.claim("Small", 0.5, "<", settings.epochs)
    run.data["mnist"] = {"kind": "bundled", "sha256": "0" * 64}
    run.finish()
    return run


def test_results_are_complete():
    run = lesson_with_everything()
    results = json.loads((run.out / "results.json").read_text(encoding="utf-8"))
    assert (
        results["lesson"] == "01_autoencoders"
        and results["profile"] == "quick"
        and results["seed"] == 4
    )
    assert results["settings"] == PROFILES["quick"] and results["measures"] == {"mse": 0.5}
    assert results["claims"] == [
        {"text": "Small", "source": "", "measured": "0.5 < 3", "holds": True}
    ]
    assert (
        results["device"] == "cpu" and results["threads"] == 1 and results["precision"] == "float32"
    )
    assert results["seconds"] > 0 and results["versions"] == runtime.versions()
    assert results["data"] == {"mnist": {"kind": "bundled", "sha256": "0" * 64}}
    assert results["figures"] == ["Loss", "Pictures"]
    assert results["tables"][1:] == ["Errors", "The claims of this lesson, decided by this run"]


def test_figures_and_tables_are_numbered_apart(shown):
    lesson_with_everything()
    captions = [bundle["text/plain"].splitlines()[0] for bundle in shown if "text/html" in bundle]
    assert captions == [
        'Table 1. Settings of each profile; this run is "quick"',
        "Figure 1. Loss",
        "Table 2. Errors",
        "Figure 2. Pictures",
        "Table 3. The claims of this lesson, decided by this run",
    ]
    words = [bundle["text/plain"] for bundle in shown if "image/png" in bundle]
    assert words == ["Figure 1: a falling line", "Figure 2: Pictures"]


def test_stored_text_is_the_same_whatever_was_measured(shown):
    """nbval compares text/plain: two runs that measure other numbers must print the same."""
    texts = []
    for value in (0.123456, 0.7890123):
        shown.clear()
        run = start()
        run.measure("mse", value)
        run.table(pd.DataFrame({"method": ["a"], "MSE": [value]}), "Errors")
        run.claim("Small", value, "<", 1)
        run.say("It is {mse:.2f}")
        run.finish()
        texts.append([bundle["text/plain"] for bundle in shown])
    assert texts[0] == texts[1]


def test_results_replace_the_last_ones_whole_or_not_at_all(monkeypatch):
    run = lesson_with_everything()
    before = (run.out / "results.json").read_text()

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", killed)
    run.measure("late", 1)
    with pytest.raises(KeyboardInterrupt):
        run.finish()
    assert (run.out / "results.json").read_text() == before
    monkeypatch.undo()
    run.finish()
    assert json.loads((run.out / "results.json").read_text())["measures"] == {"mse": 0.5, "late": 1}


def test_a_runs_folder_that_is_closed_is_told_before_anything_is_computed(monkeypatch, tmp_path):
    monkeypatch.delenv("COURSEKIT_OUT")
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("COURSEKIT_RUNS", str(tmp_path / "file" / "runs"))
    with pytest.raises(CourseError, match="cannot write results .*: set COURSEKIT_RUNS"):
        start()
    monkeypatch.setenv("COURSEKIT_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(CourseError, match="Permission denied.*: set COURSEKIT_RUNS"):
        start()


def test_a_disk_that_fills_while_a_lesson_runs_leaves_nothing_half(monkeypatch, tmp_path):
    monkeypatch.delenv("COURSEKIT_OUT")
    monkeypatch.setenv("COURSEKIT_RUNS", str(tmp_path / "runs"))
    run = start()

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CourseError, match="the disk is full.*COURSEKIT_RUNS"):
        run.finish()
    assert list(run.out.iterdir()) == []


def test_results_that_cannot_be_written_as_json_leave_the_last_ones(monkeypatch):
    run = lesson_with_everything()
    before = (run.out / "results.json").read_text()
    run.captions[("not", "a", "name")] = []
    with pytest.raises(TypeError):
        run.finish()
    assert (run.out / "results.json").read_text() == before


def test_a_finished_run_leaves_no_checkpoints_an_unfinished_one_keeps_them(monkeypatch):
    run = lesson_with_everything()
    kept = run.out / "checkpoints" / "dense.pt"
    kept.parent.mkdir()
    kept.write_bytes(b"state")
    with monkeypatch.context() as patch, pytest.raises(OSError):
        patch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
        run.finish()
    assert kept.exists()
    run.finish()
    assert "checkpoints" not in os.listdir(run.out) and (run.out / "results.json").exists()


def test_cells_run_again_keep_their_numbers(shown):
    run = lesson_with_everything()
    before = run.record()
    shown.clear()
    run.figure(plt.figure(), "Loss")
    run.table(pd.DataFrame({"MSE": [0.4]}), "Errors")
    run.finish()
    captions = [bundle["text/plain"].splitlines()[0] for bundle in shown if "text/html" in bundle]
    assert captions == [
        "Figure 1. Loss",
        "Table 2. Errors",
        "Table 3. The claims of this lesson, decided by this run",
    ]
    assert [run.record()[kind] for kind in ("figures", "tables")] == [
        before[kind] for kind in ("figures", "tables")
    ]


def test_checkpoints_only_at_full():
    assert (
        start(profile="quick").checkpoint("dense") is None
        and start(profile="smoke").checkpoint("dense") is None
    )


def test_checkpoints_belong_to_one_recipe_and_code(monkeypatch, tmp_path):
    def path(*, name="dense", profiles=PROFILES, sha256="1", **options):
        run = start(profile="full", **options)
        run.settings(**profiles)
        run.data["mnist"] = {"kind": "full", "sha256": sha256}
        return run.checkpoint(name)

    first = path()
    assert (
        first == path()
        and first.parent == start().out / "checkpoints"
        and first.name.startswith("dense-")
    )
    others = [
        path(name="stacked"),
        path(seed=1),
        path(sha256="2"),
        path(profiles={**PROFILES, "full": {"rate": 0.02, "epochs": 20}}),
    ]
    monkeypatch.setenv("COURSEKIT_THREADS", "3")
    others.append(path())
    monkeypatch.setenv("COURSEKIT_NOTEBOOKS", str(tmp_path))
    for source in ("loss = squared(x)", "loss = absolute(x)"):
        cells = [
            {"cell_type": "code", "source": [source]},
            {"cell_type": "markdown", "source": [source]},
        ]
        (tmp_path / f"{start().name}.ipynb").write_text(json.dumps({"cells": cells}))
        others.append(path())
    assert len({first, *others}) == 8
