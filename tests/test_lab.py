"""A lesson in JupyterLab, as a student meets it: open, run, see the figures, move the slider."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import NamedTuple

import pytest
from browser import needs_browser, start

from coursekit import config

pytestmark = needs_browser
TOKEN = "for-this-test"
SMOKE = 300  # seconds a lesson may take at smoke, here beside other work
SETTINGS, COMMAND = re.search(
    r"^\t@JUPYTER_CONFIG_PATH=\"([\w/]+)\S* \$\(BIN\)/jupyter (lab .*) \$\(ARGS\)$",
    (config.ROOT / "Makefile").read_text(),
    re.MULTILINE,
).groups()
CELLS = """
const model = window.jupyterapp.shell.currentWidget.content.model;
const cells = [...model.cells].map(cell => cell.toJSON());
const code = cells.filter(
    cell => cell.cell_type === 'code' && [].concat(cell.source).join('').trim());
return JSON.stringify(code.map(cell => ({
    count: cell.execution_count,
    errors: cell.outputs.filter(out => out.output_type === 'error').map(out => out.evalue),
    figures: cell.outputs.filter(out => out.data && out.data['image/png']).length})))"""
READY = """
const app = window.jupyterapp, widget = app && app.shell.currentWidget;
const session = widget && widget.sessionContext && widget.sessionContext.session;
return !!(widget && widget.content && widget.content.model && widget.context
    && widget.context.isReady && session && session.kernel && session.kernel.status === 'idle')"""
FIGURE = """
return [...document.querySelectorAll('.jp-OutputArea-output img')].some(
    image => image.naturalWidth > 100 && image.getBoundingClientRect().height > 50)"""
PICTURE = "document.querySelector('.ck-latent-slider img.ck-latent-picture')"
ROOM = """const [name, shown] = arguments, pen = document.createElement('canvas').getContext('2d');
const item = [...document.querySelectorAll('.jp-DirListing-itemText')]
    .find(node => node.textContent.includes(name));
