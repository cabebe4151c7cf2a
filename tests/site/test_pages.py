"""Pages of the site: pictures keep their words, exercises fold their solution, links go in once."""

import base64
import html
import io
import json

import pytest
from nbformat import v4
from PIL import Image

from coursekit.errors import CourseError
from coursekit.runner.lessons import LessonFile
from coursekit.site import build, contents, formulas, pages, references, terms

SOLVED = "def f(x):\n    ### BEGIN SOLUTION\n    return x\n    ### END SOLUTION\n\nf(1)"


def png(color):
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4), color).save(buffer, "png")
    return base64.b64encode(buffer.getvalue()).decode()


def figure(color, alt, *, cover=False):
    marks = {"image/png": {"alt": alt}} | ({"coursekit": {"cover": True}} if cover else {})
    return v4.new_output("display_data", {"image/png": png(color)}, metadata=marks)


@pytest.fixture
def lesson(tmp_path):
    head = v4.new_markdown_cell("# 01 Things\n\n![best](attachment:cover.png)\n\nAn idea. More.")
    head.attachments = {"cover.png": {"image/png": png("red")}}
    cells = [
        head,
        v4.new_code_cell("profile = 'quick'", metadata={"tags": ["parameters"]}),
        v4.new_code_cell("lesson = ck.start('01_things')"),
        v4.new_markdown_cell("Here is `prior` code, $prior$ math, and a prior. Another prior."),
        v4.new_code_cell("lesson.figure(fig)", outputs=[figure("blue", 'Two "blue" dots')]),
        v4.new_code_cell("lesson.figure(fig)", outputs=[figure("red", "Best", cover=True)]),
        v4.new_code_cell(SOLVED, metadata={"tags": ["exercise"]}),
        v4.new_markdown_cell("یادگیری\n\nleft"),
        v4.new_markdown_cell("## References\n\n- Kim 2020. A title. https://arxiv.org/abs/1\n"),
    ]
    path = tmp_path / "01_things.ipynb"
    path.write_text(v4.writes(v4.new_notebook(cells=cells)), encoding="utf-8")
    return LessonFile(path)


@pytest.fixture
def made(lesson, tmp_path):
    return pages.page(lesson, tmp_path / "_pictures", facts="*Facts.*")


def test_a_figure_keeps_its_alternative_text_and_lies_beside_the_page(made, tmp_path):
    shown = [o.data["text/html"] for c in made.cells for o in c.get("outputs", [])]
    assert 'alt="Two &quot;blue&quot; dots"' in shown[0]
    name = shown[0].split('src="')[1].split('"')[0]
    assert (tmp_path / name).read_bytes()[:4] == b"\x89PNG"


def test_frames_become_files_and_a_place_for_sliders(tmp_path):
    frames = {"axes": [["a", ["1", "2"]]], "pictures": [png("red"), png("blue")]}
    output = figure("blue", "Still")
    output.metadata["coursekit"] = {"frames": frames}
    shown = pages._shown(output, tmp_path).data["text/html"]
    told = json.loads(html.unescape(shown.split('data-frames="')[1].split('"')[0]))
    assert told["axes"] == [["a", ["1", "2"]]] and len(set(told["files"])) == 2
    assert all((tmp_path / name.partition("/")[2]).exists() for name in told["files"])


def test_a_jpeg_is_kept_as_one(tmp_path):
    stored = io.BytesIO()
    Image.new("RGB", (4, 4)).save(stored, "jpeg")
    picture = base64.b64encode(stored.getvalue()).decode()
    marks = {"image/jpeg": {"alt": "A sky"}}
    output = v4.new_output("display_data", {"image/jpeg": picture}, metadata=marks)
    shown = pages._shown(output, tmp_path).data["text/html"]
    assert 'alt="A sky"' in shown and [file.suffix for file in tmp_path.iterdir()] == [".jpg"]


def test_the_head_shows_its_cover_and_the_facts_below_the_title(made):
    assert made.cells[0].source.startswith("# 01 Things\n\n*Facts.*\n")
    assert "![best](_pictures/" in made.cells[0].source


def test_the_solution_is_folded_below_a_stub(made):
    place = next(n for n, c in enumerate(made.cells) if "BEGIN SOLUTION" in c.source)
    stub, solved = made.cells[place - 1], made.cells[place]
    assert "raise NotImplementedError" in stub.source and "return x" not in stub.source
    assert solved.metadata.tags == ["hide-input"]


def test_settings_are_folded_and_parameters_left_out(made):
    assert not any(c.source.startswith("profile") for c in made.cells)
    start = next(c for c in made.cells if "ck.start" in c.source)
    assert start.metadata.tags == ["hide-input"]


def test_text_from_right_to_left_says_so(made):
    text = next(c.source for c in made.cells if "یادگیری" in c.source)
    assert '<div dir="rtl">\n\nیادگیری' in text and text.endswith("left")


def test_a_term_is_linked_at_its_first_use_in_prose_only(made):
    assert terms.link(made, {"prior": "…", "posterior": "…"}) == {"prior"}
    text = next(c.source for c in made.cells if "Another" in c.source)
    assert text == (
        "Here is `prior` code, $prior$ math, and a {term}`prior <prior>`. Another prior."
    )


@pytest.mark.parametrize(
    "text, expected",
    [
        ("Two priors.", "Two {term}`priors <prior>`."),
        ("A prior-free text.", "A prior-free text."),
        ("[a prior](x.md) here", "[a prior](x.md) here"),
        ("# The prior\n\nA Prior.", "# The prior\n\nA {term}`Prior <prior>`."),
        ("$$p = prior$$ and prior", "$$p = prior$$ and {term}`prior <prior>`"),
    ],
)
def test_links_stay_out_of_headings_formulas_and_links(text, expected):
    assert terms.linked_once(text, "prior") == expected


def test_the_glossary_of_the_course_is_in_order_and_each_term_once():
    from coursekit import config

    path = config.ROOT / "docs" / "glossary.md"
    names = [m["term"] for m in terms.ENTRY.finditer(path.read_text("utf-8"))]
    assert names == sorted(set(names), key=str.casefold) and len(names) > 40


def test_one_work_in_two_lists_is_one_entry_with_both_lessons(lesson, tmp_path):
    other = tmp_path / "02_more.ipynb"
    cell = v4.new_markdown_cell(
        "## 9. References\n\n- Kim, A title, 2020, https://arxiv.org/abs/1."
    )
    other.write_text(v4.writes(v4.new_notebook(cells=[cell])), encoding="utf-8")
    merged = references.merged([lesson, LessonFile(other)])
    assert list(merged.values()) == [["01_things", "02_more"]]


def test_formulas_are_mathml_and_what_cannot_be_read_stays_as_typed():
    assert "<msup>" in formulas.mathml("x^2", display=False)
    assert 'display="block"' in formulas.mathml("x^2", display=True)
    assert formulas.mathml(r"\nosuch{<x>}{", display=False) == r"<code>\nosuch{&lt;x&gt;}{</code>"


def test_the_start_page_has_a_card_for_each_lesson(lesson):
    text = contents.index([lesson], {"01_things": "_pictures/a.png"})
    assert "{grid-item-card} 01 Things" in text and ":img-alt: Best" in text and "An idea." in text


def test_a_folder_with_other_files_is_never_emptied(lesson, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work")
    with pytest.raises(CourseError, match="holds other files"):
        build.build([lesson], folder)
    assert (folder / "thesis.txt").exists()
