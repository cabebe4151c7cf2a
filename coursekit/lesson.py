"""One run of one lesson: its settings, figures, tables, measures and claims, and the record of them all."""

import json
import math
import operator
import os
import shutil
import time
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import pandas as pd

from coursekit import config, display, overrides, runtime
from coursekit.config import PROFILES
from coursekit.errors import UsageError, nearest

PRECISION = {"smoke": "exact", "quick": "exact", "full": "fast"}
RELATIONS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
}


def start(name: str, *, profile: str = "quick", seed: int = 0, device: str = "auto") -> "Lesson":
    """Begin a lesson. The runner's word counts; without a runner COURSEKIT_PROFILE may override the profile."""
    if "COURSEKIT_OUT" not in os.environ:
        profile = os.environ.get("COURSEKIT_PROFILE", profile)
    if profile not in PROFILES:
        raise UsageError(f"unknown profile {profile!r}: {nearest(profile, PROFILES)}")
    return Lesson(
        name, profile, runtime.setup(seed=seed, device=device, precision=PRECISION[profile])
    )


class Lesson:
    """The run of one lesson. Notebooks make it with `start`."""

    def __init__(self, name: str, profile: str, run: runtime.Runtime):
        self.name, self.profile, self.runtime = name, profile, run
        self.started = time.perf_counter()
        self.out = _folder(name, profile)
        self.chosen: dict = {}
        self.changed: dict = {}  # settings that differ from the profile's, see `changes`
        self.measures: dict[str, float] = {}
        self.claims: list[dict] = []
        self.data: dict[str, dict] = {}
        self.captions: dict[str, list[str]] = {"figures": [], "tables": []}

    def settings(self, **profiles: dict) -> SimpleNamespace:
        """Show the settings of all profiles side by side and return those of this run: the profile's, with changes asked for."""
        if set(profiles) != set(PROFILES):
            raise ValueError(
                f"settings are needed for each of {', '.join(PROFILES)}; got {', '.join(profiles)}"
            )
        names = list(profiles["quick"])
        for profile, values in profiles.items():
            if set(values) != set(names):
                raise ValueError(
                    f"profile {profile!r} differs in {sorted(set(values) ^ set(names))}"
                )
        self.changed = overrides.apply(profiles[self.profile], overrides.asked())
        self.chosen = {**profiles[self.profile], **self.changed}
        columns = {p: {**profiles[p], "precision": PRECISION[p]} for p in PROFILES}
        if self.changed:
            columns["this run"] = {**self.chosen, "precision": PRECISION[self.profile]}
        frame = pd.DataFrame(
            {
                "setting": [*names, "precision"],
                **{
                    column: [str(values[n]) for n in (*names, "precision")]
                    for column, values in columns.items()
                },
            }
        )
        how = f", with other {', '.join(self.changed)}" if self.changed else ""
        self.table(frame, f'Settings of each profile; this run is "{self.profile}"{how}')
        return SimpleNamespace(**self.chosen)

    def load(self, name: str, **options):
        """Load a data set and note which it was: the full one at `full` or where there is no sample, else the bundled sample."""
        from coursekit import datasets
        from coursekit.datasets import catalog

        loaded = datasets.load(
            name, full=self.profile == "full" or not catalog.find(name).bundled, **options
        )
        self.data[name] = {"kind": loaded.kind, "sha256": loaded.sha256}
        return loaded

    def figure(self, fig, caption: str, alt: str | None = None) -> None:
        """Show a figure, numbered, its caption below. alt: what it shows, for those who cannot see it."""
        display.figure(
            fig, number=self._number("figures", caption), caption=caption, alt=alt or caption
        )

    def table(self, frame: pd.DataFrame, caption: str) -> None:
        """Show a table, numbered, its caption above. Columns of floats count as measured: they may move a little."""
        display.table(frame, number=self._number("tables", caption), caption=caption)

    def measure(self, name: str, value: float) -> float:
        """Record a number in results.json under a name, and return it."""
        value = float(value)
        if not math.isfinite(value):
            raise ValueError(f"measure {name!r} is {value}: something went wrong before it")
        self.measures[name] = value
        return value

    def claim(
        self, text: str, left: float, relation: str, right: float, *, source: str = ""
    ) -> None:
        """Bind a sentence to two numbers: does `left relation right` hold? source: who says so, if not we.

        Nothing is returned, so that a cell may end with a claim and show nothing; `finish` shows the table of all.
        """
        if relation not in RELATIONS:
            raise ValueError(f"unknown relation {relation!r}: {nearest(relation, RELATIONS)}")
        left, right = float(left), float(right)
        holds = bool(RELATIONS[relation](left, right))
        measured = f"{left:.4g} {relation} {right:.4g}"
        self.claims = [each for each in self.claims if each["text"] != text]
        self.claims.append({"text": text, "source": source, "measured": measured, "holds": holds})

    def say(self, text: str) -> None:
        """Show a paragraph of Markdown whose {name:format} fields are filled from this run's measures."""
        display.paragraph(text, self.measures)

    def checkpoint(self, name: str) -> Path | None:
        """Where a training run of this lesson keeps its state: at `full` only, for this code, seed, settings and data."""
        if self.profile != "full":
            return None
        run = self.runtime
        identity = [
            _code(self.name),
            self.chosen,
            self.data,
            run.seed,
            run.precision,
            run.device.type,
            run.threads,
            runtime.versions(),
        ]
        key = sha256(json.dumps(identity, sort_keys=True, default=str).encode()).hexdigest()[:10]
        return self.out / "checkpoints" / f"{name}-{key}.pt"

    def finish(self) -> None:
        """Show the table of claims and write results.json, whole or not at all."""
        if self.claims:
            caption = "The claims of this lesson, decided by this run"
            display.claims(self.claims, number=self._number("tables", caption), caption=caption)
        self.out.mkdir(parents=True, exist_ok=True)
        target = self.out / "results.json"
        temporary = target.with_suffix(f".{os.getpid()}.part")
        temporary.write_text(
            json.dumps(self.record(), indent=1, default=str) + "\n", encoding="utf-8"
        )
        os.replace(temporary, target)
        shutil.rmtree(
            self.out / "checkpoints", ignore_errors=True
        )  # a finished run has nothing to resume

    def record(self) -> dict:
        """Everything results.json holds."""
        return {
            "lesson": self.name,
            "profile": self.profile,
            "seed": self.runtime.seed,
            "settings": self.chosen,
            "changed": self.changed,
            "measures": self.measures,
            "claims": self.claims,
            "seconds": round(time.perf_counter() - self.started, 2),
            "device": str(self.runtime.device),
            "processor": runtime.processor(),
            "threads": self.runtime.threads,
            "precision": "bfloat16" if self.runtime.amp else "float32",
            "versions": runtime.versions(),
            "data": self.data,
            **self.captions,
        }

    def _number(self, kind: str, caption: str) -> int:
        """The next number of its kind; a cell that is run again keeps the number that its caption has."""
        captions = self.captions[kind]
        if caption not in captions:
            captions.append(caption)
        return captions.index(caption) + 1


def _folder(name: str, profile: str) -> Path:
    """The runner's folder; by hand one of its own, so that trying things out leaves the runner's record alone."""
    if out := os.environ.get("COURSEKIT_OUT"):
        return Path(out)
    base = config.runs() if "COURSEKIT_RUNS" in os.environ else config.runs() / "interactive"
    return base / profile / name


def _code(name: str) -> list[str]:
    """The code of the lesson's notebook as it is on disk: a stopped run must not go on with other code."""
    path = config.notebooks() / f"{name}.ipynb"
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"] if path.exists() else []
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
