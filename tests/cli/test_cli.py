"""The command line: what runs, what is skipped, and what a person reads when something is wrong."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from coursekit import config
from coursekit.runner import record
from coursekit.runner.lessons import PROFILES, find, lessons
from coursekit.runner.run import plan

COMMAND = [sys.executable, "-c", "from coursekit.cli import main; main()"]


def state_of(folder: Path, lesson: str, profile: str = "quick") -> str:
    return json.loads((folder / "runs" / profile / lesson / "run.json").read_text())["state"]


def edit(notebook: Path, change) -> None:
    content = nbformat.read(notebook, as_version=4)
    change(content)
    nbformat.write(content, notebook)


def test_a_lesson_runs_in_this_interpreter_and_leaves_notebook_and_results(course, coursekit):
    folder = course("01")
    edit(
        folder / "notebooks/01_good.ipynb",
        lambda nb: nb.cells[2].update(source="import sys; print(sys.executable)"),
    )
    code, _, err = coursekit("run", "1", "--seed", "7", "--profile", "smoke")
    run = folder / "runs/smoke/01_good"
    assert (code, state_of(folder, "01_good", "smoke")) == (0, "ran")
    assert "01_good: ran in" in err and "1 of 2 claims hold" in err
    assert json.loads((run / "results.json").read_text())["seed"] == 7
    executed = nbformat.read(run / "notebook.ipynb", as_version=4)
    assert sys.executable in [
        out.get("text", "").strip() for cell in executed.cells for out in cell.get("outputs", [])
    ]
    assert not (run / "kernel.log").exists()


def test_what_is_up_to_date_is_skipped_until_something_changes(course, coursekit, monkeypatch):
    folder = course("01")
    notebook = folder / "notebooks/01_good.ipynb"

    def job() -> record.Job:
        return plan(find([]), {"profile": "quick", "seed": 0, "device": "auto"})[0]

    assert record.outdated(job()) == "not run yet"
    assert "ran in" in coursekit("run", "1")[2]
    assert "up to date" in coursekit("run", "1")[2]
    assert "ran in" in coursekit("run", "1", "--force")[2]
    edit(notebook, lambda nb: nb.cells[2].update(outputs=[]))
    assert record.outdated(job()) == ""  # outputs are not sources
    with monkeypatch.context() as patch:
        patch.setenv("COURSEKIT_THREADS", "1")
        assert record.outdated(job()) == "settings changed"
    with monkeypatch.context() as patch:
        patch.setattr(record, "_package", lambda: "other")
        assert record.outdated(job()) == "coursekit changed"
    edit(notebook, lambda nb: nb.cells[2].update(source="print('new')"))
    assert record.outdated(job()) == "notebook changed"
    (folder / "runs/quick/01_good/results.json").unlink()
    assert record.outdated(job()) == "not run yet"


def test_changed_settings_reach_the_kernel_and_make_a_run_outdated(course, coursekit, monkeypatch):
    folder = course("01")
    monkeypatch.setenv("COURSEKIT_SET", "")  # so that it is taken back after the test
    words = "from coursekit import overrides; print(overrides.asked())"
    edit(folder / "notebooks/01_good.ipynb", lambda nb: nb.cells[2].update(source=words))
    assert "ran in" in coursekit("run", "1", "--set", "epochs=8", "--set", "faces=anime-faces")[2]
    executed = nbformat.read(folder / "runs/quick/01_good/notebook.ipynb", as_version=4)
    texts = [
        out.get("text", "").strip() for cell in executed.cells for out in cell.get("outputs", [])
    ]
    assert "{'epochs': '8', 'faces': 'anime-faces'}" in texts
    job = plan(find([]), {"profile": "quick", "seed": 0, "device": "auto"})[0]
    assert record.outdated(job) == ""
    monkeypatch.delenv("COURSEKIT_SET")
    assert record.outdated(job) == "settings changed"


def test_a_setting_that_a_lesson_refuses_is_a_usage_error_in_one_line(
    course, coursekit, monkeypatch
):
    folder = course("01")
    monkeypatch.setenv("COURSEKIT_SET", "")  # so that it is taken back after the test
    words = "from coursekit import bounds, overrides\nbounds.check({'n': 3}, {})\n"
    words += "bounds.check({'n': int(overrides.asked()['n'])}, {})"
    edit(folder / "notebooks/01_good.ipynb", lambda nb: nb.cells[2].update(source=words))
    code, _, err = coursekit("run", "1", "--set", "n=0")
    line = next(line for line in err.splitlines() if "FAILED" in line)
    assert code == 2 and "setting 'n' cannot be 0: it must be a whole number from 1" in line


def test_changed_data_makes_a_run_outdated(course, tmp_path, monkeypatch):
    course("01")
    monkeypatch.setattr(record.config, "BUNDLED", tmp_path / "data")
    card = tmp_path / "data/mnist/card.toml"
    card.parent.mkdir(parents=True)
    card.write_text("one")
    job = record.Job(
        "01_good", str(find(["1"])[0].path), str(tmp_path / "run"), (("profile", "quick"),)
    )
    (tmp_path / "run").mkdir()
    for name in ("notebook.ipynb", "results.json"):
        (tmp_path / "run" / name).write_text('{"data": {"mnist": {"kind": "bundled"}}}')
    results = {"data": {"mnist": {"kind": "bundled"}}}
    record.save(job, record.Outcome("01_good", "ran", results=results))
    assert record.outdated(job) == ""
    card.write_text("two")
    assert record.outdated(job) == "data changed"


@pytest.mark.parametrize("workers", ["1", "2"])
def test_failures_keep_their_notebook_and_the_others_go_on(course, coursekit, workers, monkeypatch):
    folder = course("01", "02", "04")
    monkeypatch.setenv("COURSEKIT_THREADS", "1")
    code, _, err = coursekit("run", "--jobs", workers)
    assert code == 1
    assert [state_of(folder, name) for name in ("01_good", "02_error", "04_dead_kernel")] == [
        "ran",
        "failed",
        "failed",
    ]
    assert "02_error: FAILED: ZeroDivisionError: division by zero" in err
    assert "04_dead_kernel: FAILED: the kernel died" in err
    assert (
        len([line for line in err.splitlines() if line.startswith(("02_error", "04_dead"))]) == 4
    )  # and the summary
    for name, error in (("02_error", "ZeroDivisionError"), ("04_dead_kernel", "DeadKernel")):
        kept = nbformat.read(folder / f"runs/quick/{name}/notebook.ipynb", as_version=4)
        errors = [
            out.ename
            for cell in kept.cells
            for out in cell.get("outputs", [])
            if out.output_type == "error"
        ]
        assert errors == [error]
        assert not (folder / f"runs/quick/{name}/results.json").exists()


def test_a_missing_file_and_an_unfinished_record_are_failures(course, coursekit):
    course("03", "05")
    code, _, err = coursekit("run")
    assert code == 1
    assert "03_missing_file: FAILED: FileNotFoundError" in err and "no-such-file.txt" in err
    assert (
        "05_unfinished: FAILED: it ended without writing results.json: call lesson.finish()" in err
    )


def test_a_failed_lesson_is_tried_again_and_old_results_do_not_survive(course, coursekit):
    folder = course("01")
    coursekit("run", "1")
    edit(folder / "notebooks/01_good.ipynb", lambda nb: nb.cells[2].update(source="1 / 0"))
    assert coursekit("run", "1")[0] == 1
    assert not (folder / "runs/quick/01_good/results.json").exists()
    assert "failed" in coursekit("list")[1]
    assert "FAILED" in coursekit("run", "1")[2]


@pytest.mark.parametrize(
    "arguments, message",
    [
        (
            ["run", "goood"],
            "unknown lesson 'goood': did you mean 01_good? Valid: 01_good, 02_error.",
        ),
        (["run", "1", "99"], "unknown lesson '99': Valid: 01_good, 02_error."),
        (
            ["run", "--profile", "quik"],
            "unknown profile 'quik': did you mean quick? Valid: smoke, quick, full.",
        ),
        (["run", "--sede", "1"], "unknown option '--sede': did you mean --seed"),
        (["run", "--seed", "one"], "invalid value for '--seed'"),
        (["run", "--seed"], "option '--seed' requires an argument."),
        (["run", "--jobs", "0"], "invalid value for '--jobs'"),
        (
            ["run", "--param", "sed=1"],
            "01_good has no parameter 'sed': did you mean seed? Valid: profile, seed, device.",
        ),
        (["run", "--param", "seed"], "--param 'seed' has no value"),
        (["run", "--param", "seed=one"], "seed is 'one': give a whole number from 0 to 4294967295"),
        (["run", "--param", "seed=--5"], "seed is '--5': give a whole number from 0"),
        (["run", "--param", "seed=-5"], "seed is -5: give a whole number from 0"),
        (["run", "--seed", "99999999999999999999999"], "invalid value for '--seed'"),
        (["run", "nowhere/01_good.ipynb"], "there is no file 'nowhere/01_good.ipynb': In '.': "),
        (["run", __file__], f"{__file__!r} is no lesson of the course: name one of "),
        (["refresh", "goood"], "unknown lesson 'goood': did you mean 01_good?"),
        (["store", "1"], "unknown command 'store': it is called refresh now."),
        (["run", "--param", "profile=quik"], "unknown profile 'quik'"),
        (["run", "--set", "epochs=8"], "--set is for one lesson, and 2 would run: name one"),
        (
            ["run", "1", "--set", "epochs"],
            "--set 'epochs' has no value: write it as NAME=VALUE, as in --set epochs=8",
        ),
        (["run", "--device", "cpuu"], "unknown device 'cpuu': did you mean cpu"),
        (["rnu"], "unknown command 'rnu': did you mean run?"),
        (["report", "--format", "htm"], "unknown format 'htm': did you mean html?"),
        (["report", "--profile", "fulll"], "unknown profile 'fulll': did you mean full?"),
        (["data", "ad"], "unknown command 'ad': did you mean add?"),
        (["data", "verify", "mnits"], "unknown data set 'mnits': did you mean mnist"),
        (["data", "add", "mnist"], "missing argument 'path'."),
    ],
)
def test_mistakes_get_one_line_code_2_and_nothing_is_started(course, coursekit, arguments, message):
    folder = course("01", "02")
    code, out, err = coursekit(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith(f"coursekit: {message}") and err.count("\n") == 1
    assert not (folder / "runs").exists()


def test_no_runs_and_no_lessons_are_told(course, coursekit):
    folder = course("01")
    assert coursekit("report")[0] == 1
    (folder / "notebooks/01_good.ipynb").unlink()
    code, _, err = coursekit("list")
    assert code == 1 and "there are no lessons in" in err
    (folder / "notebooks/01_broken.ipynb").write_text("{")
    code, _, err = coursekit("run")
    assert code == 1 and "is not a readable notebook" in err and err.count("\n") == 1


@pytest.mark.parametrize("command", ["list", "run", "refresh"])
def test_a_folder_of_lessons_that_is_not_there_is_a_usage_error(course, coursekit, command):
    folder = course("01")
    (folder / "notebooks").rename(folder / "notebook")
    code, _, err = coursekit(command)
    says = f"there is no folder {str(folder / 'notebooks')!r}: did you mean notebook? In "
    assert code == 2 and says in err and err.count("\n") == 1


def test_a_lesson_is_named_by_its_file_too(course):
    folder = course("01", "02")
    for name in ("1", "01", "good", "01_good", "01_good.ipynb"):
        assert [lesson.id for lesson in find([name])] == ["01_good"]
    assert [lesson.id for lesson in find([str(folder / "notebooks/02_error.ipynb")])] == [
        "02_error"
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="names are any bytes there")
def test_a_name_in_no_encoding_can_be_shown(course):
    strange = os.fsencode(course()) + b"/caf\xe9"
    os.mkdir(strange)
    environment = {**os.environ, "COURSEKIT_RUNS": os.fsdecode(strange), "PYTHONUTF8": "1"}
    done = subprocess.run(
        [*COMMAND, "doctor"], capture_output=True, env=environment, encoding="utf-8"
    )
    assert r"caf\udce9" in done.stdout and "unexpected" not in done.stderr


def test_list_shows_needs_and_last_results(course, coursekit):
    course("01", "02")
    coursekit("run", "good", "--profile", "smoke")
    out = coursekit("list")[1]
    first = next(line for line in out.splitlines() if line.startswith("01_good"))
    assert "Works" in first and "two seconds" in first and "1 of 2 claims hold" in first


def test_unexpected_errors_are_one_line_unless_debugging(course, coursekit, monkeypatch):
    course("01")
    monkeypatch.setattr("coursekit.runner.lessons.find", lambda names: {}["gone"])
    code, _, err = coursekit("list")
    assert (
        code == 1
        and err == "coursekit: unexpected KeyError: 'gone' (COURSEKIT_DEBUG=1 shows where)\n"
    )
    monkeypatch.setenv("COURSEKIT_DEBUG", "1")
    with pytest.raises(KeyError):
        coursekit("list")


def test_no_more_lessons_at_a_time_than_cores_for_their_threads(course, coursekit, monkeypatch):
    course("01", "07")
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: {0, 1, 2, 3}, raising=False)
    assert [config.side_by_side(jobs) for jobs in (1, 3, 9)] == [1, 3, 4]
    monkeypatch.setenv("COURSEKIT_THREADS", "8")
    assert config.side_by_side(2) == 1
    code, _, err = coursekit("run", "--jobs", "2")
    assert code == 0 and "1 at a time: 2 lessons of 8 threads each would share cores" in err


@pytest.mark.parametrize("extra", [[], ["--jobs", "2", "1"]], ids=["alone", "parallel"])
def test_ctrl_c_stops_cleanly_and_takes_the_kernels_along(course, extra, monkeypatch):
    folder = course("01", "06")
    monkeypatch.setenv("COURSEKIT_THREADS", "1")
    slow = folder / "notebooks/06_slow.ipynb"
    edit(
        slow,
        lambda nb: nb.cells[2].update(
            source=f"import os, time\nopen({str(folder / 'pid')!r}, 'w').write(str(os.getpid()))\n"
            "time.sleep(60)"
        ),
    )

    def heard():  # a shell's background jobs are deaf to Ctrl-C
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    process = subprocess.Popen(
        [*COMMAND, "run", "6", *extra],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=heard,
    )
    deadline = time.monotonic() + 120
    while (
        not ((folder / "pid").exists() and (folder / "pid").read_text())
        and time.monotonic() < deadline
    ):
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert (
        err.splitlines()[-1] == "coursekit: stopped; what was finished is kept"
        and "Traceback" not in err
    )
    kernel = int((folder / "pid").read_text())
    while _alive(kernel) and time.monotonic() < deadline + 30:
        time.sleep(0.1)
    assert not _alive(kernel)


def _alive(pid: int) -> bool:
    try:
        return (
            Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
            if os.path.isdir("/proc/self")
            else os.kill(pid, 0) is None
        )
    except OSError:
        return False


def test_a_second_run_of_the_same_lesson_waits_for_nobody_and_harms_nothing(course, coursekit):
    from filelock import FileLock

    folder = course("01")
    run = folder / "runs/quick/01_good"
    run.mkdir(parents=True)
    with FileLock(run / ".lock"):
        code, _, err = coursekit("run", "1")
    assert code == 1 and "another coursekit is running it" in err


@pytest.mark.parametrize("arguments", [["list"], ["--help"], ["run", "--help"]])
def test_help_and_lists_do_not_import_torch(course, arguments):
    course("01")
    script = (
        f"import sys; from coursekit.cli import guarded; guarded({arguments}); "
        "sys.exit('torch' in sys.modules)"
    )
    before = _seconds_of_children()
    assert subprocess.run([sys.executable, "-c", script], stdout=subprocess.DEVNULL).returncode == 0
    assert _seconds_of_children() - before < 3  # of computing; 0.5 on an idle machine


def _seconds_of_children() -> float:
    """Computing time of the processes that ended: waiting for a busy machine is not their fault."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_a_closed_pipe_is_quiet(course):
    course("01")
    process = subprocess.Popen([*COMMAND, "list"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.wait()


def test_profiles_are_those_of_the_lessons():
    from coursekit import lesson

    assert PROFILES == lesson.PROFILES


def test_every_lesson_of_the_course_has_the_three_parameters():
    for lesson in lessons():
        assert lesson.parameters == ["profile", "seed", "device"], lesson.id
        assert lesson.title != lesson.id and lesson.about


def test_doctor_finds_nothing_missing_here(coursekit):
    code, out, _ = coursekit("doctor")
    assert code == 0, out
    for what in (
        "python",
        "packages",
        "torch, torchvision",
        "device",
        "precision",
        "threads",
        "disk for runs",
        "bundled samples",
    ):
        assert what in out


def test_doctor_goes_on_past_a_broken_check(monkeypatch):
    from coursekit import doctor

    monkeypatch.setattr("coursekit.pairing.status", lambda: 1 / 0)
    found = list(doctor.examine())
    assert [each.what for each in found if each.state == doctor.MISSING] == ["pairing"]
    assert len(found) > 8
