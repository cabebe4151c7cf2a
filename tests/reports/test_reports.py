"""Reports: whole in themselves, readable without pictures, honest about failures; and the references' arithmetic."""

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest

from coursekit.cli import guarded
from coursekit.reports import metadata, prose
from coursekit.runner import reference
from coursekit.runner.lessons import first_sentence, lessons

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
    """The reports of three fixtures: one that shows everything, one that failed, one that succeeded."""
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
    assert [each["alt"] for each in pictures] == ["A blue square", 'Blue, "all" over']
    assert (
        '<p class="ck-caption" id="figure-1"><b>Figure 1.</b> A blue square</p>'
        in reports["07_shows"]
    )
    assert '<b>Table 1.</b> Two filters</p><table class="ck-table">' in reports["07_shows"]
    assert "[Picture: from afar]" in reports["07_shows"]  # not fetched, but not forgotten
    assert "alert(1)" not in reports["07_shows"]


def test_formulas_are_mathml(reports):
    page = reports["07_shows"]
    assert page.count("<math ") == 4  # three in prose, one in an output
    for piece in ("<mtable", r"arg\smin</mi>", "<msqrt>", "𝔼", "<mtext", r"costs \$5"):
        assert re.search(piece, page), piece
    assert not prose.unreadable_formulas(page)


def test_a_formula_that_cannot_be_read_is_reported(tmp_path):
    page = prose.to_html(r"Here is $\nosuch{x}$ and $y < 1$.", folder=tmp_path)
    assert prose.unreadable_formulas(page) == [r"$\nosuch{x}$"] or prose.unreadable_formulas(
        page
    ) == [r"\nosuch{x}"]


def test_code_stays_out_unless_asked_for(course, coursekit):
    folder = course("01")
    coursekit("run", "1")
    page = folder / "reports/quick/01_good.html"
    assert coursekit("report", "1")[0] == 0 and ">print<" not in page.read_text()
    assert coursekit("report", "1", "--code")[0] == 0 and page.read_text().index(
        "Appendix"
    ) < page.read_text().index(">print<")


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
        "b_score" in card and "21.5" in card and "a_loss" not in card
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
    assert not prose.unreadable_formulas(prose.to_html(texts, folder=lesson.path.parent))


def test_pieces_of_prose_do_not_run_into_one_another(tmp_path):
    texts = [
        ("One `a`\n\n```\nopen", None),
        ("Two $x$", None),
        ("<!-- three", None),
        ("<div>four", None),
        ("five", None),
    ]
    assert prose.pages(texts, folder=tmp_path) == [
        prose.to_html(text, folder=tmp_path) for text, _ in texts
    ]
    assert [
        text in page
        for (text, _), page in zip(
            texts[1:2] + texts[4:], prose.pages(texts[1:], folder=tmp_path)[::3], strict=True
        )
    ] == [False, True]
    assert prose.pages([], folder=tmp_path) == []


def test_local_pictures_are_taken_into_the_page(tmp_path):
    (tmp_path / "dot.png").write_bytes(b"\x89PNG")
    assert 'src="data:image/png;base64,iVBORw=="' in prose.to_html(
        "![dot](dot.png)", folder=tmp_path
    )
    assert "<img" not in prose.to_html("![secret](../none.png)", folder=tmp_path)


def test_the_first_sentence_is_found_behind_headings_lists_and_formulas():
    assert first_sentence(["# Title\n\n- a list\n\n$$x$$\n\nOne\ntwo. Three."]) == "One two."
    assert first_sentence(["# Only a title"]) == ""


def test_measures_are_compared_within_their_tolerance():
    wanted = {
        "measures": {"loss": {"value": 0.02, "rel": 0.05}, "score": {"value": 0.0, "abs": 0.1}}
    }
    assert reference.compare(wanted, {"measures": {"loss": 0.0209, "score": -0.05}}) == []
    assert reference.compare(wanted, {"measures": {"loss": 0.0211, "score": 0.05}}) == [
        "loss: 0.0211 is not 0.02 within 0.001"
    ]
    assert reference.compare(wanted, {"measures": {"loss": float("nan")}}) == [
        "loss: nan is not 0.02 within 0.001",
        "score: missing from results.json",
    ]
    assert (
        reference.compare(
            {"measures": {"seconds_per_epoch": {"value": 1.0, "rel": 0.05}}}, {"measures": {}}
        )
        == []
    )
    assert (
        "no tolerance"
        in reference.compare({"measures": {"loss": {"value": 1.0}}}, {"measures": {"loss": 1.0}})[0]
    )


