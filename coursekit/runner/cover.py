"""The best picture of a lesson, at its head: the figure marked as cover, in the first cell too.

The first Markdown cell shows `attachment:cover.png`, or `cover.jpg` where the figure is a JPEG; the
runner puts the picture of this very run there, so that a head never shows what its lesson no longer
gives.
"""

from nbformat import NotebookNode

from coursekit import config

NAMES = {kind: f"cover.{suffix}" for kind, suffix in config.FIGURES.items()}


def picture(notebook: NotebookNode) -> tuple[str, str]:
    """The figure shown with cover=True: its MIME type and base64; both empty without one."""
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", []))
    marked = [
        (kind, "".join(output["data"][kind]).strip())
        for output in outputs
        if output.get("metadata", {}).get("coursekit", {}).get("cover")
        for kind in NAMES
        if kind in output["data"]
    ]
    return marked[-1] if marked else ("", "")


def put(notebook: NotebookNode) -> bool:
    """Attach the cover to the first cell that asks for it -> whether anything was changed."""
    kind, found = picture(notebook)
    for cell in notebook.cells:
        name = NAMES.get(kind, "")
        if found and cell.cell_type == "markdown" and f"attachment:{name}" in cell.source:
            before = cell.get("attachments", {})
            others = {each: held for each, held in before.items() if each not in NAMES.values()}
            cell.attachments = NotebookNode({**others, name: {kind: found}})
            return cell.attachments != before
    return False
