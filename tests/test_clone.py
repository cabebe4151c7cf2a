"""A clone has the stored bytes whatever git is told of line ends: data and outputs are checked."""

import shutil
import subprocess
from pathlib import Path

import pytest

from coursekit import config

SETTINGS = {
    "windows": ("core.autocrlf=true", "core.eol=crlf"),
    "macos": ("core.autocrlf=input",),
    "untouched": ("core.autocrlf=false",),
}
ATTRIBUTES = config.ROOT / ".gitattributes"
pytestmark = pytest.mark.skipif(
    not (config.ROOT / ".git").exists() or shutil.which("git") is None,
    reason="this is no clone, or there is no git",
)


def git(folder: Path, *arguments: str) -> bytes:
    return subprocess.run(
        ["git", "-C", str(folder), *arguments], check=True, capture_output=True
    ).stdout


def commit(folder: Path, *files: str) -> None:
    git(folder, "add", "--", *files)
    who = ("-c", "user.name=A Student", "-c", "user.email=student@example.org")
    git(folder, *who, "commit", "-qm", "files")


def clone(source: Path, folder: Path, settings: tuple[str, ...]) -> None:
    options = [word for setting in settings for word in ("-c", setting)]
    subprocess.run(["git", *options, "clone", "-q", str(source), str(folder)], check=True)


def damaged(folder: Path) -> list[str]:
    """Tracked files of a clone whose bytes are not those that git stores."""
    stored = {}
    for line in git(folder, "ls-tree", "-rz", "HEAD").decode().split("\0"):
        if line and not line.startswith("120000"):  # a symbolic link has no bytes of its own
            facts, _, name = line.partition("\t")
            stored[name] = facts.split()[2]
    names = list(stored)
    here = subprocess.run(
        ["git", "-C", str(folder), "hash-object", "--no-filters", "--stdin-paths"],
        input="\n".join(names),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    return [name for name, checksum in zip(names, here, strict=True) if stored[name] != checksum]


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_every_file_of_a_clone_has_the_stored_bytes(tmp_path, settings):
    clone(config.ROOT, tmp_path / "course", settings)
    assert damaged(tmp_path / "course") == []


@pytest.fixture
def small(tmp_path):
    """A repository with a text file and a picture that has line ends in it, without attributes."""
    folder = tmp_path / "small"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "index.csv").write_bytes(b"name,label\nmaple,3\n")
    (folder / "picture.dat").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    commit(folder, "index.csv", "picture.dat")
    return folder


def test_a_damaged_clone_is_noticed_and_the_attributes_prevent_it(tmp_path, small):
    clone(small, tmp_path / "before", SETTINGS["windows"])
    assert damaged(tmp_path / "before") == ["index.csv"]
    shutil.copy(ATTRIBUTES, small)
    commit(small, ".gitattributes")
    clone(small, tmp_path / "after", SETTINGS["windows"])
    assert damaged(tmp_path / "after") == []


def test_every_binary_file_is_named_as_one():
    """git looks for zero bytes to tell text from pictures; a name leaves nothing to luck."""
    named = {
        line.split()[0].removeprefix("*")
        for line in ATTRIBUTES.read_text().splitlines()
        if line.endswith(" binary")
    }
    facts = git(config.ROOT, "ls-files", "-z", "--eol").decode().split("\0")
    binary = {Path(line.partition("\t")[2]).suffix for line in facts if line.startswith("i/-text")}
    assert binary and binary <= named
