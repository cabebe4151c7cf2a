"""What this installation has, what it lacks, and how to get it: `coursekit doctor`."""

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement

from coursekit import config
from coursekit.config import Variable
from coursekit.errors import CourseError

OK, NOTE, MISSING = "ok", "note", "MISSING"
ENOUGH_GB = 2  # runs, reports and a decoded set or two


class Finding(NamedTuple):
    """One line of the examination; advice says how to change it."""

    what: str
    state: str
    detail: str
    advice: str = ""


def main() -> int:
    """Print the findings as a table; 1 if something that lessons need is missing, else 0."""
    from coursekit.runner import progress

    out = progress.console()
    shown = progress.table(out, "what", "state", "found", "what to do")
    found = list(examine())
    for finding in found:
        shown.add_row(*finding)
    out.print(shown)
    return int(any(finding.state == MISSING for finding in found))


def examine() -> Iterator[Finding]:
    """Every finding; a check that breaks is a finding too."""
    for check in (
        _python,
        _versions,
        _pairing,
        _device,
        _precision,
        _threads,
        _disk,
        _pandoc,
        _samples,
        _full_sets,
    ):
        yield from _guarded(check)


def _guarded(check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from check()
    except Exception as error:  # whatever is broken, the other checks still help
        advice = "" if isinstance(error, CourseError) else "set it up again: make distclean setup"
        yield Finding(
            check.__name__.strip("_").replace("_", " "),
            MISSING,
            f"{type(error).__name__}: {error}",
            advice,
        )


def _python() -> Iterator[Finding]:
    good = sys.version_info >= (3, 11)
    yield Finding(
        "python",
        OK if good else MISSING,
        f"{platform.python_version()} at {sys.executable}",
        "" if good else "install Python 3.11 or newer",
    )


def _versions() -> Iterator[Finding]:
    """Installed packages against what coursekit needs and against the pinned versions."""
    absent = [name for name in _needed() if not _installed(name)]
    pinned = [(name, pin) for name, pin in pins() if _installed(name)]
    differ = [
        f"{name} {_installed(name)} (pinned {pin})"
        for name, pin in pinned
        if _installed(name) != pin
    ]
    advice = "run `make` again, or pip install -c constraints.txt coursekit"
    if absent:
        yield Finding("packages", MISSING, f"not installed: {', '.join(absent)}", advice)
    if differ:
        found = f"other than pinned: {', '.join(differ)}; results may differ a little"
        yield Finding("packages", NOTE, found, advice)
    if not differ and not absent:
        kept = f"{len(pinned)} packages as pinned" if pinned else "all that it needs"
        yield Finding("packages", OK, f"coursekit {version('coursekit')} and {kept}")


def _needed() -> Iterator[str]:
    """The packages that coursekit itself asks for on this platform, without its extras."""
    for requirement in map(Requirement, requires("coursekit") or []):
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield requirement.name


def pins() -> Iterator[tuple[str, str]]:
    """(package, version) of each line of constraints.txt that holds for this Python."""
    path = config.ROOT / "constraints.txt"  # a folder that `coursekit init` made has it too
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else []:
        pin = Requirement(line)
        if pin.marker is None or pin.marker.evaluate():
            yield pin.name, str(pin.specifier).removeprefix("==")


def _installed(name: str) -> str:
    """The version without its local part: 2.13.0+cpu is 2.13.0."""
    try:
        return version(name).partition("+")[0]
    except PackageNotFoundError:
        return ""


def _pairing() -> Iterator[Finding]:
    import torchvision.transforms  # noqa: F401  the proof that it imports

    from coursekit import pairing

    yield Finding("torch, torchvision", OK, pairing.status())


def _device() -> Iterator[Finding]:
    import torch

    from coursekit import runtime

    device = runtime.find_device("auto")
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else runtime.processor()
    advice = (
        ""
        if device.type == "cuda"
        else "lessons run on it; a CUDA GPU with a CUDA build of torch is used by itself"
    )
    yield Finding("device", OK, f"{device}: {name}", advice)


def _precision() -> Iterator[Finding]:
    from coursekit import runtime

    fast = runtime.has_bfloat16(runtime.find_device("auto"))
    yield Finding(
        "precision",
        OK if fast else NOTE,
        "float32; full profile in bfloat16"
        if fast
        else "float32 only: this hardware has no bfloat16, so the full profile takes longer",
    )


def _threads() -> Iterator[Finding]:
    count, stored = config.thread_count(), config.THREADS
    advice = f"stored results have {stored}: unset {Variable.THREADS} for the same bits"
    own = count != stored
    yield Finding(
        "threads",
        NOTE if own else OK,
        f"{count} of {config.cores()} cores",
        advice if own else "",
    )


def _disk() -> Iterator[Finding]:
    for what, folder, variable in (
        ("runs", config.runs(), Variable.RUNS),
        ("data cache", config.cache(), Variable.CACHE),
    ):
        there, way = _existing(folder), f"set {variable} to a folder of yours with room in it"
        if not os.path.isdir(there) or not os.access(there, os.W_OK | os.X_OK):
            yield Finding(f"disk for {what}", NOTE, f"{there} may not be written", way)
            continue
        free = shutil.disk_usage(there).free / 1e9
        state, advice = (OK, "") if free >= ENOUGH_GB else (NOTE, f"make room, or {way}")
        yield Finding(f"disk for {what}", state, f"{free:.0f} GB free at {folder}", advice)


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return folder if os.path.exists(folder) else _existing(folder.parent)


def _pandoc() -> Iterator[Finding]:
    import pypandoc

    yield Finding("pandoc", OK, f"{pypandoc.get_pandoc_version()}, for the formulas of reports")


def _samples() -> Iterator[Finding]:
    from coursekit.datasets import manage, samples

    names = [row["name"] for row in manage.status() if row["bundled"]]
    bad = [
        f"{name}/{file}: {problem}"
        for name in names
        for file, problem in samples.problems(name).items()
        if problem
    ]
    yield Finding(
        "bundled samples",
        MISSING if bad or not names else OK,
        "; ".join(bad) or ", ".join(names) or "none",
        "git checkout -- data" if bad or not names else "",
    )


def _full_sets() -> Iterator[Finding]:
    from coursekit.datasets import catalog, manage

    sample_only = {entry.name for entry in catalog.ENTRIES if entry.sample_only}
    for row in (row for row in manage.status() if row["name"] not in sample_only):
        state = MISSING if row["full"].startswith("damaged") else OK if row["full"] else NOTE
        yield Finding(
            f"full {row['name']}",
            state,
            row["full"] or "not here (only the full profile needs it)",
            "" if state == OK else row["advice"],
        )
