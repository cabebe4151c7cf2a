"""Other people's notebooks: nothing vanishes in silence, formulas read as in Jupyter."""

import base64
import io
import json

import nbformat
import pytest
from pages import check_pages, needs_poppler, read
from PIL import Image

from coursekit.cli import guarded
from coursekit.reports import document, html, pandoc, render, tables
from coursekit.reports.nodes import cells, every, text_of

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="60"><script>alert(1)</script>'
    '<rect width="90" height="60" fill="red"/></svg>'
)
PLOTLY = {
    "application/vnd.plotly.v1+json": {"data": []},
    "text/html": "<div><script>1</script></div>",
}


def png(**options) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), "blue").save(out, "PNG", **options)
    return out.getvalue()


def notebook(*contents) -> nbformat.NotebookNode:
    """Strings become Markdown cells, dictionaries code cells that show this data."""
    made = nbformat.v4.new_notebook()
    for content in contents:
        if isinstance(content, str):
            made.cells.append(nbformat.v4.new_markdown_cell(content))
        else:
            output = nbformat.v4.new_output("display_data", content)
            made.cells.append(nbformat.v4.new_code_cell("show()", outputs=[output]))
    return made


def tree(*contents) -> document.Document:
    return document.from_notebook(notebook(*contents), folder=None)


@pytest.fixture
def reports(tmp_path):
    """Writes a notebook of these contents and its three reports -> their paths, and stderr."""

    def make(capsys, *contents):
        path = tmp_path / "theirs.ipynb"
        nbformat.write(notebook(*contents), path)
        assert guarded(["report", str(path), "--format", "html,docx,pdf"]) == 0
        said = capsys.readouterr().err
        return [tmp_path / f"theirs-report.{form}" for form in ("html", "docx", "pdf")], said

    return make


def test_svg_goes_into_all_three_reports(reports, capsys):
    files, said = reports(capsys, {"image/svg+xml": SVG}, "Figure 1. A red area.")
    page = files[0].read_text()
    assert said == "" and "data:image/svg+xml;base64," in page and "alert" not in page
    for path in files[:2]:
        back = document.read_report(path)
        assert [len(back.shown), list(back.captions)] == [1, ["figure-1"]]
    red = Image.open(io.BytesIO(document.read_report(files[1]).shown[0])).convert("RGB")
    assert red.getpixel((5, 5)) == (255, 0, 0)


@pytest.mark.parametrize(
    "data",
    [
        {"text/html": f"<div>{SVG.replace(' xmlns=', ' data-x=')}</div>"},
        {"image/svg+xml": '<?xml version="1.0"?>\n' + SVG},
        {"image/webp": base64.b64encode(png()).decode(), "text/plain": "x"},
    ],
)
def test_drawings_in_html_and_rare_kinds_of_pictures_are_taken(data):
    made = tree(data)
    assert len(made.shown) == 1 and made.warnings == [] and "alert" not in html.fragment(made)


@pytest.mark.parametrize(
    "data, what",
    [
        (PLOTLY, "a Plotly figure"),
        ({"text/html": "<div id='p'></div><script>Plotly.newPlot()</script>"}, "a Plotly figure"),
        ({"application/vnd.vegalite.v5+json": {}, "text/plain": "<VegaLite>"}, "an Altair or Vega"),
        ({"text/html": "<iframe srcdoc='x'></iframe>"}, "an embedded page"),
        ({"text/html": "<video controls></video>"}, "a video"),
        ({"application/x-unheard-of": "x"}, "an output of the type application/x-unheard-of"),
        ({"image/png": "bm8gcGljdHVyZQ=="}, "a picture that cannot be read"),
        ({"image/svg+xml": "<svg"}, "a picture that cannot be read"),
    ],
)
def test_what_cannot_be_shown_is_a_box_and_a_warning(data, what):
    made = tree("# Title", data)
    (box,) = [div for div in every(made.blocks, "Div") if "ck-lost" in div["c"][0][1]]
    assert text_of(box).startswith(what) and made.warnings[0].startswith(f"cell 2: {what}")


def test_boxes_stand_in_all_three_reports(reports, capsys):
    files, said = reports(capsys, "# T", PLOTLY)
    assert "theirs.ipynb: cell 2: a Plotly figure cannot be shown" in said
    assert '<div class="ck-lost">' in files[0].read_text()
    assert "a Plotly figure" in document.read_report(files[1]).text
    assert files[2].read_bytes().startswith(b"%PDF")


