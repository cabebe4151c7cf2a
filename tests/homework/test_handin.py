"""The hand-in check: a good folder passes, every fault is named, and nothing is ever run."""

import base64
import io
import json
import zipfile

import nbformat
import numpy as np
import pypandoc
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image, ImageDraw

from coursekit import config
from coursekit.homework import check, report
from coursekit.homework.packing import zip_name
from coursekit.homework.pictures import Picture

SAID = (
    "The error falls quickly at first and then hardly at all, "
    "because the learning rate is small by then."
)


def png(seed: int, size: tuple[int, int] = (200, 120)) -> bytes:
    """A picture of a few random bars."""
    draws = np.random.default_rng(seed)
    image = Image.new("RGB", size, "white")
    for left in range(10, size[0] - 20, 20):
        ImageDraw.Draw(image).rectangle(
            [left, int(draws.integers(5, size[1] - 20)), left + 14, size[1] - 5], fill="navy"
        )
    image.putpixel((0, 0), (0, 0, 0)), image.putpixel((size[0] - 1, size[1] - 1), (0, 0, 0))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def plot(exponent: float) -> bytes:
    """A curve with axes and labels."""
    import matplotlib.pyplot as plt

    fig, axis = plt.subplots(figsize=(6, 4))
    axis.plot(np.arange(1, 20), np.arange(1, 20) ** exponent)
    axis.set_xlabel("epoch"), axis.set_ylabel("error")
    out = io.BytesIO()
    fig.savefig(out, format="png", dpi=100)
    plt.close(fig)
    return out.getvalue()


def shown(kind: str, content: str):
    return new_output("display_data", data={kind: content})


def good() -> nbformat.NotebookNode:
    """Cells 1 to 5: text, code, figure, table, text."""
    rows = "<tr><th>filter</th><th>error</th></tr><tr><td>median</td><td>0.0123</td></tr>"
    table = f"<p>Table 1. Errors of two filters</p><table>{rows}</table>"
    return new_notebook(
        cells=[
            new_markdown_cell("# Homework\n\nWhat I did."),
            new_code_cell(
                "print('go')", execution_count=1, outputs=[new_output("stream", text="go\n")]
            ),
            new_code_cell(
                "plot()",
                execution_count=2,
                outputs=[
                    shown("image/png", base64.b64encode(png(1)).decode()),
                    shown("text/html", "<p><b>Figure 1.</b> The error</p>"),
                ],
            ),
            new_code_cell("table()", execution_count=3, outputs=[shown("text/html", table)]),
            new_markdown_cell(SAID),
        ]
    )


def page(*pictures: bytes, table: str = "") -> str:
    return (
        "".join(
            f'<img src="data:image/png;base64,{base64.b64encode(picture).decode()}">'
            for picture in pictures
        )
        + table
    )


@pytest.fixture
def hw(tmp_path):
    """Write a hand-in: a notebook, changed by a function, and an HTML report -> the folder."""

    def make(change=lambda nb: None, html: str = page(png(1))):
        folder = tmp_path / "hw"
        folder.mkdir(exist_ok=True)
        notebook = good()
        change(notebook)
        nbformat.write(notebook, folder / "a.ipynb")
        (folder / "report.html").write_text(html)
        return folder

    return make


def test_a_good_folder_passes_and_is_packed_under_the_name_of_the_rules(hw, coursekit):
    folder = hw()
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".ipynb_checkpoints/old.ipynb").write_text("{")
    assert coursekit("handin", str(folder))[0] == 0
    code, out, err = coursekit(
        "handin",
        str(folder),
        "--number",
        "3",
        "--person",
        "van Rossum:۸۱۰۱۲",
        "--person",
        "Çelik:42",
    )
    assert (code, err) == (0, "")
    target = folder.parent / "HW3_van-Rossum_81012_Çelik_42.zip"
    assert out.strip() == str(target)
    with zipfile.ZipFile(target) as archive:
        assert archive.namelist() == [f"{target.stem}/a.ipynb", f"{target.stem}/report.html"]
        assert archive.read(f"{target.stem}/a.ipynb") == (folder / "a.ipynb").read_bytes()
    before = target.read_bytes()
    coursekit(
        "handin",
        str(folder),
        "--number",
        "3",
        "--person",
        "van Rossum:81012",
        "--person",
        "Çelik:42",
    )
    assert target.read_bytes() == before
    assert (
        coursekit("handin", str(folder), "--number", "1", "--person", "Noether:7")[1]
        .strip()
        .endswith("/HW1_Noether_7.zip")
    )


def source(cell, text):
    return lambda nb: nb.cells[cell - 1].update(source=text)


def count(cell, number):
    return lambda nb: nb.cells[cell - 1].update(execution_count=number)


