"""`coursekit list`, `run` and `refresh`."""

import json
import re
from typing import TYPE_CHECKING, Annotated

import typer

from coursekit import config
from coursekit.config import Variable
from coursekit.errors import UsageError

if TYPE_CHECKING:
    from coursekit.runner.progress import Screen
    from coursekit.runner.record import Outcome

LARGEST_SEED = 2**32 - 1  # what every generator of every library takes

Lessons = Annotated[
    list[str] | None,
    typer.Argument(
        help="Lessons: 01, autoencoders or 01_autoencoders; none means all.", show_default=False
    ),
]
Profile = Annotated[str, typer.Option(help="smoke, quick or full.")]
Seed = Annotated[int, typer.Option(help="Seed of every random draw.", min=0, max=LARGEST_SEED)]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, mps.")]
Jobs = Annotated[int, typer.Option(help="Lessons at a time.", min=1)]
Cluster = Annotated[
    str | None,
    typer.Option(
        help="A Dask scheduler, as tcp://HOST:8786: sweeps run there, lessons too with "
        "--jobs 2 or more.",
        envvar=Variable.CLUSTER.value,
        show_default=False,
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Run again what is up to date.")]
Parameters = Annotated[
    list[str] | None,
    typer.Option(help="A notebook's parameter, as NAME=VALUE.", show_default=False),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="Another value for one of the lesson's settings, as NAME=VALUE.",
        show_default=False,
    ),
]


def list_() -> None:
    """The lessons, what they need, and how their last runs ended."""
    from coursekit.runner import lessons, progress, record

    out = progress.console()
    rows = progress.table(out, "lesson", "title", "needs", *config.PROFILES)
    for lesson in lessons.find([]):
        runs = [record.load(record.folder(profile, lesson.id)) for profile in config.PROFILES]
        rows.add_row(lesson.id, lesson.title, lesson.needs, *map(_last, runs))
    out.print(rows)


def run(
    names: Lessons = None,
    profile: Profile = "quick",
    seed: Seed = 0,
    device: Device = "auto",
    jobs: Jobs = 1,
    cluster: Cluster = None,
    force: Force = False,
    param: Parameters = None,
    set_: Settings = None,
) -> None:
    """Run lessons; write runs/PROFILE/LESSON/notebook.ipynb and results.json."""
    from coursekit.runner import lessons, progress
    from coursekit.runner import run as runner

    chosen = {"profile": profile, "seed": seed, "device": device, **_parameters(param or [])}
    _check_parameters(chosen)
    found = lessons.find(names or [])
    _change_settings(set_ or [], len(found))
    planned = runner.plan(found, chosen)
    out = progress.console(stderr=True)
    _use_cluster(cluster)
    workers = jobs if cluster else _at_a_time(out, min(jobs, len(planned)))
    with progress.watcher(out, planned) as watcher:
        outcomes = runner.run(
            planned, workers=workers, force=force, progress=watcher, cluster=cluster
        )
    if len(outcomes) > 1:
        out.print(progress.summary(out, outcomes))
    if failed := [outcome for outcome in outcomes if outcome.state in ("failed", "stopped")]:
        refused = all(outcome.error.startswith(f"{UsageError.__name__}:") for outcome in failed)
        raise typer.Exit(UsageError.exit_code if refused else 1)


def refresh(names: Lessons = None) -> None:
    """Run notebooks as they stand; keep their outputs in them and their results in reference."""
    from coursekit.errors import CourseError
    from coursekit.runner import lessons, progress
    from coursekit.runner.refresh import refresh as refresh_one

    out, problems = progress.console(stderr=True), []
    for lesson in lessons.find(names or []):
        try:
            out.print(f"{lesson.id}: {refresh_one(lesson):,} bytes")
        except UsageError:
            raise
        except CourseError as problem:  # the others may go well
            problems.append(problem)
            out.print(str(problem), soft_wrap=True)
    if problems:
        raise typer.Exit(1)


def _parameters(pairs: list[str]) -> dict[str, object]:
    """["seed=3"] -> {"seed": 3}; values are whole numbers where they look so, else text."""
    from coursekit import overrides

    split = overrides.from_pairs(pairs, option="--param", example="seed=1")
    return {
        name: int(value) if re.fullmatch(r"-?[0-9]+", value) else value
        for name, value in split.items()
    }


def _check_parameters(chosen: dict[str, object]) -> None:
    """UsageError where a parameter cannot be: nothing has started yet."""
    from coursekit.runner import lessons

    lessons.profile(str(chosen["profile"]))
    seed = chosen["seed"]
    if not isinstance(seed, int) or not 0 <= seed <= LARGEST_SEED:
        raise UsageError(f"seed is {seed!r}: give a whole number from 0 to {LARGEST_SEED}")
    if chosen["device"] != "auto":  # only then is torch worth the wait
        from coursekit.runtime import find_device

        find_device(str(chosen["device"]))


def _change_settings(pairs: list[str], lessons: int) -> None:
    """The lesson hears of them through the environment.

    Settings differ from lesson to lesson, so they go to one.
    """
    from coursekit import overrides

    if not pairs:
        return
    if lessons > 1:
        raise UsageError(
            f"--set is for one lesson, and {lessons} would run: "
            "name one, as in coursekit run 08 --set epochs=8"
        )
    config.put(Variable.SET, json.dumps(overrides.from_pairs(pairs)))


def _use_cluster(address: str | None) -> None:
    """Lessons hear of it through the environment. CourseError where no scheduler answers."""
    from coursekit import cluster

    if address:
        cluster.check(address)
        config.put(Variable.CLUSTER, address)


def _at_a_time(out: "Screen", jobs: int) -> int:
    """How many lessons run side by side here; says so where it is fewer than asked for."""
    workers, threads = config.side_by_side(jobs), config.thread_count()
    if workers < jobs:
        out.print(
            f"{workers} at a time: {jobs} lessons of {threads} threads each would share cores "
            f"and crawl ({Variable.THREADS}=1 makes room)"
        )
    return workers


def _last(outcome: "Outcome | None") -> str:
    """A cell of `coursekit list`: how the last run ended."""
    if outcome is None:
        return "-"
    if outcome.state != "ran":
        return outcome.state
    memory = (outcome.results or {}).get("peak_gb")
    held = f", {memory:.1f} GB" if memory else ""
    return f"{outcome.seconds:.0f} s{held}, {outcome.claims or 'no'} claims hold"
