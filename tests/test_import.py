"""`import coursekit` is quick, pulls in nothing heavy, and gives its parts on first use."""

import os
import subprocess
import sys
import time

import pytest

import coursekit

HEAVY = ("torch", "torchvision", "numpy", "pandas", "matplotlib", "IPython", "PIL")


def python(code, *options, **variables):
    """Run code in a fresh interpreter; a variable that is None is taken out of its environment."""
    environment = {
        name: value for name, value in {**os.environ, **variables}.items() if value is not None
    }
    command = [sys.executable, *options, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment)


def seconds(code):
    start = time.perf_counter()
    python(code)
    return time.perf_counter() - start


def test_import_is_quick():
    """Under 0.3 s over a bare interpreter; the best of several tries: other work may go on."""
    bare = min(seconds("pass") for _ in range(3))
    assert min(seconds("import coursekit") for _ in range(5)) - bare < 0.3


def test_import_leaves_the_heavy_packages_alone():
    loaded = python(
        f"import sys, coursekit; print([name for name in {HEAVY} if name in sys.modules])"
    ).stdout
    assert loaded.strip() == "[]"


def test_import_says_nothing():
    done = python("import coursekit", "-W", "error")
    assert (done.stdout, done.stderr) == ("", "")


def test_waiting_threads_sleep_unless_told_otherwise():
    code = "import os, coursekit; print(os.environ['OMP_WAIT_POLICY'])"
    assert python(code, OMP_WAIT_POLICY=None).stdout.strip() == "PASSIVE"
    assert python(code, OMP_WAIT_POLICY="ACTIVE").stdout.strip() == "ACTIVE"


def test_errors_and_paths_are_light_too():
    loaded = python(
        "import sys, coursekit.errors, coursekit.config; print('torch' in sys.modules)"
    ).stdout
    assert loaded.strip() == "False"


@pytest.mark.parametrize("name", coursekit.__all__)
def test_every_promised_name_is_there(name):
    assert getattr(coursekit, name) is not None


def test_start_begins_a_lesson():
    from coursekit import lesson

    assert coursekit.start is lesson.start


def test_an_unknown_name_is_an_ordinary_attribute_error():
    with pytest.raises(AttributeError, match="'coursekit' has no attribute 'nosuch'"):
        getattr(coursekit, "no" + "such")
