"""The whole site, built once: no page asks another address for anything, and a browser agrees."""

import json
import re
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import browser
import contrast
import pytest

from coursekit.runner import lessons
from coursekit.site import build

FETCHED = re.compile(
    r'<(?:script|img|iframe|audio|video|source|embed)\b[^>]*\bsrc="([^"]*)"'
    r'|<link\b[^>]*\brel="(?:stylesheet|preload|icon|prefetch)[^>]*\bhref="([^"]*)"'
    r"|url\(([^)]*)\)"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site") / "site"
    build.build(lessons.lessons(), folder, repository="ada/course")
    return folder


def pages(site):
    return sorted(site.glob("*.html"))


@pytest.mark.xdist_group("site")
def test_nothing_is_fetched_from_elsewhere(site):
    for page in pages(site):
        for found in FETCHED.findall(page.read_text("utf-8")):
            address = next(filter(None, found), "").strip("'\"")
            assert not urlsplit(address).netloc, f"{page.name}: {address}"


@pytest.mark.xdist_group("site")
def test_every_picture_is_there_and_has_words(site):
    for page in pages(site):
        for tag in re.findall(r"<img\b[^>]*>", page.read_text("utf-8")):
            source = re.search(r'src="([^"]*)"', tag)[1]
            assert source.startswith("data:") or (site / source).is_file(), (page.name, source)
            assert re.search(r'alt="[^"]+"', tag), (page.name, tag[:200])


@pytest.mark.xdist_group("site")
def test_each_lesson_can_be_opened_elsewhere_and_downloaded(site):
    for lesson in lessons.lessons():
        text = (site / f"{lesson.id}.html").read_text("utf-8")
        assert (
            f"colab.research.google.com/github/ada/course/blob/main/notebooks/{lesson.id}" in text
        )
        assert "mybinder.org/v2/gh/ada/course/main" in text
        assert (site / "_downloads" / f"{lesson.id}.ipynb").read_bytes() == lesson.path.read_bytes()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def address(site):
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="module")
def chrome(tmp_path_factory):
    driver = browser.start(tmp_path_factory.mktemp("chrome"))
    yield driver
    driver.quit()


def requested(driver):
    logs = (json.loads(entry["message"])["message"] for entry in driver.get_log("performance"))
    sent = (log for log in logs if log["method"] == "Network.requestWillBeSent")
    return {log["params"]["request"]["url"] for log in sent}


@browser.needs_browser
@pytest.mark.xdist_group("site")
def test_a_browser_finds_no_fault_on_any_page(site, address, chrome):
    chrome.get_log("performance")
    for page in pages(site):
        chrome.get(f"{address}/{page.name}")
        undrawn = chrome.execute_script(
            "return [...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src)"
        )
        severe = [entry for entry in chrome.get_log("browser") if entry["level"] == "SEVERE"]
        assert (undrawn, severe) == ([], []), page.name
        foreign = [
            url
            for url in requested(chrome)
            if url.startswith("http") and not url.startswith(address)
        ]
        assert foreign == [], page.name


@browser.needs_browser
@pytest.mark.xdist_group("site")
def test_no_page_is_wider_than_a_phone(site, address, chrome):
    chrome.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True},
    )
    try:
        for page in pages(site):
            chrome.get(f"{address}/{page.name}")
            wide = chrome.execute_script("return document.documentElement.scrollWidth")
            assert wide <= 392, f"{page.name}: {wide}"
    finally:
        chrome.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@browser.needs_browser
@pytest.mark.xdist_group("site")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out_from_what_lies_behind_it(site, address, chrome, theme):
    for page in pages(site):
        chrome.get(f"{address}/{page.name}")
        assert contrast.faint(chrome, theme) == {}, page.name


@browser.needs_browser
def test_faint_text_is_found(chrome):
    chrome.get("data:text/html,<p style='color:%23999'>faint</p><p style='color:%23595959'>clear")
    assert list(contrast.faint(chrome, "light").values()) == ["2.85 faint"]


@browser.needs_browser
@pytest.mark.xdist_group("site")
def test_search_finds_a_term(address, chrome):
    from selenium.webdriver.support.ui import WebDriverWait

    chrome.get(f"{address}/search.html?q=reparameterization")
    results = "return [...document.querySelectorAll('#search-results li a')].map(a => a.href)"
    WebDriverWait(chrome, 20).until(lambda driver: driver.execute_script(results))
    assert any("06_vae.html" in href for href in chrome.execute_script(results))


@browser.needs_browser
@pytest.mark.xdist_group("site")
def test_a_keyboard_alone_opens_a_fold(address, chrome):
    from selenium.webdriver.common.keys import Keys

    chrome.get(f"{address}/06_vae.html")
    script = "return document.querySelector('article details summary, main details summary')"
    summary = chrome.execute_script(script)
    chrome.execute_script("arguments[0].focus()", summary)
    assert chrome.switch_to.active_element == summary
    summary.send_keys(Keys.ENTER)
    assert chrome.execute_script("return arguments[0].parentElement.open", summary)
