"""Honest hand-ins pass, however a notebook holds its pictures; in doubt, there is a note."""

import base64
import errno
import io
import json
import os
import zipfile

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image, ImageDraw

from coursekit.homework import check

SAID = "The bars differ much in height, because every one was drawn at random and none was sorted."
CAPTION = "Figure 1. Eight bars of random heights"
BARS = [(30, 90), (60, 20), (90, 70), (120, 40), (150, 95), (180, 10), (210, 55)]
OTHER = [(30, 10), (60, 95), (90, 15), (120, 90), (150, 20), (180, 85), (210, 30)]


def png(bars=BARS, form: str = "PNG") -> bytes:
    """A chart of bars."""
    image = Image.new("RGB", (260, 140), "white")
    for left, top in bars:
        ImageDraw.Draw(image).rectangle([left, top, left + 20, 130], fill="navy")
    ImageDraw.Draw(image).line([10, 130, 250, 130], fill="black", width=3)
    out = io.BytesIO()
    image.save(out, form)
    return out.getvalue()


def svg(bars=BARS) -> str:
    """The same chart, drawn."""
    rectangles = "".join(
        f'<rect x="{left}" y="{top}" width="21" height="{131 - top}" fill="navy"/>'
        for left, top in bars
    )
    axis = '<line x1="10" y1="130" x2="250" y2="130" stroke="black" stroke-width="3"/>'
    ground = '<rect width="260" height="140" fill="white"/>'
    size = 'width="260" height="140" viewBox="0 0 260 140"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{ground}{rectangles}{axis}</svg>'


def data(content: bytes, kind: str = "png") -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def output(kind: str, content: str):
    """A code cell that shows this, its caption below."""
    outputs = [
        new_output("display_data", data={kind: content}),
        new_output("display_data", data={"text/html": f"<p>{CAPTION}</p>"}),
    ]
    return new_code_cell("draw()", execution_count=1, outputs=outputs)


def prose(picture: str, **more):
    return new_markdown_cell(f"{picture}\n\n{CAPTION}", **more)


def attached(name: str = "a.png"):
    cell = prose(f"![bars](attachment:{name})")
    cell["attachments"] = {name: {"image/png": base64.b64encode(png()).decode()}}
    return cell


HELD = {
    "png": lambda: output("image/png", base64.b64encode(png()).decode()),
    "jpeg": lambda: output("image/jpeg", base64.b64encode(png(form="JPEG")).decode()),
    "gif": lambda: output("image/gif", base64.b64encode(png(form="GIF")).decode()),
    "webp": lambda: output("image/webp", base64.b64encode(png(form="WEBP")).decode()),
    "svg": lambda: output("image/svg+xml", '<?xml version="1.0"?>\n' + svg()),
    "svg in HTML": lambda: output("text/html", f"<div>{svg()}</div>"),
    "data in HTML": lambda: output("text/html", f'<img src="{data(png())}">'),
    "svg data in HTML": lambda: output(
        "text/html", f'<img src="{data(svg().encode(), "svg+xml")}">'
    ),
    "data in shown Markdown": lambda: output("text/markdown", f"![bars]({data(png())})"),
    "a file in HTML": lambda: output("text/html", '<img src="figs/bars.png">'),
    "an animation": lambda: output(
        "text/html",
        f'<p>play</p><script>frames[0] = "{data(png())[:90]}\\\n{data(png())[90:]}"</script>',
    ),
    "data in Markdown": lambda: prose(f"![bars]({data(png())})"),
    "data in an img": lambda: prose(f'<img src="{data(png())}" alt="bars">'),
    "an attachment": attached,
    "a file beside it": lambda: prose("![bars](figs/bars.png)"),
    "a file in an img": lambda: prose('<img src="figs/bars.png" width="300"/>'),
    "an SVG file beside it": lambda: prose("![bars](figs/bars.svg)"),
    "a file with a blank": lambda: prose("![bars](figs/my%20bars.png)"),
}


