"""Links and spelling of everything that people read: notebooks, README and docs."""

import json
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from coursekit import config

HERE = Path(__file__).parent
PAGES = sorted(
    [
        config.ROOT / "README.md",
        *(config.ROOT / "docs").glob("*.md"),
        *config.NOTEBOOKS.glob("*.ipynb"),
    ]
)
KNOWN = [
    re.compile(line)
    for line in (HERE / "addresses.txt").read_text().splitlines()
    if line and not line.startswith("#")
]
LINK = re.compile(
    r"\[[^\]]*\]\(\s*<?([^)\s>]*)>?[^)]*\)|<(https?://[^>\s]*)>|(?<![\w(<\"'])(https?://[^\s)>\]\"'`]+)|\b(?:href|src)=[\"']([^\"']*)[\"']"
)


def prose(path: Path) -> str:
    """What a page says: of a notebook its Markdown, of a page all but its code."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        text = "\n\n".join(
            "".join(cell["source"])
            for cell in json.loads(text)["cells"]
            if cell["cell_type"] == "markdown"
        )
    return re.sub(r"```.*?```|`[^`\n]*`|\$\$.*?\$\$|\$[^$\n]*\$", " ", text, flags=re.DOTALL)


def anchors(text: str) -> set[str]:
    """The places within a page that a link may name: its headings, as Jupyter and as GitHub call them."""
    headings = [each.strip() for each in re.findall(r"^#{1,6}\s+(.*)$", text, re.MULTILINE)]
    plain = [re.sub(r"[*_`]", "", each) for each in headings]
    return {re.sub(r"\s", "-", each) for each in plain} | {
        re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in plain
    }


def broken(address: str, page: Path, text: str) -> str:
    """What is wrong with an address, or nothing."""
    if re.match(r"(https?:)?//", address):
        parts = urlsplit(address)
        if (
            parts.scheme != "https"
            or not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", parts.netloc)
            or re.search(r"[\s<>\"{}|\\^`]|[.,;:]$", address)
        ):
            return "is not a well-formed https address"
        return (
            ""
            if any(each.fullmatch(address) for each in KNOWN)
            else "is not in tests/addresses.txt: look at it, then add it"
        )
    if address.startswith("attachment:"):
        return ""
    file, _, place = address.partition("#")
    if file and not (page.parent / unquote(file)).is_file():
        return "leads to no file"
    return (
        "leads to no heading"
        if place and not file and unquote(place) not in anchors(text)
        else ""
        if address
        else "is empty"
    )


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_link_is_well_formed_and_known(path):
    text = prose(path)
    found = ["".join(match) for match in LINK.findall(text)]
    assert [
        f"{each} {fault}"
        for each in found
        if (fault := broken(each, path, path.read_text(encoding="utf-8")))
    ] == []


@pytest.mark.parametrize(
    "text, fault",
    [
        ("[a](http://arxiv.org/abs/1312.6114)", "well-formed"),
        ("[a](https://arxiv.org/abs/13126114)", "not in tests"),
        ("see https://localhost/x", "well-formed"),
        ("<https://example.org/x>", "not in tests"),
        ("[a](gone.md)", "no file"),
        ("[a](#No-such)", "no heading"),
        ("[a]()", "is empty"),
        ('<img src="gone.png">', "no file"),
        ("see https://arxiv.org/abs/1312.6114.", "well-formed"),
    ],
)
def test_a_broken_link_is_found(text, fault):
    (match,) = LINK.findall(text)
    assert fault in broken("".join(match), config.ROOT / "README.md", "# Heading")


def test_good_links_are_let_through():
    text = "[a](https://arxiv.org/abs/1312.6114), <https://doi.org/10.1162/neco.1997.9.8.1735>, [b](LICENSE), [c](#My-heading), [d](#my-heading)\n\n# My heading"
    found = ["".join(match) for match in LINK.findall(text)]
    assert (
        len(found) == 5
        and [broken(each, config.ROOT / "README.md", text) for each in found] == [""] * 5
    )


def misspelt(folder: Path) -> list[str]:
    command = [
        sys.executable,
        "-m",
        "codespell_lib",
        "--ignore-words",
        str(HERE / "words.txt"),
        "--disable-colors",
        str(folder),
    ]
    return subprocess.run(command, capture_output=True, text=True).stdout.splitlines()


def test_nothing_is_misspelt(tmp_path):
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".ipynb":  # its code too: captions, claims and comments stand there
            text = "\n\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
        (tmp_path / f"{path.name}.txt").write_text(text, encoding="utf-8")
    for path in (config.ROOT / "coursekit").rglob("*.py"):
        (tmp_path / "-".join(path.relative_to(config.ROOT).parts)).write_bytes(path.read_bytes())
    assert misspelt(tmp_path) == []


def test_a_misspelt_word_is_found(tmp_path):
    (tmp_path / "a.txt").write_text("We recieve the pictures.")
    assert "recieve ==> receive" in misspelt(tmp_path)[0]
