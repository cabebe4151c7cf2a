"""The best picture of a lesson, at its head: the figure marked as cover, in the first cell too.

The first Markdown cell shows `attachment:cover.png`; the runner puts the picture of this very run
there, so that a head never shows what its lesson no longer gives.
"""

from nbformat import NotebookNode

NAME = "cover.png"


def picture(notebook: NotebookNode) -> str:
    """The PNG, as base64, of the figure that was shown with cover=True; empty without one."""
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", []))
    marked = [
        output["data"]["image/png"]
        for output in outputs
        if output.get("metadata", {}).get("coursekit", {}).get("cover")
    ]
    return "".join(marked[-1]).strip() if marked else ""


def put(notebook: NotebookNode) -> bool:
    """Attach the cover to the first cell that asks for it -> whether anything was changed."""
    found = picture(notebook)
    for cell in notebook.cells:
        if found and cell.cell_type == "markdown" and f"attachment:{NAME}" in cell.source:
            before = cell.get("attachments", {})
            cell.attachments = NotebookNode({**before, NAME: {"image/png": found}})
            return cell.attachments != before
    return False
