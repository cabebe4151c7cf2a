"""Links and spelling of everything that people read: notebooks, README and docs."""

import json
import re
import runpy
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from coursekit import config

HERE = Path(__file__).parent
PAGES = sorted(
    [
        *config.ROOT.glob("*.md"),
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
    """The places that a link may name: a page's headings, as Jupyter and as GitHub call them."""
    headings = [line.strip() for line in re.findall(r"^#{1,6}\s+(.*)$", text, re.MULTILINE)]
    plain = [re.sub(r"[*_`]", "", line) for line in headings]
    return {re.sub(r"\s", "-", line) for line in plain} | {
        re.sub(r"[^\w -]", "", line).lower().replace(" ", "-") for line in plain
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
            if any(known.fullmatch(address) for known in KNOWN)
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
        f"{address} {fault}"
        for address in found
        if (fault := broken(address, path, path.read_text(encoding="utf-8")))
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
    text = (
        "[a](https://arxiv.org/abs/1312.6114), <https://doi.org/10.1162/neco.1997.9.8.1735>, "
        "[b](LICENSE), [c](#My-heading), [d](#my-heading)\n\n# My heading"
    )
    found = ["".join(match) for match in LINK.findall(text)]
    assert (
        len(found) == 5
        and [broken(link, config.ROOT / "README.md", text) for link in found] == [""] * 5
    )


def cut(path: Path) -> list[str]:
    """Cells of a notebook that were cut: an open quote or backtick, or no stop at the end."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    found = []
    for cell in cells:
        if cell["cell_type"] != "markdown":
            continue
        text = re.sub(r"```.*?```|<[^>]*>", " ", "".join(cell["source"]), flags=re.DOTALL)
        words = re.sub(r"\$\$.*?\$\$|\$[^$\n]*\$", "x. ", text, flags=re.DOTALL).rstrip()
        last = re.split(r"\n\s*\n", words)[-1].strip()
        if (
            any(part.count(mark) % 2 for part in re.split(r"\n\s*\n", words) for mark in '`"')
            or re.search(r"\\(?=\s|$)", words)
            or (len(last.split()) > 25 and re.search(r"[\w,]$", last))
        ):
            found.append(text.strip()[-60:])
    return found


@pytest.mark.parametrize("path", sorted(config.NOTEBOOKS.glob("*.ipynb")), ids=lambda p: p.name)
def test_no_sentence_is_cut(path):
    assert cut(path) == []


@pytest.mark.parametrize(
    "text, count",
    [
        ("At `quick the network is small.", 1),
        ("Then \"the source's recipe\\ we train on.", 1),
        ("Here it ends at\\", 1),
        (("many words stand here " * 7) + "and then nothing", 1),
        ('A "whole" one, `quick` too.\n\n- a list\n- of words', 0),
        ("Formulas may hold $a \\ b$ and $$x \\ y$$.", 0),
    ],
)
def test_a_cut_sentence_is_found(tmp_path, text, count):
    path = tmp_path / "page.ipynb"
    path.write_text(json.dumps({"cells": [{"cell_type": "markdown", "source": [text]}]}))
    assert len(cut(path)) == count


def misspelled(*paths: Path) -> list[str]:
    """What `make check` says of these files."""
    command = [sys.executable, str(config.ROOT / "tools/spelling.py"), *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert not done.stderr and done.returncode == bool(done.stdout)
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    "text, found",
    [
        ("We recieve the pictures.", "receive"),  # codespell:ignore
        ("The colour of it.", "color"),  # codespell:ignore
        ("Good words.", ""),
    ],
)
@pytest.mark.parametrize("suffix", [".md", ".py", ".ipynb"])
def test_misspelled_and_british_words_are_found(tmp_path, text, found, suffix):
    path = tmp_path / f"page{suffix}"
    outputs = [{"data": {"image/png": "te nd " * 9}}]
    cells = [
        {"cell_type": "markdown", "source": ["# One\n", text]},
        {"source": "", "outputs": outputs},
    ]
    path.write_text(json.dumps({"cells": cells}) if suffix == ".ipynb" else text)
    said = misspelled(path)
    assert [found in line and str(path) in line for line in said] == [True] * bool(found)


def test_everything_that_people_read_is_looked_at():
    done = runpy.run_path(str(config.ROOT / "tools/spelling.py"))["course"]()
    assert {*PAGES, HERE / "test_words.py", config.ROOT / "coursekit/config.py"} <= set(done)
