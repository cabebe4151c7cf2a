"""`coursekit list`, `run`, `report` and `store`."""

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from coursekit.config import FORMATS, side_by_side, thread_count
from coursekit.errors import UsageError, nearest

Lessons = Annotated[
    list[str] | None,
    typer.Argument(
        help="Lessons: 01, autoencoders or 01_autoencoders; none means all.", show_default=False
    ),
]
Profile = Annotated[str, typer.Option(help="smoke, quick or full.")]


def list_() -> None:
    """The lessons, what they need, and how their last runs ended."""
    from coursekit.runner import lessons, progress, record

    out = progress.console()
    rows = progress.table(out, "lesson", "title", "needs", *lessons.PROFILES)
    for lesson in lessons.find([]):
        runs = [record.load(record.folder(profile, lesson.id)) for profile in lessons.PROFILES]
        rows.add_row(lesson.id, lesson.title, lesson.needs, *map(_last, runs))
    out.print(rows)


def run(
    names: Lessons = None,
    profile: Profile = "quick",
    seed: Annotated[int, typer.Option(help="Seed of every random draw.", min=0)] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, mps.")] = "auto",
    jobs: Annotated[int, typer.Option(help="Lessons at a time.", min=1)] = 1,
    cluster: Annotated[
        str | None,
        typer.Option(
            help="A Dask scheduler, as tcp://HOST:8786: sweeps run there, lessons too with "
            "--jobs 2 or more.",
            envvar="COURSEKIT_CLUSTER",
            show_default=False,
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Run again what is up to date.")] = False,
    param: Annotated[
        list[str] | None,
        typer.Option(help="A notebook's parameter, as NAME=VALUE.", show_default=False),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Another value for one of the lesson's settings, as NAME=VALUE.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Run lessons; write runs/PROFILE/LESSON/notebook.ipynb and results.json."""
    from coursekit.runner import lessons, progress
    from coursekit.runner.run import plan
    from coursekit.runner.run import run as run_jobs

    chosen = {"profile": profile, "seed": seed, "device": device, **_parameters(param or [])}
    lessons.profile(chosen["profile"])
    _check_device(chosen["device"])
    found = lessons.find(names or [])
    if set_:
        _change_settings(set_, len(found))
    planned = plan(found, chosen)
    out = progress.console(stderr=True)
    if cluster:
        _use_cluster(cluster)
    workers = jobs if cluster else side_by_side(jobs)
    if workers < min(jobs, len(planned)):
        out.print(
            f"{workers} at a time: {jobs} lessons of {thread_count()} threads each would share cores and crawl "
            "(COURSEKIT_THREADS=1 makes room)"
        )
    with progress.watcher(out, planned) as watcher:
        outcomes = run_jobs(
            planned, workers=workers, force=force, progress=watcher, cluster=cluster
        )
    if len(outcomes) > 1:
        out.print(progress.summary(out, outcomes))
    if any(outcome.state in ("failed", "stopped") for outcome in outcomes):
        raise typer.Exit(1)


def report(
    names: Lessons = None,
    profile: Profile = "quick",
    format: Annotated[str, typer.Option(help="html, docx, pdf, or several with commas.")] = "html",
    code: Annotated[bool, typer.Option("--code", help="Put the code into an appendix.")] = False,
) -> None:
    """Make reports from lessons that ran, or from any executed .ipynb file, without running them again."""
    from coursekit import config
    from coursekit.runner import lessons

    formats = [each.strip() for each in format.split(",") if each.strip()]
    if unknown := [each for each in formats if each not in FORMATS] or (
        [format] if not formats else []
    ):
        raise UsageError(f"unknown format {unknown[0]!r}: {nearest(unknown[0], FORMATS)}")
    lessons.profile(profile)
    files = [
        path
        for path in map(Path, names or [])
        if path.suffix == ".ipynb"
        and path.is_file()
        and path.resolve().parent != config.notebooks().resolve()
    ]
    others = [name for name in names or [] if Path(name) not in files]
    chosen = lessons.find(others) if others or not files else []
    from coursekit.reports.render import render, render_file

    done = [render_file(path, formats=formats, code=code) for path in files]
    done += [render(chosen, profile=profile, formats=formats, code=code)] if chosen else []
    for warning in (each for _, warnings in done for each in warnings):
        typer.echo(f"coursekit: {warning}", err=True)
    for path in (each for written, _ in done for each in written):
        typer.echo(path)


def store(names: Lessons = None) -> None:
    """Run notebooks as they stand; keep their outputs in them and their results in reference."""
    from coursekit.runner import lessons, progress
    from coursekit.runner.refresh import store as store_one

    out = progress.console(stderr=True)
    for lesson in lessons.find(names or []):
        out.print(f"{lesson.id}: {store_one(lesson):,} bytes")


def _parameters(pairs: list[str]) -> dict[str, object]:
    """["seed=3"] -> {"seed": 3}; values are whole numbers where they look so, else text."""
    from coursekit import overrides

    split = overrides.from_pairs(pairs, option="--param", example="seed=1")
    return {
        name: int(value) if value.lstrip("-").isdecimal() else value
        for name, value in split.items()
    }


def _change_settings(pairs: list[str], lessons: int) -> None:
    """The lesson hears of them through the environment. Settings differ from lesson to lesson, so they go to one."""
    from coursekit import overrides

    if lessons > 1:
        raise UsageError(
            f"--set is for one lesson, and {lessons} would run: name one, as in coursekit run 08 --set epochs=8"
        )
    os.environ[overrides.VARIABLE] = json.dumps(overrides.from_pairs(pairs))


def _use_cluster(address: str) -> None:
    """Lessons hear of it through the environment."""
    from coursekit import cluster

    cluster.check(address)
    os.environ["COURSEKIT_CLUSTER"] = address


def _check_device(name: object) -> None:
    if name != "auto":  # only then is torch worth the wait
        from coursekit.runtime import find_device

        find_device(str(name))


def _last(outcome) -> str:
    """A cell of `coursekit list`: how the last run ended."""
    if outcome is None:
        return "-"
    return (
        f"{outcome.seconds:.0f} s, {outcome.claims or 'no'} claims hold"
        if outcome.state == "ran"
        else outcome.state
    )
