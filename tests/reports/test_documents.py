"""Reports for paper: the DOCX and the PDF as files, and as pages where programs for it are."""

import json
import re
import shutil
import subprocess
import time
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest
from pages import check_pages, needs_poppler, read
from PIL import Image

from coursekit import config
from coursekit import results as published
from coursekit.cli import guarded
from coursekit.reports import document, nodes, render
from coursekit.reports.captions import bound as captions_of

FIXTURES = Path(__file__).parent.parent / "fixtures"
HEADLINE = next(row for row in published.rows() if (row.table, row.lesson) == ("headlines", "02"))
LESSON = "02_denoising"
PERSIAN = ("این گزارش برای آزمایش نوشته شده است", "خطای شبکه در طول آموزش", "بخش نخست")
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
needs_office = pytest.mark.skipif(
    not (shutil.which("soffice") and shutil.which("pdftotext")),
    reason="DOCX pages are not looked at: no LibreOffice and poppler here "
    "(apt-get install libreoffice-writer-nogui poppler-utils)",
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The reports of a real lesson, from its stored outputs, and of the Persian one; how long."""
    folder = tmp_path_factory.mktemp("paper")
    stored = json.loads((config.REFERENCE / f"quick/{LESSON}.json").read_text())
    results = {
        "lesson": LESSON,
        "profile": "quick",
        "seed": 0,
        "settings": {"epochs": 4},
        "measures": {HEADLINE.measure: 12.34, HEADLINE.baseline: 5.67},
        "claims": [{"text": "A", "holds": True}],
        "data": {"fashion-mnist": {"kind": "bundled", "sha256": "0ae8d0fe6b69"}},
        "versions": {"torch": "2.13.0"},
        **stored["run"],
    }
    for name, source in (
        (LESSON, config.NOTEBOOKS / f"{LESSON}.ipynb"),
        ("08_persian", FIXTURES / "08_persian.ipynb"),
    ):
        (folder / "notebooks").mkdir(exist_ok=True)
        shutil.copy(source, folder / "notebooks")
        run = folder / "runs/quick" / name
        run.mkdir(parents=True)
        shutil.copy(source, run / "notebook.ipynb")
        (run / "results.json").write_text(json.dumps(results))
        (run / "run.json").write_text('{"state": "ran"}')
    start = time.process_time()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("notebooks", "runs", "reports"):
            patch.setenv(f"COURSEKIT_{name.upper()}", str(folder / name))
        assert guarded(["report", "--format", "html,docx,pdf"]) == 0
    made = folder / "reports/quick"
    (made / "seconds").write_text(str(time.process_time() - start))
    return made


@pytest.fixture(scope="module")
def captions():
    """The lesson's captions in order, as they stand in its stored outputs."""
    text = (config.NOTEBOOKS / f"{LESSON}.ipynb").read_text()
    return re.findall(r'<p class=\\"ck-caption\\"><b>((?:Figure|Table) \d+)\.</b>', text)


def word(path: Path) -> ElementTree.Element:
    with zipfile.ZipFile(path) as archive:
        return ElementTree.fromstring(archive.read("word/document.xml"))


def styled(tree: ElementTree.Element, *styles: str) -> list[ElementTree.Element]:
    return [
        each
        for each in tree.iter(f"{W}p")
        if any(found.get(f"{W}val") in styles for found in each.iter(f"{W}pStyle"))
    ]


def said(tree: ElementTree.Element) -> str:
    return "".join(each.text or "" for each in tree.iter(f"{W}t"))


def test_all_three_are_there_in_time_and_small(made):
    assert sorted(path.name for path in made.iterdir() if path.suffix != "") == sorted(
        [f"{name}.{form}" for name in (LESSON, "08_persian") for form in ("docx", "html", "pdf")]
        + ["index.html"]
    )
    assert (
        float((made / "seconds").read_text()) < 20
    )  # 10 s a format at most; here together, of this process
    assert all(path.stat().st_size < 5_000_000 for path in made.iterdir())


def test_the_index_shows_what_is_learned_and_the_source_s_figures_beside_ours(made):
    page = (made / "index.html").read_text()
    assert (
        f'href="{LESSON}.docx">Word</a> <a href="{LESSON}.pdf">PDF</a>' in page
        and "Tweedie" in page
    )
    row = re.search(r"<tr><td><a[^>]*>02 Denoising</a></td><td>(.*?)</td>.*?</tr>", page, re.DOTALL)
    assert row[1] == HEADLINE.figure and "claims that hold" in page
    assert f"<td><b>{HEADLINE.shown(12.34)}</b></td>" in row[0]
    assert f"<td>{HEADLINE.shown(5.67)} {HEADLINE.where}</td>" in row[0]
    assert f"<dt>{HEADLINE.figure}</dt><dd>{HEADLINE.shown(12.34)}</dd>" in page


def test_word_has_real_captions_in_order_formulas_and_alternative_text(made, captions):
    tree = word(made / f"{LESSON}.docx")
    found = [said(each) for each in styled(tree, "ImageCaption", "TableCaption")]
    assert [re.match(r"(Figure|Table) \d+", each)[0] for each in found] == captions
    fields = [field.text for field in tree.iter(f"{W}instrText")]
    assert len([field for field in fields if field.startswith(" SEQ ")]) == len(captions)
    body = list(tree.iter(f"{W}body"))[0]
    parts = [part for part in body if not part.tag.endswith(("bookmarkStart", "bookmarkEnd"))]
    for caption in styled(tree, "TableCaption"):
        assert parts[parts.index(caption) + 1].tag == f"{W}tbl"  # above its table
    figures = styled(tree, "CaptionedFigure")
    for caption in styled(tree, "ImageCaption"):
        assert parts[parts.index(caption) - 1] in figures  # below its figure
    pictures = [each for each in tree.iter() if each.tag.endswith("}docPr")]
    figures = [each for each in captions if each.startswith("Figure")]
    assert len(pictures) == len(figures) + 1 and all(  # the cover under the title has no caption
        len(each.get("descr")) > 20 for each in pictures
    )
    notebook = json.loads((config.NOTEBOOKS / f"{LESSON}.ipynb").read_text())
    prose = "".join(
        "".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown"
    )
    assert (
        len([each for each in tree.iter() if each.tag.endswith("}oMathPara")])
        == prose.count("$$") // 2
    )
    assert (
        styled(tree, "Title")
        and styled(tree, "Heading1")
        and styled(tree, "TOC1")
        and "TOC \\o" in ElementTree.tostring(tree, "unicode")
    )


@pytest.mark.parametrize("ending", ["docx", "html"])
@pytest.mark.parametrize("name", [LESSON, "08_persian"])
def test_a_report_is_read_back_as_the_notebook_s_tree(made, name, ending):
    folder = made.parent.parent / "notebooks"
    tree = document.from_notebook(render.read(folder / f"{name}.ipynb"), folder=folder)
    back = document.read_report(made / f"{name}.{ending}")

    def captions_in(doc):
        return {key: nodes.text_of(words) for key, words in doc.captions.items()}

    assert captions_in(back) == captions_in(tree) and len(tree.captions) > 1
    assert back.tables[: len(tree.tables)] == tree.tables  # those of the appendix follow
    assert len(back.shown) == len(tree.shown) and back.missing == []
    assert len(back.formulas) == len(tree.formulas)


def test_word_s_links_lead_somewhere(made):
    for name in (LESSON, "08_persian"):
        tree = word(made / f"{name}.docx")
        marks = [each.get(f"{W}name") for each in tree.iter(f"{W}bookmarkStart")]
        numbers = [each.get(f"{W}id") for each in tree.iter(f"{W}bookmarkStart")]
        anchors = {each.get(f"{W}anchor") for each in tree.iter(f"{W}hyperlink")} - {None}
        assert anchors and anchors <= set(marks) and len(numbers) == len(set(numbers))


def test_the_appendix_tells_settings_data_licenses_machine_and_versions(made):
    text = said(word(made / f"{LESSON}.docx")) + re.sub(
        r"<[^>]*>", "", (made / f"{LESSON}.html").read_text().partition('id="appendix"')[2]
    )
    for wanted in (
        "Settings",
        "epochs",
        "Data and licenses",
        "MIT",
        "Machine",
        "Versions",
        "2.13.0",
        "0ae8d0fe6b69",
    ):
        assert text.count(wanted) >= 2, wanted  # once in each
    assert "import torch" not in text


def test_persian_survives_in_word_and_html(made):
    tree = word(made / "08_persian.docx")
    rightwards = [said(each) for each in tree.iter(f"{W}p") if list(each.iter(f"{W}bidi"))]
    for wanted in PERSIAN:
        assert any(wanted in each for each in rightwards), wanted
    assert not any("An English paragraph" in each for each in rightwards)
    assert "شکل ۱. خطای شبکه" in said(tree)
    html = " ".join((made / "08_persian.html").read_text().split())
    for wanted in ("<p>این گزارش", "<ul> <li>مورد اول", "<strong>شکل ۱.</strong> خطای"):
        assert re.search(rf'<div dir="rtl">(<p>| )?{re.escape(wanted)}', html), wanted
    assert "</div> <p>An English" in html and '<h1 dir="rtl">' in html
    html = html.replace("\xa0", " ").replace("&nbsp;", " ")
    assert 'href="#figure-1">شکل ۱</a>' in html and 'href="#table-1">Table 1</a>' in html


@needs_poppler
def test_pdf_pages_hold_captions_in_order_and_nothing_overflows(made, captions, tmp_path):
    check_pages(made / f"{LESSON}.pdf", tmp_path)
    text = read(made / f"{LESSON}.pdf")
    body = text[text.index("Tables\n") :]
    found = re.findall(r"((?:Figure|Table) \d+)\.", body)[
        len([each for each in captions if each.startswith("Table")]) :
    ]
    assert found == captions
    assert (
        "PSNR = 10 log" in re.sub(r"[\u2000-\u200f\u2060]", "", text).replace("𝐏𝐒𝐍𝐑", "PSNR")
        and "Claims" in text
        and "Data and licenses" in text
    )
    assert "import torch" not in text


@needs_poppler
def test_a_table_longer_than_a_page_goes_on_over_the_page(tmp_path):
    from coursekit.reports import pdf

    rows = [
        [
            f"claim {number} with so many words that it takes more than one line of its column",
            "us",
            "1 < 2",
            "holds",
        ]
        for number in range(120)
    ]
    table = nodes.table(["claim", "whose", "measured", "holds"], rows)
    caption = nodes.para(nodes.words("Table 1. Claims"))
    blocks = list(captions_of([caption, table], {}))
    content, _ = pdf.made(document.Document(blocks), render.metadata.ReportMetadata("T", []))
    (tmp_path / "long.pdf").write_bytes(content)
    check_pages(tmp_path / "long.pdf", tmp_path)
    text = read(tmp_path / "long.pdf")
    assert text.count("\f") >= 3 and text.count("whose") == text.count(
        "\f"
    )  # its head on every page
    assert [int(each) for each in re.findall(r"claim (\d+) with", text)] == list(range(120))


@needs_poppler
def test_persian_survives_in_the_pdf(made, tmp_path):
    check_pages(made / "08_persian.pdf", tmp_path)
    text = re.sub(r"[\u202a-\u202e\u2066-\u2069]", "", read(made / "08_persian.pdf"))
    for wanted in PERSIAN:
        assert wanted in text, wanted


@needs_office
def test_word_pages_hold_captions_in_order_and_nothing_overflows(made, captions, tmp_path):
    files = [str(made / f"{name}.docx") for name in (LESSON, "08_persian")]
    subprocess.run(
        [
            "soffice",
            "--headless",
            f"-env:UserInstallation=file://{tmp_path}/office",
            "--convert-to",
            "pdf",
            "--outdir",
            str(tmp_path),
            *files,
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    check_pages(tmp_path / f"{LESSON}.pdf", tmp_path)
    text = read(tmp_path / f"{LESSON}.pdf")
    assert re.findall(r"((?:Figure|Table) \d+)\.", text)[len(captions) :] == captions
    persian = re.sub(r"[\u202a-\u202e\u2066-\u2069]", "", read(tmp_path / "08_persian.pdf"))
    assert all(wanted in persian for wanted in PERSIAN)


def test_code_comes_into_an_appendix_only_when_asked_for(tmp_path):
    path = tmp_path / "mine.ipynb"
    shutil.copy(FIXTURES / "08_persian.ipynb", path)
    assert guarded(["report", str(path), "--format", "docx,html"]) == 0
    assert (
        "base64" not in said(word(tmp_path / "mine-report.docx"))
        and "picture =" not in (tmp_path / "mine-report.html").read_text()
    )
    assert guarded(["report", str(path), "--format", "docx,pdf", "--code"]) == 0
    assert 'picture = "iVBOR' in said(word(tmp_path / "mine-report.docx"))
    assert (tmp_path / "mine-report.pdf").read_bytes().startswith(b"%PDF-") and path.exists()


def test_a_formula_that_typst_refuses_is_shown_as_typed_and_told(monkeypatch, tmp_path):
    from coursekit.reports import pdf

    monkeypatch.setattr(
        pdf, "_sets", lambda formulas: not any("bad" in math["c"][1] for math in formulas)
    )
    blocks = [nodes.para([nodes.node("Math", {"t": "InlineMath"}, tex)]) for tex in ("x^2", "bad")]
    content, refused = pdf.made(document.Document(blocks), render.metadata.ReportMetadata("T", []))
    assert refused == ["bad"] and content.startswith(b"%PDF")


def test_a_pdf_that_grows_too_large_gets_smaller_pictures(monkeypatch):
    import io

    import numpy as np

    from coursekit.reports import pdf

    noise = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (900, 900, 3), dtype=np.uint8)).save(
        noise, "PNG"
    )
    blocks = [
        nodes.para([nodes.node("Image", nodes.NO, nodes.words("noise"), ["ck-picture-1.png", ""])])
    ]
    monkeypatch.setattr(pdf, "LARGEST", 1_500_000)
    content, _ = pdf.made(
        document.Document(blocks, {"ck-picture-1.png": noise.getvalue()}),
        render.metadata.ReportMetadata("T", []),
    )
    assert len(content) < 1_500_000


@pytest.mark.parametrize(
    "format, message",
    [
        ("doc", "unknown format 'doc': did you mean docx?"),
        ("html,odt", "unknown format 'odt'"),
        (",", "unknown format ','"),
    ],
)
def test_unknown_formats_are_explained(coursekit, format, message):
    code, _, err = coursekit("report", "--format", format)
    assert code == 2 and message in err


def test_pages_of_a_word_document_are_numbered(made):
    with zipfile.ZipFile(made / f"{LESSON}.docx") as archive:
        names = archive.namelist()
        footers = [name for name in names if re.fullmatch(r"word/footer\d*\.xml", name)]
        assert footers and any(b" PAGE " in archive.read(name) for name in footers)
        assert b"footerReference" in archive.read("word/document.xml")
        assert b"footer" in archive.read("[Content_Types].xml")