@pytest.fixture
def hw(tmp_path):
    """A hand-in whose notebook shows this cell, with a report that shows these bars."""

    def make(cell, bars=BARS, code: str = "x = 1"):
        folder = tmp_path / "hw"
        (folder / "figs").mkdir(parents=True, exist_ok=True)
        for name, content in {
            "bars.png": png(),
            "my bars.png": png(),
            "bars.svg": svg().encode(),
        }.items():
            (folder / "figs" / name).write_bytes(content)
        counted = 1 if cell.cell_type == "markdown" else 2
        last = new_code_cell(code, execution_count=counted)
        cells = [new_markdown_cell("# Homework"), cell, last, new_markdown_cell(SAID)]
        nbformat.write(new_notebook(cells=cells), folder / "a.ipynb")
        (folder / "report.html").write_text(f'<h1>Report</h1><img src="{data(png(bars))}">')
        return folder

    return make


@pytest.mark.parametrize("how", HELD)
def test_a_picture_that_the_notebook_holds_is_found(hw, how):
    found = check(hw(HELD[how]()))
    assert found.faults == [] and found.notes == []


@pytest.mark.parametrize("how", ["png", "svg", "an attachment", "a file beside it"])
def test_another_picture_is_a_fault(hw, how):
    faults = check(hw(HELD[how](), bars=OTHER)).faults
    assert len(faults) == 1 and "report.html: picture 1 is in no notebook" in faults[0]


@pytest.mark.parametrize(
    "cell, told",
    [
        (prose("![bars](https://example.org/bars.png)"), "https://example.org/bars.png"),
        (prose("![bars](gone.png)"), "gone.png"),
        (prose("![bars](../../etc/bars.png)"), "bars.png"),
        (output("application/vnd.plotly.v1+json", '{"data": []}'), "Plotly"),
        (output("text/html", "<video src='data:video/mp4;base64,AAAA'></video>"), "video"),
        (output("text/html", "<canvas></canvas><script>draw()</script>"), "drawing"),
        (output("image/svg+xml", "<svg><broken"), "picture"),
    ],
)
def test_where_pictures_cannot_be_compared_a_note_says_so(hw, coursekit, cell, told):
    folder = hw(cell)
    found = check(folder)
    assert not any("in no notebook" in fault for fault in found.faults), found.faults
    assert any(
        "picture 1 is in no notebook as far as" in note and told in note for note in found.notes
    )
    assert found.faults == [] or cell.cell_type == "code"


@pytest.mark.parametrize("bars, faults", [(BARS, 0), (OTHER, 1)])
def test_pictures_may_lie_anywhere_in_the_hand_in(hw, bars, faults):
    folder = hw(prose("![bars](../figs/bars.png)"), bars)
    for name in ("a.ipynb", "report.html"):
        (folder / "work").mkdir(exist_ok=True)
        (folder / name).rename(folder / "work" / name)
    (folder / "page.html").write_text('<img src="work/../figs/bars.png">')
    found = check(folder)
    assert len(found.faults) == faults and found.notes == []


def test_a_progress_bar_is_no_picture(hw):
    cell = HELD["png"]()
    bar = {"application/vnd.jupyter.widget-view+json": {}, "text/plain": "  0%|    | 0/9"}
    cell.outputs.insert(0, new_output("display_data", data=bar))
    assert len(check(hw(cell, bars=OTHER)).faults) == 1 and check(hw(cell)).faults == []


def test_what_word_draws_in_its_own_formats_is_a_note(hw):
    folder = hw(HELD["png"]())
    (folder / "report.html").unlink()
    import pypandoc

    page = f'<p><img src="{data(png())}"></p>'
    made = folder.parent / "made.docx"
    pypandoc.convert_text(page, "docx", format="html", outputfile=made)
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(folder / "r.docx", "w") as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, b"\x01\0\0\0EMF" if name.startswith("word/media/") else content)
    found = check(folder)
    assert found.faults == [] and any("could not be compared" in note for note in found.notes)


def test_pictures_of_a_page_may_lie_beside_it(hw):
    folder = hw(HELD["png"]())
    (folder / "report.html").write_text('<img src="figs/bars.png"><img src="figs/gone.png">')
    found = check(folder)
    assert found.faults == [] and len(found.notes) == 1 and "gone.png" in found.notes[0]