def drop(cell, output=0):
    return lambda nb: nb.cells[cell - 1].outputs.pop(output)


def caption(cell, text):
    return lambda nb: nb.cells[cell - 1].outputs.insert(
        len(nb.cells[cell - 1].outputs), shown("text/html", f"<p>{text}</p>")
    )


@pytest.mark.parametrize(
    "change, message",
    [
        (count(2, None), "cell 2: was not run; restart the kernel"),
        (count(3, 7), "cell 3: was run as number 7 where 2 is due"),
        (drop(2), "cell 2: was run, but its output is not stored"),
        (drop(3, 1), "cell 3: a figure without a caption below it"),
        (lambda nb: nb.cells[2].outputs.reverse(), "cell 3: a figure without a caption below it"),
        (
            lambda nb: nb.cells[3].outputs.__setitem__(
                0, shown("text/html", "<table><tr><td>1</td></tr></table>")
            ),
            "cell 4: a table without a caption above it",
        ),
        (source(5, "So be it."), "cell 4: nothing is said about this result"),
        (source(5, f"## Next\n\n{SAID}"), "cell 4: nothing is said about this result"),
        (
            lambda nb: nb.cells[1].outputs.append(
                new_output("error", ename="ValueError", evalue="no", traceback=["no"])
            ),
            "cell 2: stopped with ValueError",
        ),
        (
            lambda nb: nb.cells[1].outputs[0].update(text="x" * 300_000),
            "cell 2: an output of 0.3 MB, at most 0.2",
        ),
        (
            lambda nb: (
                nb.cells[2].outputs[1].data.update({"text/html": "<p>Figure 3. The error</p>"})
                or caption(3, "Figure 5. Again")(nb)
            ),
            "cell 3: figure 5 stands where figure 4 is due",
        ),
        (
            lambda nb: nb.cells[2].outputs[1].data.update({"text/html": "<p>Figure 1.</p>"}),
            "cell 3: the caption of figure 1 says nothing",
        ),
        (source(5, SAID + "\n\n![](x.png)"), "cell 5: a figure without a caption below it"),
        (lambda nb: nb.update(cells=nb.cells[:1]), "no code cell"),
    ],
)
def test_every_fault_is_named_with_cell_and_remedy(hw, change, message):
    faults = check(hw(change)).faults
    assert any(f"a.ipynb, {message}" in fault for fault in faults), faults
    assert len([fault for fault in faults if "picture" not in fault]) <= 2, (
        faults
    )  # and little else


@pytest.mark.parametrize("title", ["Analysis", "The source's conclusions", "تحلیل نتایج"])
def test_a_section_of_analysis_speaks_for_the_one_before(hw, title):
    assert check(hw(source(5, f"## {title}\n\n{SAID}"))).faults == []


def test_a_table_typed_into_the_prose_needs_no_number(hw):
    assert check(hw(source(5, SAID + "\n\n| a | b |\n|---|---|\n| 1 | 2 |"))).faults == []


def test_captions_may_be_plain_text_markdown_or_persian(hw):
    def change(nb):
        nb.cells[2].outputs[1] = new_output("stream", text="Fig. 1: The error\n")
        nb.cells[4].source = (
            SAID
            + "\n\n**جدول ۲.** خطای دو پالایه\n\n| a | b |\n|---|---|\n| 1 | 2 |"
            + "\n\n![شکل ۲. معماری شبکه](x.png)\n\n"
            + SAID
        )

    assert check(hw(change)).faults == []


def test_faults_of_all_files_come_in_one_go_and_no_zip_is_written(hw, coursekit):
    folder = hw(count(2, None))
    (folder / "b.ipynb").write_text("not a notebook")
    (folder / "empty.txt").write_text("")
    (folder / "data.bin").write_bytes(bytes(11_000_000))
    (folder / "link").symlink_to("/etc")
    code, out, err = coursekit("handin", str(folder), "--number", "1", "--person", "Noether:7")
    assert code == 1 and "to mend" in err and "no zip was written" in err
    for wanted in (
        "a.ipynb, cell 2",
        "b.ipynb: is not a readable notebook",
        "empty.txt: is empty",
        "data.bin: 11.0 MB, at most 10",
        "link: is a link",
    ):
        assert wanted in out, wanted
    assert not list(folder.parent.glob("*.zip"))


