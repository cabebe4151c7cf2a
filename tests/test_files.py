"""Files: found or a usage error, written whole or not at all, and closed or full disks told."""

import errno
import os
from pathlib import Path

import pytest

from coursekit import files
from coursekit.errors import CourseError, DataError, UsageError, printable


def test_what_is_there_is_returned(tmp_path):
    file = tmp_path / "homework.ipynb"
    file.write_text("{}")
    assert files.existing(file, "file") == files.existing(file) == file
    assert files.existing(tmp_path, "folder") == tmp_path


@pytest.mark.parametrize(
    "name, kind, says",
    [
        ("homwork", "folder", "there is no folder '{}': did you mean homework? In"),
        ("homework/hw2.ipynb", "file", "there is no file '{}': did you mean hw1.ipynb? In"),
        ("homwork/hw1.ipynb", "file", "there is no file '{}': did you mean homework? In"),
        ("homework/hw1.ipynb/x", "file", "there is no file '{}': nothing of the kind is in"),
        ("homework", "file", "'{}' is a folder: name a file in it"),
        ("homework/hw1.ipynb", "folder", "'{}' is a file: name a folder"),
        ("empty/x", "file or folder", "there is no file or folder '{}': nothing of the kind is in"),
        ("x" * 300, "file", "there is no file '{}'"),
        ("nul\0", "file", "there is no file"),
    ],
)
def test_what_is_not_there_is_a_usage_error_with_the_nearest_names(tmp_path, name, kind, says):
    (tmp_path / "homework").mkdir()
    (tmp_path / "empty").mkdir()
    (tmp_path / "homework/hw1.ipynb").write_text("{}")
    with pytest.raises(UsageError) as caught:
        files.existing(tmp_path / name, kind)
    text = str(caught.value)
    assert text.startswith(says.format(tmp_path / name)) and caught.value.exit_code == 2


def test_many_names_are_counted_and_hidden_ones_left_out(tmp_path):
    for number in range(30):
        (tmp_path / f"picture{number:02d}").mkdir()
    (tmp_path / ".git").mkdir()
    with pytest.raises(UsageError, match="picture11 and 18 more") as caught:
        files.existing(tmp_path / "zzz", "folder")
    assert ".git" not in str(caught.value)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_leaves_the_old_file_and_no_part(tmp_path, monkeypatch, number):
    target = tmp_path / "results.json"
    target.write_text("old")
    monkeypatch.setenv("COURSEKIT_RUNS", str(tmp_path))

    def full(handle):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CourseError, match="the disk is full.*COURSEKIT_RUNS") as caught:
        files.write_text(target, "new")
    assert "\n" not in str(caught.value)
    assert os.listdir(tmp_path) == ["results.json"] and target.read_text() == "old"


@pytest.mark.parametrize(
    "variable, kind",
    [("RUNS", CourseError), ("REPORTS", CourseError), ("CACHE", DataError)],
)
def test_a_file_where_a_folder_should_be_names_the_variable(tmp_path, monkeypatch, variable, kind):
    (tmp_path / "home").write_text("a file")
    monkeypatch.setenv(f"COURSEKIT_{variable}", str(tmp_path / "home"))
    with pytest.raises(kind, match=f"cannot write x.txt .*set COURSEKIT_{variable} to a folder"):
        files.write_text(tmp_path / "home/x.txt", "text")


def test_an_error_of_another_file_names_that_one(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEKIT_RUNS", str(tmp_path / "runs"))
    other = tmp_path / "other/socket"
    with (
        pytest.raises(CourseError, match=f"cannot write {other} .*name another folder"),
        files.disk_errors("its run", tmp_path / "runs/run.json"),
    ):
        raise PermissionError(errno.EACCES, "Permission denied", str(other))
    with pytest.raises(FileNotFoundError), files.disk_errors("its run", tmp_path / "run.json"):
        raise FileNotFoundError(errno.ENOENT, "no such file", str(other))


def test_control_characters_are_written_out_and_letters_of_any_script_are_kept():
    assert printable("a\x1b[31m\r\x00\u202e") == r"a\x1b[31m\r\x00\u202e"
    assert printable("شکل ۳ – é\n[/x]") == "شکل ۳ – é\n[/x]"
    assert printable("\udcff") == r"\udcff"


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no /proc here")
def test_a_folder_that_the_system_will_not_make_is_closed():
    with pytest.raises(CourseError, match="cannot write run.json to /proc/nope"):
        files.write_text(Path("/proc/nope/run.json"), "{}")