def test_what_systems_leave_behind_is_nothing(hw, coursekit):
    folder = hw(HELD["png"]())
    for name in (
        "__MACOSX/._a.ipynb",
        "__MACOSX/figs/._bars.png",
        "._a.ipynb",
        "._report.html",
        "figs/.DS_Store",
        "Thumbs.db",
        "figs/thumbs.db",
        "Desktop.ini",
        "~$report.docx",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")
    assert check(folder).faults == []
    code, out, _ = coursekit("handin", str(folder), "--number", "1", "--person", "Noether:7")
    with zipfile.ZipFile(out.strip()) as archive:
        names = [name.removeprefix("HW1_Noether_7/") for name in archive.namelist()]
    assert code == 0 and names == [
        "a.ipynb",
        "figs/bars.png",
        "figs/bars.svg",
        "figs/my bars.png",
        "report.html",
    ]


@pytest.mark.parametrize("version, mark", [(4, "\ufeff"), (3, ""), (3, "\ufeff")])
def test_old_formats_and_byte_order_marks_are_read(hw, version, mark):
    folder = hw(HELD["png"]())
    notebook = nbformat.read(folder / "a.ipynb", as_version=4)
    (folder / "a.ipynb").write_text(mark + nbformat.writes(notebook, version=version))
    assert check(folder).faults == [] and check(folder).notes == []
    if version == 3:
        assert json.loads((folder / "a.ipynb").read_text().lstrip("\ufeff"))["nbformat"] == 3


@pytest.mark.parametrize(
    "code", ["%time x = 1", "for x in range(3):\n    print(x)", "df.head()", "x", "1 + 1"]
)
def test_cleared_cells_that_kept_their_count_are_found(hw, code):
    faults = check(hw(HELD["png"](), code=code)).faults
    assert (
        len(faults) == 1 and "a.ipynb, cell 3: was run, but its output is not stored" in faults[0]
    )


def test_a_cell_that_cannot_be_told_is_a_note_and_is_packed(hw, coursekit):
    folder = hw(HELD["png"](), code="if x:\n    print(x)")
    code, out, err = coursekit("handin", str(folder), "--number", "1", "--person", "Noether:7")
    assert code == 0 and out.strip().endswith("HW1_Noether_7.zip")
    assert "note: a.ipynb, cell 3: no output is stored, and whether any was shown" in err


def test_a_cell_of_another_language_is_not_understood(hw):
    folder = hw(HELD["png"](), code="plot(x)")
    notebook = nbformat.read(folder / "a.ipynb", as_version=4)
    notebook.metadata["kernelspec"] = {"name": "ir", "language": "R", "display_name": "R"}
    nbformat.write(notebook, folder / "a.ipynb")
    found = check(folder)
    assert found.faults == [] and "could not be told" in found.notes[0]


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["{0}/hww"], "did you mean hw?"),
        (["{0}/gone/hw"], "there is no folder"),
        (["{0}/hw/a.ipynb"], "is a file: name a folder"),
        (["{0}/hw", "--number", "1", "--person", "A:1", "--out", "{0}/oot"], "there is no folder"),
    ],
)
def test_a_folder_that_is_not_there_is_a_wrong_usage(hw, coursekit, arguments, message):
    folder = hw(HELD["png"]())
    code, out, err = coursekit("handin", *(part.format(folder.parent) for part in arguments))
    assert (code, out) == (2, "") and message in err and err.count("\n") == 1


def test_a_disk_that_takes_no_zip_is_told_in_one_line(hw, coursekit, monkeypatch):
    folder = hw(HELD["png"]())

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("coursekit.files.os.fsync", full)
    code, out, err = coursekit("handin", str(folder), "--number", "1", "--person", "A:1")
    assert (code, out) == (1, "") and "the disk is full" in err and err.count("\n") == 1
    assert os.listdir(folder.parent) == ["hw"]


def test_names_are_shown_safely_and_odd_files_do_no_harm(hw, coursekit):
    folder = hw(HELD["png"]())
    os.mkfifo(folder / "pipe.ipynb")
    for name in (b"\xe9t\xe9.txt", b"[red].txt", b"line\nbreak.txt", b"\x1b[31m.txt"):
        (folder / os.fsdecode(name)).write_text("")
    code, out, err = coursekit("handin", str(folder))
    assert code == 1 and "\x1b" not in out and len(out.splitlines()) == 5, out
    for told in (
        "pipe.ipynb: is no file",
        "\\udce9t\\udce9.txt: has a name that other systems cannot read",
        "[red].txt: is empty",
        "line\\nbreak.txt: is empty",
        "\\x1b[31m.txt: is empty",
    ):
        assert told in out
