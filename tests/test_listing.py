"""Code shown in lessons is the tested code: named, whole, and noticed when it goes stale."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import nbformat
import pytest
import torch

from coursekit import listing
from coursekit.models.autoencoder import DenseAutoencoder

SANITIZE = Path(__file__).parent / "nbval_sanitize.cfg"
CODE = '''
"""A module of models."""


class Net:
    """Doubles."""

    def forward(self, x):
        return 2 * x
'''


@pytest.fixture
def module(tmp_path, monkeypatch):
    """write(text) -> a fresh import of a module with this text."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(text):
        (tmp_path / "taught_here.py").write_text(text)
        sys.modules.pop("taught_here", None)
        return __import__("taught_here")

    yield write
    sys.modules.pop("taught_here", None)


def test_a_class_is_shown_whole_with_its_file_and_lines():
    found = listing.listing(DenseAutoencoder)
    source = (Path(listing.__file__).parent / "models" / "autoencoder.py").read_text()
    first, last = found.lines
    assert found.file == "coursekit/models/autoencoder.py" and found.name == "DenseAutoencoder"
    assert found.code == "\n".join(source.splitlines()[first - 1 : last])
    assert found.code.startswith("class DenseAutoencoder") and "def decode" in found.code
    assert f'lines <span class="measured">{first} to {last}</span>' in found.markdown
    assert f"```python\n{found.code}\n```" in found.markdown
    assert found.plain == f"DenseAutoencoder in {found.file}:\n\n{found.code}"


def test_a_method_is_shown_without_its_indent():
    assert listing.listing(DenseAutoencoder.forward).code.startswith("def forward(self")


def test_a_decorated_function_is_shown_with_its_decorator():
    from coursekit.models.features import in_batches

    assert listing.listing(in_batches).code.startswith("@torch.no_grad()\ndef in_batches(")


def test_a_fence_in_the_code_does_not_end_the_block(module):
    net = module(CODE.replace("Doubles.", "Doubles: ```2 * x```.")).Net
    assert "\n````python\n" in listing.listing(net).markdown


@pytest.mark.parametrize("thing", [len, 3, torch.relu, lambda x: x])
def test_what_has_no_module_file_is_refused(thing, monkeypatch):
    if getattr(thing, "__name__", "") == "<lambda>":
        monkeypatch.setattr(thing, "__module__", "__main__")
    with pytest.raises(TypeError, match="has no source file|stands in no module"):
        listing.listing(thing)


def test_nothing_is_shown_where_one_of_several_cannot_be(monkeypatch):
    shown = []
    monkeypatch.setattr(listing, "display", lambda bundle, **_: shown.append(bundle))
    with pytest.raises(TypeError):
        listing.show(DenseAutoencoder, len)
    assert shown == []
    listing.show(DenseAutoencoder, DenseAutoencoder.forward)
    assert [bundle["text/plain"].split()[0] for bundle in shown] == [
        "DenseAutoencoder",
        "DenseAutoencoder.forward",
    ]


def compared(folder: Path) -> subprocess.CompletedProcess:
    """nbval's verdict on the stored notebook, as `make test` asks for it."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval"]
    command += ["--nbval-current-env", "--nbval-sanitize-with", str(SANITIZE), "lesson.ipynb"]
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def test_a_stored_listing_that_went_stale_fails_nbval_and_moved_lines_do_not(module, tmp_path):
    source = "from coursekit import listing\nfrom taught_here import Net\nlisting.show(Net)"
    found = listing.listing(module(CODE).Net)
    cell = nbformat.v4.new_code_cell(source, execution_count=1)
    cell.outputs = [
        nbformat.v4.new_output(
            "display_data", {"text/markdown": found.markdown, "text/plain": found.plain}
        )
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "lesson.ipynb")
    taught = tmp_path / "taught_here.py"
    taught.write_text(CODE.replace("class Net", "LIMIT = 3\n\n\nclass Net"))
    moved = compared(tmp_path)
    assert moved.returncode == 0, moved.stdout[-2000:]
    taught.write_text(CODE.replace("2 * x", "3 * x"))
    stale = compared(tmp_path)
    assert stale.returncode == 1 and "3 * x" in stale.stdout, stale.stdout[-2000:]


def test_the_listing_reads_the_file_as_it_is_now(module):
    assert "2 * x" in listing.listing(module(CODE).Net).code
    net = module(textwrap.dedent(CODE).replace("2 * x", "4 * x + 1")).Net
    assert "4 * x + 1" in listing.listing(net).code