def test_a_table_beside_scripts_is_shown_as_a_table():
    table = "<div><style>x</style><table><tr><td>7</td></tr></table><script>y</script></div>"
    made = tree({"text/html": table, "application/vnd.google.colaboratory.intrinsic+json": {}})
    assert made.tables == [["7"]] and made.warnings == []


@pytest.mark.parametrize(
    "markdown, formulas, rest",
    [
        (
            "Text\n\n\\begin{align}\na_1 &= b \\\\\n- c &= d_2\n\\end{align}\n\nmore",
            [r"\begin{align} a_1 &= b \\ - c &= d_2 \end{align}"],
            "Text more",
        ),
        (r"\begin{gather*}x\end{gather*}", [r"\begin{gather*}x\end{gather*}"], ""),
        ("$$\na\n= b\n- c\n$$", ["a = b - c"], ""),
        (r"$$ c^2 \tag{1} $$", [r"c^2 \qquad\text{(1)}"], ""),
        (r"$$ c \tag*{*} $$", [r"c \qquad\text{*}"], ""),
        (
            r"$$\begin{equation}\label{e} E \end{equation}$$ see \eqref{e}, \ref{e}",
            [r"\begin{equation} E \qquad\text{(1)} \end{equation}"],
            "see (1), 1",
        ),
        (
            r"$\newcommand{\v}[1]{\mathbf{#1}} \v{x}$ and $\v y$",
            [r"\mathbf{x}", r"\mathbf{y}"],
            "and",
        ),
        (r"$\DeclareMathOperator{\KL}{KL} \KL$", [r"\operatorname{KL}"], ""),
        ("| a | b |\n|---|---|\n| $|x|$ | 1 |", [r"\vert{}x\vert{}"], "a b 1"),
        ("It costs $5 and $6.", [], "It costs $5 and $6."),
        ("`$x$` and\n\n```\n\\begin{align}\n```", [], "$x$ and \\begin{align}"),
    ],
)
def test_formulas_are_read_as_jupyter_reads_them(markdown, formulas, rest):
    made = tree(markdown)
    assert [tex.strip() for tex in made.formulas] == formulas
    without = [text for text in made.text.split() if text]
    assert all(word in " ".join(without) for word in rest.split())
    assert pandoc.unreadable_formulas(made.formulas) == []


def test_macros_that_stand_for_themselves_come_to_an_end():
    assert len(tree(r"$\newcommand{\a}{\a\a} \a$").formulas[0]) < 50_000


def test_formulas_arrive_in_all_three_reports(reports, capsys):
    text = "\\begin{align}\na_1 &= b \\tag{7} \\\\\nc &= d\n\\end{align}\n\n$$x \\tag{8}$$"
    files, said = reports(capsys, text)
    assert said == "" and "<mtable" in files[0].read_text()
    assert len(document.read_report(files[0]).formulas) == 2
    back = document.read_report(files[1]).formulas
    assert len(back) == 2 and "(7)" in back[0] and "(8)" in back[1]


def wide(columns: int, rows: int = 3) -> str:
    head = "".join(f"<th>column{number}</th>" for number in range(columns))
    row = "".join(f"<td>value{number}</td>" for number in range(columns))
    return f"<table><thead><tr>{head}</tr></thead><tbody>{f'<tr>{row}</tr>' * rows}</tbody></table>"


def test_a_table_of_forty_columns_is_parted_and_loses_nothing():
    caption = '<p class="ck-caption"><b>Table 1.</b> Wide</p>'
    (table,) = [b for b in tree({"text/html": caption + wide(40)}).blocks if b["t"] == "Table"]
    parts = tables.fitted(table)
    assert len(parts) > 3 and {cell for part in parts for cell in cells(part)} == set(cells(table))
    assert all("column0" in cells(part) for part in parts)
    assert all(
        sum(share["c"] for _, share in part["c"][2] if "c" in share) < 1.01 for part in parts
    )
    assert [text_of(part["c"][1][1]).strip()[:8] for part in parts][:2] == ["Table 1.", "Continue"]


