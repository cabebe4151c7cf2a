"""A PDF as pages and as text: nothing in the margins, nothing missing."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

needs_poppler = pytest.mark.skipif(
    not shutil.which("pdftotext"),
    reason="PDF pages are not looked at: no poppler here (apt-get install poppler-utils)",
)


def read(pdf: Path) -> str:
    return subprocess.run(
        ["pdftotext", "-layout", str(pdf), "-"], capture_output=True, text=True, check=True
    ).stdout


def check_pages(pdf: Path, tmp_path: Path) -> None:
    """Nothing is printed in the outer margins, no page is empty, no glyph is missing."""
    subprocess.run(["pdftoppm", "-r", "36", "-gray", str(pdf), str(tmp_path / "page")], check=True)
    pages = [Image.open(path) for path in sorted(tmp_path.glob("page*.pgm"))]
    for page in pages:
        edge = 18  # 0.5 inch
        left, right = (
            page.crop((0, 0, edge, page.height)),
            page.crop((page.width - edge, 0, page.width, page.height)),
        )
        below = page.crop(
            (0, page.height - 24, page.width // 3, page.height)
        )  # left of the page number
        assert min(part.getextrema()[0] for part in (left, right, below)) > 250
        assert page.getextrema()[0] < 128
    assert pages and "\ufffd" not in read(pdf) and "\x00" not in read(pdf)
    fonts = subprocess.run(
        ["pdffonts", str(pdf)], capture_output=True, text=True, check=True
    ).stdout.splitlines()[2:]
    assert fonts and all(
        re.search(r"\byes (yes|no) +(yes|no) +\d+", line) for line in fonts
    )  # embedded
