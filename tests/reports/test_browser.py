"""The reports where people read them: in a browser. Skipped, and said so, where there is none."""

import base64
import json

import pytest
from browser import needs_browser, start

from coursekit import config
from coursekit.reports import render

pytestmark = needs_browser
EVIL = """<script>document.title = 'run'</script><img src="x" onerror="document.title = 'run'">
<svg onload="document.title='run'"></svg>
<style>body { display: none }</style><iframe src="https://example.org/"></iframe>
<meta http-equiv="refresh" content="0;url=https://example.org/">
<a href="javascript:document.title='run'" id="trap">press</a>
<form action="https://example.org/"><input autofocus onfocus="document.title='run'"></form>
<img src="https://example.org/track.png"><div style="position: fixed; inset: 0;
background-image: url(https://example.org/x)">kept text</div></main></body>"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """Chromium with nothing of anybody's in it."""
    driver = start(tmp_path_factory.mktemp("chromium"))
    yield driver
    driver.quit()


def visit(browser, path) -> tuple[list[str], list[str]]:
    """Open a file -> what the console said, and every address asked for but its own."""
    browser.get_log("performance"), browser.get_log("browser")
    browser.get(path.as_uri())
    said = [each["message"] for each in browser.get_log("browser")]
    events = [json.loads(each["message"])["message"] for each in browser.get_log("performance")]
    asked = [
        each["params"]["request"]["url"]
        for each in events
        if each["method"] == "Network.requestWillBeSent"
    ]
    return said, [each for each in asked if not each.startswith("data:") and each != path.as_uri()]


def overflow(browser, width: int, dark: bool = False) -> int:
    """How far the page is wider than a screen of this width."""
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 700},
    )
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]},
    )
    return browser.execute_script(
        "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """HTML reports of the lessons, from their stored outputs."""
    folder = tmp_path_factory.mktemp("pages")
    for path in sorted(
        each
        for each in config.NOTEBOOKS.glob("*.ipynb")
        if '"image/png":' in each.read_text(encoding="utf-8")
    ):
        told = render.metadata.ReportMetadata(
            path.stem,
            [("profile", "quick")],
            course="",
            appendix=[("Settings", ["setting", "value"], [["epochs", "4"]])],
        )
        (folder / f"{path.stem}.html").write_text(
            render.page(render.read(path), told, folder=path.parent)
        )
    return folder


def test_every_lesson_s_page_is_drawn_whole_and_quiet(browser, pages):
    """No message, no request, every picture drawn and described, formulas set, nothing too wide."""
    for path in sorted(pages.glob("*.html")):
        said, asked = visit(browser, path)
        assert (said, asked) == ([], []), path.name
        pictures = browser.execute_script(
            "return [...document.images].map(i => [i.complete && i.naturalWidth > 0, i.alt])"
        )
        assert len(pictures) > 3 and all(drawn and len(alt) > 5 for drawn, alt in pictures), (
            path.name
        )
        heights = browser.execute_script(
            "return [...document.querySelectorAll('math')].map(m => m.getClientRects()[0].height)"
        )
        assert len(heights) > 3 and min(heights) > 3, path.name
        assert browser.execute_script("return document.fonts.check('16px \"Coursekit Math\"')"), (
            path.name
        )
        for width in (1200, 390):
            assert overflow(browser, width) <= 0, f"{path.name} at {width}"
        overflow(browser, 390, dark=True)
        colors = browser.execute_script(
            "const s = getComputedStyle(document.body); return [s.backgroundColor, s.color]"
        )
        (back, ink) = [sum(map(int, each[4:-1].split(","))) for each in colors]
        assert back < 120 < 450 < ink, path.name


def test_contents_and_references_lead_to_what_they_name(browser, pages):
    path = sorted(pages.glob("*.html"))[0]
    visit(browser, path)
    broken = browser.execute_script(
        """return [...document.querySelectorAll('a[href^="#"]')]
        .map(link => decodeURIComponent(link.hash.slice(1)))
        .filter(name => !document.getElementById(name))"""
    )
    assert broken == []
    browser.execute_script("document.querySelector('a[href=\"#figure-1\"]').click()")
    assert browser.execute_script(
        "return document.querySelector(':target').textContent.trim()"
    ).startswith("Figure 1.")


def test_a_foreign_notebook_does_nothing(browser, tmp_path):
    """Scripts in Markdown and outputs: none runs, none asks for anything, and the text is there."""
    svg = (
        "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'>"
        "<script>document.title='run'</script><rect width='9' height='9'/></svg>"
    )
    outputs = [
        {"output_type": "display_data", "metadata": {}, "data": {kind: content}}
        for kind, content in (
            ("text/html", EVIL),
            ("text/markdown", EVIL),
            ("text/latex", f"$x$ {EVIL}"),
            ("image/svg+xml", svg),
            ("application/javascript", "document.title='run'"),
            (
                "image/png",
                base64.b64encode(b"no picture").decode() + "\" onerror=\"document.title='run'",
            ),
        )
    ]
    cells = [
        {
            "cell_type": "markdown",
            "metadata": {},
            "source": f"# Title <script>1</script>\n\n{EVIL}\n\n"
            "## <img src=x onerror=alert(1)> Part",
            "attachments": {"a.png": {'image/svg+xml" onload="document.title=1': "x"}},
        },
        {"cell_type": "raw", "metadata": {"raw_mimetype": "text/html"}, "source": EVIL},
        {
            "cell_type": "code",
            "metadata": {},
            "source": "</script><script>document.title='run'</script>",
            "execution_count": 1,
            "outputs": outputs,
        },
        {
            "cell_type": "code",
            "metadata": {},
            "source": "1",
            "execution_count": 2,
            "outputs": [
                {"output_type": "stream", "name": "stdout", "text": EVIL},
                {"output_type": "error", "ename": EVIL, "evalue": EVIL, "traceback": [EVIL]},
            ],
        },
    ]
    path = tmp_path / "foreign.ipynb"
    path.write_text(
        json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4})
    )
    files, _ = render.render_file(path, formats=("html", "docx", "pdf"), code=True)
    said, asked = visit(browser, files[0])
    assert asked == [] and not [
        each for each in said if "Failed to load" not in each and "data:image" not in each
    ]
    assert (
        "run" not in browser.title
        and browser.execute_script("return document.body.innerText").count("kept text") >= 3
    )
    assert (
        browser.execute_script(
            "return document.querySelectorAll('script, iframe, form, input, svg, object, link, '"
            " + 'base, meta[http-equiv=refresh]').length"
        )
        == 0
    )
    handlers = browser.execute_script(
        "return [...document.querySelectorAll('*')]"
        ".filter(e => [...e.attributes].some(a => a.name.startsWith('on'))).length"
    )
    links = browser.execute_script(
        "return [...document.links].map(a => a.href)"
        ".filter(address => !/^(https?|file|mailto):/.test(address))"
    )
    assert (
        handlers == 0
        and links == []
        and browser.execute_script("return getComputedStyle(document.body).display") != "none"
    )
    assert files[1].read_bytes()[:2] == b"PK" and files[2].read_bytes()[:4] == b"%PDF"
