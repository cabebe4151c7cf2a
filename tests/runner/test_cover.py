"""The best picture of a lesson stands at its head, from the same run."""

from nbformat import v4

from coursekit.runner import cover


def shown(picture, *, marked, kind="image/png"):
    marks = {"coursekit": {"cover": True}} if marked else {}
    output = v4.new_output("display_data", {kind: picture}, metadata=marks)
    return v4.new_code_cell("lesson.figure(fig)", outputs=[output])


def test_the_marked_figure_is_attached_to_the_head():
    head = v4.new_markdown_cell("# Title\n\n![Clothes](attachment:cover.png)")
    notebook = v4.new_notebook(
        cells=[head, shown("AAAA", marked=False), shown("BBBB\n", marked=True)]
    )
    assert cover.put(notebook)
    assert notebook.cells[0].attachments == {"cover.png": {"image/png": "BBBB"}}
    assert not cover.put(notebook)  # nothing to change any more


def test_a_jpeg_takes_the_place_of_the_cover_before_it():
    head = v4.new_markdown_cell("![Clothes](attachment:cover.jpg)")
    head.attachments = {"cover.png": {"image/png": "AAAA"}}
    notebook = v4.new_notebook(cells=[head, shown("BBBB", marked=True, kind="image/jpeg")])
    assert cover.put(notebook)
    assert notebook.cells[0].attachments == {"cover.jpg": {"image/jpeg": "BBBB"}}


def test_other_attachments_stay():
    head = v4.new_markdown_cell("![](attachment:cover.png)![](attachment:a.png)")
    head.attachments = {"a.png": {"image/png": "CCCC"}}
    notebook = v4.new_notebook(cells=[head, shown("BBBB", marked=True)])
    cover.put(notebook)
    assert set(notebook.cells[0].attachments) == {"a.png", "cover.png"}


def test_without_a_marked_figure_or_a_place_nothing_happens():
    head = v4.new_markdown_cell("![](attachment:cover.png)")
    assert not cover.put(v4.new_notebook(cells=[head, shown("AAAA", marked=False)]))
    assert not cover.put(
        v4.new_notebook(cells=[v4.new_markdown_cell("# T"), shown("A", marked=True)])
    )