pen.font = getComputedStyle(item).font;
return item.clientWidth - pen.measureText(shown).width"""
SCROLL = """
const [which, done] = arguments, content = window.jupyterapp.shell.currentWidget.content;
const cells = [...content.model.cells].map(cell => cell.toJSON());
const index = cells.map(cell => ({...cell, outputs: cell.outputs || []})).findIndex(eval(which));
content.activeCellIndex = index;
Promise.resolve(content.scrollToItem(index)).then(() => done(index), () => done(-1));"""


def longest() -> Path:
    """The lesson with the longest name."""
    return max(config.NOTEBOOKS.glob("*.ipynb"), key=lambda path: len(path.name))


def chosen() -> Path:
    """The lesson with the slider, else another."""
    return next(
        path
        for pattern in ("06_*.ipynb", "02_*.ipynb", "*.ipynb")
        for path in config.NOTEBOOKS.glob(pattern)
    )


class Lab(NamedTuple):
    """The address of the lesson, and the folder of everything that JupyterLab writes."""

    address: str
    home: Path


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab as `make lab` starts it, on copies of lessons: nothing stored is touched."""
    home = tmp_path_factory.mktemp("lab")
    assert COMMAND == "lab notebooks"
    (home / "notebooks").mkdir()
    for lesson in (chosen(), longest()):
        shutil.copy(lesson, home / "notebooks")
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("COURSEKIT_", "PYTEST_", "JUPYTER_"))
    }
    environment |= {
        "COURSEKIT_PROFILE": "smoke",
        "COURSEKIT_RUNS": str(home / "runs"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_CONFIG_PATH": str(config.ROOT / SETTINGS),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
    }
    if "COURSEKIT_THREADS" in os.environ:
        environment["COURSEKIT_THREADS"] = os.environ["COURSEKIT_THREADS"]
    options = [
        "--no-browser",
        "--port=0",
        f"--IdentityProvider.token={TOKEN}",
        "--LabApp.expose_app_in_browser=True",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        *(["--allow-root"] if getattr(os, "getuid", int)() == 0 else []),
    ]
    with (home / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyter", *COMMAND.split(), *options],
            cwd=home,
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        yield Lab(f"{_address(home, process)}lab/tree/{chosen().name}?token={TOKEN}", home)
    finally:
        process.terminate()
        process.wait(30)


def _address(home: Path, process: subprocess.Popen) -> str:
    """Where the server listens, as it tells."""
    for _ in range(600):
        found = re.search(r"http://127\.0\.0\.1:\d+/", (home / "log").read_text())
        if found:
            try:
                urllib.request.urlopen(f"{found[0]}api", timeout=5)
                return found[0]
            except OSError:
                pass
        assert process.poll() is None, (home / "log").read_text()[-2000:]
        time.sleep(0.2)
    pytest.fail("JupyterLab did not start: " + (home / "log").read_text()[-2000:])


def until(seconds: float, question, what: str):
    """Ask until the answer is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := question():
            return answer
        time.sleep(0.3)
    pytest.fail(f"waited {seconds:.0f} s in vain: {what}")


def test_opening_a_lesson_leaves_it_unchanged_and_its_name_is_seen_whole(lab, tmp_path):
    path = lab.home / "notebooks" / chosen().name
    before = path.read_bytes()
    stored = json.loads(before)["metadata"]
    version = stored["language_info"].get("version")
    assert version is None, "stored by one machine, a notebook must not name its Python"
    browser = start(tmp_path / "chromium")
    try:
        browser.get(lab.address)
        until(90, lambda: browser.execute_script(READY), "the notebook opens and its kernel starts")
        told = (
            "return window.jupyterapp.shell.currentWidget.context.model"
            ".sharedModel.getMetadata('language_info').version"
        )
        until(30, lambda: browser.execute_script(told), "the kernel has told its language")
        time.sleep(2)  # what comes later than that would be a change too
        assert not browser.execute_script(
            "return window.jupyterapp.shell.currentWidget.context.model.dirty"
        )
        assert path.read_bytes() == before
        assert browser.execute_script(ROOM, longest().name, longest().stem + "…") >= 0
    finally:
        browser.quit()


def test_a_lesson_runs_in_jupyterlab_and_its_slider_draws(lab, tmp_path):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    browser = start(tmp_path / "chromium")
    try:
        browser.get(lab.address)
        until(90, lambda: browser.execute_script(READY), "the notebook opens and its kernel starts")
        browser.execute_script("window.jupyterapp.commands.execute('notebook:run-all-cells')")
        until(
            SMOKE,
            lambda: (
                (cells := json.loads(browser.execute_script(CELLS)))
                and (any(cell["errors"] for cell in cells) or all(cell["count"] for cell in cells))
                and browser.execute_script(READY)
            ),
            "all cells run",
        )
        cells = json.loads(browser.execute_script(CELLS))
        assert [cell["errors"] for cell in cells if cell["errors"]] == []
        assert [cell["count"] for cell in cells] == list(range(1, len(cells) + 1)) and sum(
            cell["figures"] for cell in cells
        ) >= 3
        browser.execute_script("window.jupyterapp.shell.currentWidget.content.activeCellIndex = 0;")
        look_at(browser, "cell => cell.outputs.some(out => out.data && out.data['image/png'])")
        until(30, lambda: browser.execute_script(FIGURE), "a figure is seen")
        assert not browser.find_elements(
            By.CSS_SELECTOR, ".jp-RenderedText[data-mime-type='application/vnd.jupyter.error']"
        )
        if chosen().name.startswith("06_"):
            look_at(browser, "cell => [].concat(cell.source).join('').includes('latent_slider(')")
            picture = f"return ({PICTURE} || {{}}).src"
            before = until(
                30, lambda: browser.execute_script(picture), "the slider and its picture are seen"
            )
            handle = browser.find_element(
                By.CSS_SELECTOR, ".ck-latent-slider .ck-latent-value .noUi-handle"
            )
            handle.send_keys(Keys.ARROW_RIGHT * 8)
            after = until(
                30,
                lambda: (now := browser.execute_script(picture)) != before and now,
                "the picture changes with the slider",
            )
            assert after.startswith("data:image/png;base64,") and after != before
    finally:
        browser.quit()


def look_at(browser, which: str) -> None:
    """Scroll to the first cell for which this is true."""
    browser.execute_async_script(SCROLL, which)