def test_an_empty_folder_lacks_notebook_and_report(tmp_path, coursekit):
    faults = check(tmp_path).faults
    assert (
        len(faults) == 2
        and faults[0].startswith("no notebook")
        and faults[1].startswith("no report")
    )


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--number", "1"], "needs both"),
        (["--person", "A:1"], "needs both"),
        (["--number", "1", "--person", "A"], "has no student number"),
        (["--number", "1", "--person", ":12"], "no last name"),
        (["--number", "1", "--person", "A/B:12"], "no last name"),
        (["--number", "1", *["--person", "A:1"] * 3], "3 people: one or two"),
        (["--number", "1", "--person", "A:1", "--person", "B:۱"], "student number 1 twice"),
    ],
)
def test_names_that_the_rules_do_not_allow_are_refused(hw, coursekit, arguments, message):
    folder = hw()
    code, _, err = coursekit("handin", str(folder), *arguments)
    assert code == 2 and message in err and not list(folder.parent.glob("*.zip"))


def test_figures_and_tables_of_the_report_must_be_in_a_notebook(hw):
    table = (
        "<table><tr><td>filter</td><td>error</td></tr><tr><td>median</td><td>{}</td></tr></table>"
    )
    assert check(hw(html=page(png(1), table=table.format("0.0123")))).faults == []
    faults = check(hw(html=page(png(1), png(2), table=table.format("0.9") * 2))).faults
    assert [fault.partition(";")[0] for fault in faults] == [
        "report.html: picture 2 is in no notebook",
        "report.html: table 1 (with '0.9') is in no notebook",
        "report.html: table 2 (with '0.9') is in no notebook",
    ]
    assert (
        "fetched from elsewhere"
        in check(hw(html='<img src="https://example.org/x.png">')).faults[0]
    )


def test_a_word_report_is_looked_into(hw, tmp_path):
    folder = hw()
    (folder / "report.html").unlink()
    shrunk = io.BytesIO()
    Image.open(io.BytesIO(png(1))).convert("RGB").resize((150, 90)).save(shrunk, "JPEG", quality=60)
    body = page(png(1), png(2), table="<table><tr><td>median</td><td>4.5</td></tr></table>")
    body = body.replace(
        base64.b64encode(png(1)).decode(), base64.b64encode(shrunk.getvalue()).decode(), 1
    ).replace("image/png", "image/jpeg", 1)
    pypandoc.convert_text(body, "docx", format="html", outputfile=folder / "report.docx")
    assert [fault.partition(";")[0] for fault in check(folder).faults] == [
        "report.docx: picture 2 is in no notebook",
        "report.docx: table 1 (with '4.5') is in no notebook",
    ]
    (folder / "report.docx").write_bytes(b"PK")
    assert check(folder).faults == ["report.docx: is not a readable report; save it again"]


def test_pictures_are_told_apart_and_recognised_when_shrunk():
    first, second, small = Picture.of(png(1)), Picture.of(png(2)), Picture.of(png(1)[:60])
    assert small is None and not first.same_as(second) and first.same_as(first)
    assert not first.same_as(Picture.of(png(1, (200, 200))))
    curves = [plot(exponent) for exponent in (-1.0, -0.5, 1.0)]  # mostly white, as plots are
    for left in range(3):
        shrunk, image = io.BytesIO(), Image.open(io.BytesIO(curves[left])).convert("RGB")
        image.resize((image.width // 2, image.height // 2)).save(shrunk, "JPEG", quality=40)
        assert [Picture.of(shrunk.getvalue()).same_as(Picture.of(curve)) for curve in curves] == [
            left == right for right in range(3)
        ]


def test_nothing_of_a_notebook_is_run_and_odd_ones_do_no_harm(hw, tmp_path):
    trace = tmp_path / "ran"
    evil = f"open({str(trace)!r}, 'w').write('x')"
    assert check(hw(source(2, evil + "\nprint(1)"))).faults == [] and not trace.exists()
    for content in (
        "[" * 100_000,
        "[]",
        '{"cells": 3}',
        '{"cells": [{"outputs": [1]}]}',
        json.dumps({"cells": [{"cell_type": "code", "source": "1+" * 9999}]}),
    ):
        (tmp_path / "hw/a.ipynb").write_text(content)
        assert check(tmp_path / "hw").faults


@pytest.mark.parametrize(
    "path", sorted(config.NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem
)
def test_the_course_s_own_notebooks_keep_the_rules(path):
    from coursekit.homework import notebook

    assert notebook.read(path, root=path.parent).faults == []


def test_a_pdf_is_looked_into_where_that_is_possible(tmp_path, monkeypatch):
    (tmp_path / "r.pdf").write_bytes(b"%PDF-1.7 broken")
    monkeypatch.setattr(report.shutil, "which", lambda name: None)
    assert "were not compared" in report.read(tmp_path / "r.pdf", root=tmp_path).notes[0]
    (tmp_path / "r.pdf").write_bytes(b"MZ")
    assert "not a readable report" in report.read(tmp_path / "r.pdf", root=tmp_path).faults[0]
    assert zip_name(1, ["Noether:7"]) == "HW1_Noether_7.zip"