@needs_poppler
def test_a_wide_table_stays_on_the_pages_of_the_pdf(reports, capsys, tmp_path):
    spanned = wide(40).replace("<td>value0</td><td>value1</td>", '<td colspan="2">both</td>', 1)
    word = f"<table><tr><td>{'x' * 200}</td><td>1</td></tr></table>"
    files, _ = reports(capsys, *({"text/html": markup} for markup in (wide(40), spanned, word)))
    check_pages(files[2], tmp_path)
    text = read(files[2])
    assert all(f"value{number}" in text for number in range(40))


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_old_notebooks_and_byte_order_marks_are_read(tmp_path, capsys, mark):
    code = {"cell_type": "code", "input": ["1"], "language": "python", "metadata": {}}
    code["outputs"] = [{"output_type": "stream", "stream": "stdout", "text": ["out\n"]}]
    cells = [{"cell_type": "heading", "level": 1, "metadata": {}, "source": ["Old"]}, code]
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": cells}]}
    path = tmp_path / "old.ipynb"
    path.write_bytes(mark + json.dumps(old).encode())
    assert guarded(["report", str(path)]) == 0, capsys.readouterr().err
    page = (tmp_path / "old-report.html").read_text()
    assert "<h1>Old</h1>" in page and ">out</pre>" in page


@pytest.mark.parametrize(
    "name, message",
    [
        ("theirs.ipynb", "there is no file '{}/theirs.ipynb': did you mean their.ipynb?"),
        ("none/x.ipynb", "there is no file '{}/none/x.ipynb': there are no notebooks in"),
        ("", "is a folder: did you mean their.ipynb?"),
    ],
)
def test_a_missing_file_is_a_usage_error(tmp_path, coursekit, name, message):
    nbformat.write(notebook("# T"), tmp_path / "their.ipynb")
    code, out, err = coursekit("report", str(tmp_path / name))
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message.format(tmp_path) in err or (not name and "is a folder: Valid: their" in err)


def test_a_closed_folder_is_told_in_one_line(tmp_path, coursekit, monkeypatch):
    path = tmp_path / "mine.ipynb"
    nbformat.write(notebook("# T"), path)

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("coursekit.files.os.replace", refuse)
    code, _, err = coursekit("report", str(path))
    assert code == 1 and err.count("\n") == 1 and "cannot write mine-report.html" in err
    assert sorted(tmp_path.iterdir()) == [path]


def test_local_pictures_are_taken_in_and_others_named(tmp_path):
    (tmp_path / "dot.png").write_bytes(png())
    (tmp_path.parent / "secret.png").write_bytes(png())
    text = "![dot](dot.png) ![far](https://example.org/a.png) ![s](../secret.png) ![n](no.png)"
    made = document.from_notebook(notebook(text), folder=tmp_path)
    assert len(made.shown) == 1
    assert made.missing == ["https://example.org/a.png", "../secret.png", "no.png"]
    assert "[Picture: far]" in made.text and "[Picture: s]" in made.text


def test_pieces_of_prose_do_not_run_into_one_another():
    texts = ["One `a`\n\n```\nopen", "Two $x$", "<!-- three", "<div>four", "five", "<details>six"]
    whole = tree(*texts).text
    for text in ("open", "Two", "four", "five", "six"):
        assert text in whole
    assert tree(*texts).formulas == ["x"]


def test_a_folded_answer_stays_folded_in_html_and_is_open_on_paper(reports, capsys):
    answer = "<details><summary>Answer</summary>\n\nIt is **4**.\n\n</details>"
    files, _ = reports(capsys, answer)
    page = " ".join(files[0].read_text().split())
    wanted = "<strong>Answer</strong> </summary> <p>It is <strong>4</strong>.</p> </details>"
    assert f"<details><summary> {wanted}" in page
    assert "It is 4." in document.read_report(files[1]).text


def test_colors_of_a_terminal_are_kept_in_html_and_left_out_elsewhere():
    output = nbformat.v4.new_output("stream", text="\x1b[31mred\x1b[0m <b> \x1b[1mbold\x1b[0m\n")
    source = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("", outputs=[output])])
    made = document.from_notebook(source, folder=None)
    assert made.text.strip() == "red <b> bold"
    wanted = '<span class="ansi-red-fg">red</span> &lt;b&gt; <span class="ansi-bold">bold</span>'
    assert wanted in html.fragment(made)


def test_links_to_nowhere_and_of_other_kinds_are_only_words():
    made = tree(
        "## There\n\n[a](#There) [b](#nowhere) [c](javascript:x) [d](https://e.org) [e](x.md)"
    )
    targets = [link["c"][2][0] for link in every(made.blocks, "Link")]
    assert targets == ["#There", "https://e.org", "x.md"] and " b c " in made.text


def test_attributes_of_strangers_do_not_come_through():
    made = tree(
        {"text/html": '<p id="a" onclick="x">t <span id="b" onclick="y" style="z">u</span></p>'}
    )
    assert html.fragment(made).strip() == "<p>t u</p>"
    assert render.index.first_picture({"cells": []}) == (b"", "")
