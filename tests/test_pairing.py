"""torchvision beside a torch that its operators do not fit is mended; else nothing is touched."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from types import SimpleNamespace

import pytest
import torch
from PIL import _imagingmath

from coursekit import pairing

REPORT = """
import json, sys
import coursekit
from coursekit import pairing
before = "torch" in sys.modules
try:
    import torchvision
    error = ""
except Exception as problem:
    error = str(problem)
import torch
print(json.dumps({
    "torch loaded by coursekit": before, "error": error,
    "needed": pairing.needed(), "status": pairing.status(), "libraries": len(pairing._libraries),
    "file": getattr(sys.modules.get("torchvision"), "__file__", None),
    "watching": any(isinstance(finder, pairing._Finder) for finder in sys.meta_path),
    "defined": [name for name in ("nms", "qnms") if hasattr(torch.ops.torchvision, name)],
}))
"""
FAKES = """
import torch
for name in ("nms", "qnms"):
    torch.library.register_fake(f"torchvision::{name}")(lambda *_: None)
"""


def python(code, folder=None):
    paths = [str(folder) if folder else "", os.environ.get("PYTHONPATH", "")]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "COURSEKIT_THREADS": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def torchvision_like(folder, *, source, operators=None):
    """A package of that name whose compiled operators are the given file, or rubbish."""
    package = folder / "torchvision"
    package.mkdir()
    (package / "__init__.py").write_text(source)
    if operators is None:
        (package / "_C.so").write_bytes(b"made for another torch")
    else:
        shutil.copy(operators, package / "_C.so")
    return package


@pytest.fixture
def fresh(monkeypatch):
    """pairing as in a process that has not looked yet."""
    needed = pairing.needed
    needed.cache_clear()
    monkeypatch.setattr(pairing, "_libraries", [])
    monkeypatch.setattr(
        sys, "meta_path", [item for item in sys.meta_path if not isinstance(item, pairing._Finder)]
    )
    yield
    needed.cache_clear()


def test_this_machines_torchvision_imports_and_its_parts_work():
    said = python("""
import coursekit
import torchvision, torch
from torchvision import datasets, models, transforms
from torchvision.transforms import v2
assert datasets.FashionMNIST and v2.Resize
assert transforms.Resize(4)(torch.zeros(1, 8, 8)).shape == (1, 4, 4)
assert models.squeezenet1_1(weights=None)(torch.zeros(1, 3, 64, 64)).shape == (1, 1000)
from coursekit import pairing
print(pairing.needed(), len(pairing._libraries), pairing.status())
""")
    needed, libraries, status = said.split(maxsplit=2)
    assert (needed, libraries) in (("True", "1"), ("False", "0"))
    assert ("mended" in status) == (needed == "True") and f"torch {torch.__version__}" in status


def test_nothing_is_touched_where_the_two_match(tmp_path):
    package = torchvision_like(tmp_path, source="", operators=_imagingmath.__file__)
    found = json.loads(python(REPORT, tmp_path))
    assert found["file"] == str(package / "__init__.py") and found["error"] == ""
    assert (found["needed"], found["libraries"], found["defined"]) == (False, 0, [])
    assert found["status"].endswith("they match")
    assert not found["torch loaded by coursekit"] and not found["watching"]


def test_operators_that_do_not_load_are_mended(tmp_path):
    """The fake registers fakes for both, as torchvision does; without the mend that is an error."""
    package = torchvision_like(tmp_path, source=FAKES)
    found = json.loads(python(REPORT, tmp_path))
    assert found["file"] == str(package / "__init__.py") and found["error"] == ""
    assert (found["needed"], found["libraries"], found["defined"]) == (True, 1, ["nms", "qnms"])
    assert "mended" in found["status"] and not found["watching"]
    unwatched = REPORT.replace("import coursekit\n", "import coursekit\nsys.meta_path.pop(0)\n")
    unmended = json.loads(python(unwatched, tmp_path))
    assert "does not exist" in unmended["error"] and unmended["defined"] == []


def test_the_finder_mends_only_when_needed_and_steps_aside(fresh, monkeypatch):
    for needed in (True, False):
        mended = []
        monkeypatch.delitem(sys.modules, "torchvision", raising=False)
        monkeypatch.setattr(pairing, "needed", lambda answer=needed: answer)
        monkeypatch.setattr(pairing, "mend", lambda calls=mended: calls.append(1))
        pairing.install()
        pairing.install()
        finders = [item for item in sys.meta_path if isinstance(item, pairing._Finder)]
        assert len(finders) == 1 and sys.meta_path[0] is finders[0]
        assert finders[0].find_spec("json") is None and finders[0] in sys.meta_path and not mended
        assert finders[0].find_spec("torchvision") is None  # the others find it
        assert finders[0] not in sys.meta_path and mended == [1] * needed


def test_nobody_watches_once_torchvision_is_imported(fresh, monkeypatch):
    monkeypatch.setitem(sys.modules, "torchvision", SimpleNamespace())
    pairing.install()
    assert not any(isinstance(finder, pairing._Finder) for finder in sys.meta_path)


def test_without_torchvision_or_its_operators_nothing_is_needed(fresh, monkeypatch, tmp_path):
    monkeypatch.setattr(
        torch.ops, "load_library", lambda _: pytest.fail("there is nothing to load")
    )
    for spec in (None, SimpleNamespace(submodule_search_locations=[str(tmp_path)])):
        pairing.needed.cache_clear()
        monkeypatch.setattr(importlib.util, "find_spec", lambda name, spec=spec: spec)
        assert pairing.needed() is False


def test_mending_defines_both_operators_once(fresh, monkeypatch):
    defined, made = [], []

    def library(*key):
        made.append(key)
        return SimpleNamespace(define=defined.append)

    monkeypatch.setattr(torch.library, "Library", library)
    pairing.mend()
    pairing.mend()
    assert made == [("torchvision", "DEF")] and defined == list(pairing.SCHEMAS)
    assert [schema.partition("(")[0] for schema in defined] == ["nms", "qnms"]


def test_status_says_what_is_missing_and_how_to_get_it(monkeypatch):
    def version(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.version", version)
    assert pairing.status().startswith("torch is not installed: run `make`")
