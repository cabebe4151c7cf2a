"""References: how far a run may be from them, and how they are written anew."""

import json

from coursekit import config
from coursekit.runner import reference


def test_measures_are_compared_within_their_tolerance():
    wanted = {
        "measures": {"loss": {"value": 0.02, "rel": 0.05}, "score": {"value": 0.0, "abs": 0.1}}
    }
    assert reference.compare(wanted, {"measures": {"loss": 0.0209, "score": -0.05}}) == []
    assert reference.compare(wanted, {"measures": {"loss": 0.0211, "score": 0.05}}) == [
        "loss: 0.0211 is not 0.02 within 0.001"
    ]
    assert reference.compare(wanted, {"measures": {"loss": float("nan")}}) == [
        "loss: nan is not 0.02 within 0.001",
        "score: missing from results.json",
    ]
    assert (
        reference.compare(
            {"measures": {"seconds_per_epoch": {"value": 1.0, "rel": 0.05}}}, {"measures": {}}
        )
        == []
    )
    assert (
        "no tolerance"
        in reference.compare({"measures": {"loss": {"value": 1.0}}}, {"measures": {"loss": 1.0}})[0]
    )


def test_a_refreshed_reference_keeps_its_tolerances(course, monkeypatch, capsys, tmp_path):
    folder = course("01")
    monkeypatch.setattr(reference.config, "REFERENCE", tmp_path / "reference")
    run = folder / "runs/quick/01_good"
    run.mkdir(parents=True)
    (run / "results.json").write_text(
        '{"lesson": "01_good", "profile": "quick", "seconds": 3.5, '
        '"measures": {"old": 0.123456789, "new": 2}}'
    )
    target = reference.file("quick", "01_good")
    target.parent.mkdir(parents=True)
    target.write_text(
        '{"measures": {"old": {"value": 1, "abs": 0.5}, "gone": {"value": 1, "rel": 1}}}'
    )
    monkeypatch.setattr("sys.argv", ["expected", "quick", "01_good"])
    reference.main()
    assert json.loads(target.read_text()) == {
        "run": {"seconds": 3.5},
        "measures": {"old": {"value": 0.123457, "abs": 0.5}, "new": {"value": 2.0, "rel": 0.05}},
    }


def test_runs_with_other_settings_are_not_compared():
    kept = {"run": {"changed": {"betas": [1, 2]}}, "measures": {"a": {"value": 1.0, "rel": 0.1}}}
    assert reference.compare(kept, {"changed": {"betas": (1, 2)}, "measures": {"a": 1.0}}) == []
    for changed in ({}, {"betas": [1, 3]}):
        (problem,) = reference.compare(kept, {"changed": changed, "measures": {"a": 1.0}})
        assert "cannot be compared" in problem and str(changed) in problem


def test_every_kept_measure_can_agree():
    kept = {path: json.loads(path.read_text()) for path in config.REFERENCE.glob("*/*.json")}
    assert kept
    never = [
        f"{path.parent.name}/{path.stem}: {name}"
        for path, known in kept.items()
        for name, measure in known["measures"].items()
        if not measure.get("abs", 0) > 0 and not measure.get("rel", 0) * abs(measure["value"]) > 0
    ]
    assert never == []
