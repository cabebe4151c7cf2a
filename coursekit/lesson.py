"""One run of one lesson: its settings, figures, tables, measures, claims, and their record."""

import errno
import json
import math
import os
import shutil
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from operator import eq, ge, gt, le, lt
from pathlib import Path
from types import SimpleNamespace

import pandas as pd

from coursekit import config, display, files, listing, memory, overrides, runtime
from coursekit.bounds import check
from coursekit.config import PROFILES, Variable
from coursekit.errors import DataError, UsageError, nearest
from coursekit.exercises.checks import Checks
from coursekit.frames import Frames

PRECISION = {"smoke": "exact", "quick": "exact", "full": "fast"}
RELATIONS = {"<": lt, "<=": le, ">": gt, ">=": ge, "==": eq}


def start(name: str, *, profile: str = "quick", seed: int = 0, device: str = "auto") -> "Lesson":
    """Begin a lesson. The runner's word counts; without one COURSEKIT_PROFILE sets the profile.

    UsageError on an unknown profile, CourseError where its results could not be written.
    """
    if config.run_folder() is None:
        profile = config.value(Variable.PROFILE) or profile
    if profile not in PROFILES:
        raise UsageError(f"unknown profile {profile!r}: {nearest(profile, PROFILES)}")
    memory.give_back_after_cells()
    run = runtime.setup(seed=seed, device=device, precision=PRECISION[profile])
    return Lesson(name, profile, run)


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
        self.exercises = Checks(name)

    def settings(
        self, *, bounds: Mapping[str, object] | None = None, **profiles: dict
    ) -> SimpleNamespace:
        """Show the settings of all profiles and return this run's, with the changes asked for.

        bounds: what they may be, see `coursekit.bounds`. UsageError on one that cannot work.
        """
        self.chosen, self.changed = overrides.choose(profiles, self.profile)
        check(self.chosen, bounds or {})
        columns = {name: {**profiles[name], "precision": PRECISION[name]} for name in PROFILES}
        if self.changed:
            columns["this run"] = {**self.chosen, "precision": PRECISION[self.profile]}
        names = [*profiles["quick"], "precision"]
        cells = {
            column: [overrides.shown(values[name]) for name in names]
            for column, values in columns.items()
        }
        how = f", with other {', '.join(self.changed)}" if self.changed else ""
        caption = f'Settings of each profile; this run is "{self.profile}"{how}'
        self.table(pd.DataFrame({"setting": names, **cells}), caption)
        return SimpleNamespace(**self.chosen)

    def limits(self, **bounds: object) -> None:
        """Refuse settings that the data cannot serve, with bounds that only the data knows."""
        check({name: self.chosen[name] for name in bounds}, bounds)

    def source(self, *things: type | Callable) -> None:
        """Show the tested code of classes or functions, with its file and line range."""
        listing.show(*things)

    def load(self, name: str, *, or_sample: bool = False, **options):
        """Load a data set and note which it was.

        The full one, where one exists, at `full` or without a sample; else the bundled sample.
        or_sample: where the full one is not to be had, the sample serves as well.
        """
        from coursekit import datasets
        from coursekit.datasets import catalog

        entry = catalog.find(name)
        full = (self.profile == "full" and not entry.sample_only) or not entry.bundled
        try:
            loaded = datasets.load(name, full=full, **options)
        except DataError:
            if not (full and entry.bundled and or_sample):
                raise
            loaded = datasets.load(name, full=False, **options)
        self.data[name] = {"kind": loaded.kind, "sha256": loaded.sha256}
        return loaded

    def figure(
        self,
        fig,
        caption: str,
        alt: str | None = None,
        *,
        cover: bool = False,
        kind: display.Kind = "plot",
        frames: Frames | None = None,
    ) -> None:
        """Show a figure, numbered, its caption below. alt: what it shows, for who cannot see it.

        cover: the runner puts this picture into the head of the notebook too. kind: "photo" or
        "pixels" where each hue matters. frames: what the site's sliders go through.
        """
        marks: dict[str, object] = {"cover": True} if cover else {}
        if frames:
            marks["frames"] = frames.as_metadata()
        display.figure(
            fig,
            number=self._number("figures", caption),
            caption=caption,
            alt=alt or caption,
            kind=kind,
            marks=marks,
        )

    def table(self, frame: pd.DataFrame, caption: str) -> None:
        """Show a table, numbered, its caption above. Columns of floats count as measured."""
        display.table(frame, number=self._number("tables", caption), caption=caption)

    def check(self, name: str, answer: object) -> None:
        """Say whether an exercise is solved; what is wrong with it, and one hint more each call."""
        print(self.exercises.check(name, answer))

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
        """Bind a sentence to two numbers: does `left relation right` hold?

        source: who says so, if not we. Nothing is returned, so that a cell may end with a claim
        and show nothing; `finish` shows the table of all.
        """
        if relation not in RELATIONS:
            raise ValueError(f"unknown relation {relation!r}: {nearest(relation, RELATIONS)}")
        left, right = float(left), float(right)
        holds = bool(RELATIONS[relation](left, right))
        measured = f"{left:.4g} {relation} {right:.4g}"
        self.claims = [claim for claim in self.claims if claim["text"] != text]
        self.claims.append({"text": text, "source": source, "measured": measured, "holds": holds})

    def say(self, text: str) -> None:
        """Show Markdown whose {name:format} fields are filled from this run's measures."""
        display.paragraph(text, self.measures)

    def checkpoint(self, name: str) -> Path | None:
        """Where a training run of this lesson keeps its state, at `full`; None elsewhere.

        The name stands for this code, seed, settings, data, versions and way of computing.
        """
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
        text = json.dumps(self.record(), indent=1, default=str) + "\n"
        files.write_text(self.out / "results.json", text)
        # a finished run has nothing to resume
        shutil.rmtree(self.out / "checkpoints", ignore_errors=True)

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
            "date": time.strftime("%Y-%m-%d", time.gmtime()),
            "seconds": round(time.perf_counter() - self.started, 2),
            "peak_gb": round(memory.peak_gb(), 2),
            "device": str(self.runtime.device),
            "processor": runtime.processor(),
            "threads": self.runtime.threads,
            "precision": "bfloat16" if self.runtime.amp else "float32",
            "versions": runtime.versions(),
            "data": self.data,
            **self.captions,
        }

    def _number(self, kind: str, caption: str) -> int:
        """The next number of its kind; a cell that runs again keeps its caption's number."""
        captions = self.captions[kind]
        if caption not in captions:
            captions.append(caption)
        return captions.index(caption) + 1


def _folder(name: str, profile: str) -> Path:
    """The runner's folder; by hand one apart, so that trying things out leaves its record alone.

    CourseError before anything is computed where nothing can be written there.
    """
    folder = config.run_folder() or config.interactive_runs() / profile / name
    with files.disk_errors("results", folder / "results.json"):
        home = next(path for path in (folder, *folder.absolute().parents) if path.exists())
        if not home.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, f"{home.name} is a file")
        if not os.access(home, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return folder


def _code(name: str) -> list[str]:
    """The notebook's code as it is on disk: a stopped run must not go on with other code."""
    path = config.notebooks() / f"{name}.ipynb"
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"] if path.exists() else []
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