def test_a_refreshed_reference_keeps_its_tolerances(course, monkeypatch, capsys, tmp_path):
    folder = course("01")
    monkeypatch.setattr(reference.config, "REFERENCE", tmp_path / "reference")
    run = folder / "runs/quick/01_good"
    run.mkdir(parents=True)
    (run / "results.json").write_text(
        '{"lesson": "01_good", "profile": "quick", "seconds": 3.5, "measures": {"old": 0.123456789, "new": 2}}'
    )
    target = reference.file("quick", "01_good")
    target.parent.mkdir(parents=True)
    target.write_text(
        '{"measures": {"old": {"value": 1, "abs": 0.5}, "gone": {"value": 1, "rel": 1}}}'
    )
    monkeypatch.setattr("sys.argv", ["expected", "quick", "01_good"])
    reference.main()
    assert json.loads(target.read_text()) == {
        "run": {"seconds": 3.5},
        "measures": {"old": {"value": 0.123457, "abs": 0.5}, "new": {"value": 2.0, "rel": 0.05}},
    }


def test_store_keeps_outputs_and_reference_of_a_notebook_that_ran(
    course, coursekit, monkeypatch, tmp_path
):
    folder = course("01")
    monkeypatch.setattr(reference.config, "REFERENCE", tmp_path / "reference")
    left = folder / "runs/stored/01_good/grid.jsonl"
    left.parent.mkdir(parents=True)
    left.write_text("finished runs of an earlier store")
    code, _, err = coursekit("store", "01")
    assert code == 0 and "01_good: " in err and not left.exists()
    notebook = nbformat.read(folder / "notebooks/01_good.ipynb", as_version=4)
    code_cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code_cells] == list(range(1, len(code_cells) + 1))
    assert code_cells[1].outputs[0].text == "fine\n" and "papermill" not in notebook.metadata
    assert json.loads(reference.file("quick", "01_good").read_text())["measures"]["b_score"] == {
        "value": 21.5,
        "rel": 0.05,
    }


@pytest.mark.parametrize(
    "source, reason",
    [
        ("0.1 + 0.2", "cell 2 ends with a value"),
        ("import warnings; warnings.warn('old-fashioned')", "cell 2 writes to stderr"),
    ],
)
def test_store_refuses_what_nbval_would_stumble_over(
    course, coursekit, monkeypatch, tmp_path, source, reason
):
    folder = course("01")
    monkeypatch.setattr(reference.config, "REFERENCE", tmp_path / "reference")
    path = folder / "notebooks/01_good.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[2].source = source
    nbformat.write(notebook, path)
    code, _, err = coursekit("store", "01")
    assert code == 1 and f"01_good was not stored: {reason}" in err
    assert not nbformat.read(path, as_version=4).cells[2].outputs


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


def test_runs_with_other_settings_are_not_compared():
    kept = {"run": {"changed": {"betas": [1, 2]}}, "measures": {"a": {"value": 1.0, "rel": 0.1}}}
    assert reference.compare(kept, {"changed": {"betas": (1, 2)}, "measures": {"a": 1.0}}) == []
    for changed in ({}, {"betas": [1, 3]}):
        (problem,) = reference.compare(kept, {"changed": changed, "measures": {"a": 1.0}})
        assert "cannot be compared" in problem and str(changed) in problem


def test_store_refuses_changed_settings(course, coursekit, monkeypatch, tmp_path):
    folder = course("01")
    monkeypatch.setenv("COURSEKIT_SET", '{"epochs": "8"}')
    before = (folder / "notebooks/01_good.ipynb").read_bytes()
    code, _, err = coursekit("store", "1")
    assert (
        code == 2
        and "COURSEKIT_SET is set" in err
        and (folder / "notebooks/01_good.ipynb").read_bytes() == before
    )


def test_store_leaves_a_notebook_that_fails_as_it_was(course, coursekit, monkeypatch, tmp_path):
    folder = course("02")
    monkeypatch.setattr(reference.config, "REFERENCE", tmp_path / "reference")
    before = (folder / "notebooks/02_error.ipynb").read_bytes()
    code, _, err = coursekit("store", "02")
    assert code == 1 and "02_error was not stored: ZeroDivisionError" in err
    assert (folder / "notebooks/02_error.ipynb").read_bytes() == before and not (
        tmp_path / "reference"
    ).exists()
