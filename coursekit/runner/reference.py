"""Stored reference results: what measures should be, and how far another machine may be from them.

reference/PROFILE/LESSON.json: {"measures": {name: {"value": 0.0153, "rel": 0.05, "abs": 0.001}}};
at least one of rel and abs. `python -m coursekit.runner.reference PROFILE LESSON` writes it from a
run's results.json and keeps the tolerances that are stated already. "run" says what computed them:
settings that were changed (`--set`), date, seconds, memory, processor, device, threads, precision.
"""

import argparse
import json
import math
from pathlib import Path

from coursekit import config, files
from coursekit.config import PROFILES
from coursekit.runner import record

DEFAULT = {"rel": 0.05}
RUN = ("changed", "date", "seconds", "peak_gb", "processor", "device", "threads", "precision")


def file(profile: str, lesson: str) -> Path:
    """Where a lesson's reference is kept."""
    return config.REFERENCE / profile / f"{lesson}.json"


def compare(expected: dict, results: dict) -> list[str]:
    """What is wrong with a run's results: one line for a measure that is missing or too far off."""
    before, now = (run.get("changed", {}) for run in (expected.get("run", {}), results))
    if json.dumps(before) != json.dumps(now):  # tuples come back from a file as lists
        return [
            f"the reference was run with changed settings {before}, this run with {now}: "
            "they cannot be compared"
        ]
    measures, problems = results.get("measures", {}), []
    for name, wanted in expected["measures"].items():
        if "seconds" in name:  # a timing: kept for people, never compared
            continue
        if problem := _problem(wanted, measures.get(name)):
            problems.append(f"{name}: {problem}")
    return problems


def _problem(wanted: dict, got: float | None) -> str:
    """What is wrong with one measure, or nothing."""
    allowed = max(wanted.get("rel", 0) * abs(wanted["value"]), wanted.get("abs", 0))
    if not allowed > 0:
        return "its reference states no tolerance (rel or abs)"
    if got is None:
        return "missing from results.json"
    if not math.isfinite(got) or abs(got - wanted["value"]) > allowed:
        return f"{got:.6g} is not {wanted['value']:.6g} within {allowed:.2g}"
    return ""


def refreshed(expected: dict, results: dict) -> dict:
    """The reference with every measure of these results, tolerances kept where they were stated."""
    stated = {
        name: {key: value for key, value in measure.items() if key != "value"}
        for name, measure in expected.get("measures", {}).items()
    }
    measures = {
        name: {"value": float(f"{value:.6g}"), **(stated.get(name) or DEFAULT)}
        for name, value in results["measures"].items()
    }
    return {"run": {name: results[name] for name in RUN if results.get(name)}, "measures": measures}


def write(results: dict) -> Path:
    """Write the reference of these results' profile and lesson; tolerances stated there stay."""
    target = file(results["profile"], results["lesson"])
    before = json.loads(target.read_text(encoding="utf-8")) if target.exists() else {}
    files.write_text(target, json.dumps(refreshed(before, results), indent=1) + "\n")
    return target


def main() -> None:
    """Write reference/PROFILE/LESSON.json from runs/PROFILE/LESSON/results.json."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("profile", choices=PROFILES)
    parser.add_argument("lesson")
    chosen = parser.parse_args()
    results = record.results(record.folder(chosen.profile, chosen.lesson))
    if not results:
        parser.error(
            f"no results in {record.folder(chosen.profile, chosen.lesson)}: run the lesson first"
        )
    print(write(results))


if __name__ == "__main__":
    main()
