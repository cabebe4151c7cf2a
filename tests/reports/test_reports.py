"""Reports: whole in themselves, readable without pictures, honest about failures."""

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest

from coursekit.cli import guarded
from coursekit.reports import document, html, metadata, pandoc
from coursekit.runner.lessons import lessons

FIXTURES = Path(__file__).parent.parent / "fixtures"
FETCHED = {
    "script": "src",
    "link": "href",
    "img": "src",
    "iframe": "src",
    "video": "src",
    "audio": "src",
    "source": "src",
    "embed": "src",
    "object": "data",
    "use": "href",
}


class Page(HTMLParser):
    """Collects (tag, attributes) and checks that tags are balanced."""

    VOID = {"meta", "img", "br", "hr", "input", "link", "col", "wbr"}

    def __init__(self, text: str):
        super().__init__()
        self.tags, self.open = [], []
        self.feed(text)
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def all(self, tag: str) -> list[dict]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """The reports of three fixtures: one shows everything, one failed, one succeeded."""
    folder = tmp_path_factory.mktemp("course")
    (folder / "notebooks").mkdir()
    for name in ("01_good", "02_error", "07_shows"):
        shutil.copy(FIXTURES / f"{name}.ipynb", folder / "notebooks")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("notebooks", "runs", "reports"):
            patch.setenv(f"COURSEKIT_{name.upper()}", str(folder / name))
        assert guarded(["run"]) == 1
        assert guarded(["report"]) == 0
    return {path.stem: path.read_text() for path in (folder / "reports/quick").iterdir()}


def test_there_is_a_page_a_lesson_and_an_index(reports):
    assert sorted(reports) == ["01_good", "02_error", "07_shows", "index"]


@pytest.mark.parametrize("name", ["01_good", "02_error", "07_shows", "index"])
def test_a_page_asks_nobody_for_anything(reports, name):
    page = Page(reports[name])
    for tag, attribute in FETCHED.items():
        for each in page.all(tag):
            assert each.get(attribute, "data:").startswith("data:"), (tag, each)
    assert not page.all("script") and not page.all("link")
    assert "@import" not in reports[name] and not re.search(r"url\((?!.?data:)", reports[name])
    policy = next(
        each["content"]
        for each in page.all("meta")
        if each.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none'")


@pytest.mark.parametrize("name", ["01_good", "02_error", "07_shows", "index"])
def test_a_page_fits_a_phone_the_dark_and_its_own_links(reports, name):
    page = Page(reports[name])
    assert any("width=device-width" in each.get("content", "") for each in page.all("meta"))
    assert "prefers-color-scheme: dark" in reports[name]
    ids = [each["id"] for _, each in page.tags if "id" in each]
    assert len(ids) == len(set(ids))
    for each in page.all("a"):
        target = each["href"]
        assert target.removeprefix("#") in ids if target.startswith("#") else True
        assert target.removesuffix(".html") in reports if target.endswith(".html") else True


def test_pictures_keep_their_alternative_text_and_captions(reports):
    pictures = Page(reports["07_shows"]).all("img")
    assert [picture["alt"] for picture in pictures] == ["A blue square", 'Blue, "all" over']
    page = " ".join(reports["07_shows"].split())
    assert '<figure id="figure-1"' in page and '<table id="table-1"' in page
    assert "<figcaption><strong>Figure 1.</strong> A blue square</figcaption>" in page
    assert "<caption><strong>Table 1.</strong> Two filters</caption>" in page
    assert "[Picture: from afar]" in page  # not fetched, but not forgotten
    assert "alert(1)" not in page


def test_formulas_are_mathml(reports):
    page = reports["07_shows"]
    assert page.count("<math ") == 4  # three in prose, one in an output
    for piece in ("<mtable", r"arg\smin</mi>", "<msqrt>", "𝔼", "<mtext", r"costs\s+\$5"):
        assert re.search(piece, page), piece
    assert "$$" not in page


def test_a_formula_that_cannot_be_read_is_reported():
    made = document.prose(r"Here is $\nosuch{x}$ and $y < 1$.")
    assert pandoc.unreadable_formulas(made.formulas) == [r"\nosuch{x}"]
    assert r"\nosuch{x}" in html.fragment(made)


def test_code_stays_out_unless_asked_for(course, coursekit):
    folder = course("01")
    coursekit("run", "1")
    page = folder / "reports/quick/01_good.html"
    assert coursekit("report", "1")[0] == 0 and "print</span>" not in page.read_text()
    assert coursekit("report", "1", "--code")[0] == 0 and page.read_text().index(
        "Appendix"
    ) < page.read_text().index("print</span>")


def test_contents_list_the_headings_and_the_captions(reports):
    page = Page(reports["07_shows"])
    links = [each["href"] for each in page.all("a") if each["href"].startswith("#")]
    assert links == ["#Formulas", "#Below", "#Formulas-1", "#appendix", "#figure-1", "#table-1"]
    assert len(page.all("h1")) == 1 and "<h1>Shows everything</h1>" in reports["07_shows"]
    for fact in ("quick", "Fixture CPU (cpu), 2 threads", "1 of 2"):
        assert fact in reports["07_shows"]


def test_a_failed_lesson_says_so_and_shows_where(reports):
    assert (
        "This run did not finish." in reports["02_error"] and 'id="failure"' in reports["02_error"]
    )
    assert "ZeroDivisionError" in reports["02_error"] and "papermill" not in reports["02_error"]
    assert "(02_error)" in reports["index"] and "division by zero" in reports["index"]


def test_the_index_has_a_card_a_lesson(reports):
    page = Page(reports["index"])
    assert len(page.all("article")) == 3
    assert [each["alt"] for each in page.all("img")] == ['Blue, "all" over']
    card = reports["index"].partition("01_good.html")[2].partition("</article>")[0]
    assert "A fixture that works." in card and "1 of 2" in card
    assert (
        "b score" in card and "21.5" in card and "a loss" not in card
    )  # the notebook names its headline


def test_rendering_does_not_run_anything_again(course, coursekit, monkeypatch):
    folder = course("01")
    coursekit("run")
    before = (folder / "runs/quick/01_good/notebook.ipynb").read_bytes()
    monkeypatch.setattr("coursekit.runner.run.run", lambda *_, **__: pytest.fail("ran"))
    code, out, _ = coursekit("report", "1")
    assert code == 0 and out.strip() == str(folder / "reports/quick/index.html")
    assert (folder / "runs/quick/01_good/notebook.ipynb").read_bytes() == before


@pytest.mark.parametrize("lesson", lessons(), ids=lambda lesson: lesson.id)
def test_every_formula_of_the_course_can_be_shown(lesson):
    texts = "\n\n".join(text for kind, text in lesson.sources if kind == "markdown")
    made = document.prose(texts)
    assert len(made.formulas) > 3 and pandoc.unreadable_formulas(made.formulas) == []


def test_a_report_names_the_settings_that_were_changed():
    results = {"seed": 0, "changed": {"images": 7000, "betas": [0.1, 1.0]}}
    told = dict(metadata.facts(results, profile="full", finished="today", outcome=None))
    assert (
        told["profile"] == "full"
        and told["changed settings"] == "images = 7000, betas = [0.1, 1.0]"
    )
    assert "changed settings" not in dict(
        metadata.facts({"seed": 0, "changed": {}}, profile="full", finished="today", outcome=None)
    )
