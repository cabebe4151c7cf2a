"""Writes the README's picture anew: `python tools/covers.py`; a test holds it to the notebooks.

Every lesson's best picture, as its stored notebook marks it, on one sheet. The sheet keeps a
checksum of what it was made from.
"""

import hashlib
import io
import textwrap

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from PIL import Image, PngImagePlugin

from coursekit import config, files
from coursekit.reports.index import first_picture
from coursekit.runner.lessons import LessonFile, lessons

TARGET = config.NOTEBOOKS / "pictures" / "results.png"
COLUMNS, TILE, DPI = 3, (4.2, 2.5), 100  # TILE: inches
KEY = "coursekit-made-from"


def checksum() -> str:
    """A checksum of the lessons' best pictures, in order."""
    digest = hashlib.sha256()
    for lesson in lessons():
        digest.update(first_picture(lesson.notebook)[0])
    return digest.hexdigest()


def sheet(found: list[LessonFile]) -> Image.Image:
    """The pictures with their lessons' titles."""
    rows = -(-len(found) // COLUMNS)
    fig, axes = plt.subplots(
        rows, COLUMNS, figsize=(TILE[0] * COLUMNS, TILE[1] * rows), layout="constrained", dpi=DPI
    )
    for axis in axes.flat:
        axis.set_axis_off()
    for axis, lesson in zip(axes.flat, found):
        png = first_picture(lesson.notebook)[0]
        axis.imshow(Image.open(io.BytesIO(png)).convert("RGB"))
        axis.set_title("\n".join(textwrap.wrap(lesson.title, 40)), fontsize=11)
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png")
    return Image.open(buffer).convert("RGB")


def main() -> None:
    """Write the sheet."""
    told = PngImagePlugin.PngInfo()
    told.add_text(KEY, checksum())
    buffer = io.BytesIO()
    sheet(lessons()).save(buffer, "png", optimize=True, pnginfo=told)
    files.write_bytes(TARGET, buffer.getvalue())
    print(f"{TARGET.name}: {len(buffer.getvalue()):,} bytes")


if __name__ == "__main__":
    main()
