"""Archives that lie: nothing outside their folder, no links, nothing larger than declared, no
bombs."""

import io
import stat
import struct
import tarfile
import zipfile

import pytest

from coursekit.datasets import archives
from coursekit.datasets.archives import Unreadable, opened
from coursekit.errors import DataError


def zipped(path, *members, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as file:
        for name, data in members:
            file.writestr(name, data)
    return path


def tarred(path, *members):
    """members: (name, content) or a TarInfo without content."""
    with tarfile.open(path, "w:gz") as file:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                file.addfile(member)
            else:
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                file.addfile(info, io.BytesIO(member[1]))
    return path


def contents(path, scratch):
    with opened(path, scratch=scratch) as members:
        return {name: members.read(name) for name in members.names}


@pytest.fixture
def scratch(tmp_path):
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("make", [zipped, tarred])
def test_zip_tar_and_folder_read_alike(tmp_path, scratch, make):
    folder = tmp_path / "folder"
    (folder / "in").mkdir(parents=True)
    members = [("b.txt", b"two"), ("in/a.txt", b"one"), ("__MACOSX/x", b"no"), (".hidden", b"no")]
    (folder / "b.txt").write_bytes(b"two")
    (folder / "in" / "a.txt").write_bytes(b"one")
    expected = {"b.txt": b"two", "in/a.txt": b"one"}
    assert (
        contents(make(tmp_path / "any.name", *members), scratch)
        == expected
        == contents(folder, scratch)
    )
    assert not list(scratch.iterdir())


@pytest.mark.parametrize("make", [zipped, tarred])
@pytest.mark.parametrize(
    "name", ["../evil.txt", "in/../../evil.txt", "/tmp/evil.txt", "C:\\evil.txt", "..\\evil.txt"]
)
def test_member_that_points_outside_is_refused(tmp_path, scratch, make, name):
    with pytest.raises(DataError, match="points outside the archive's own folder: refused"):
        contents(make(tmp_path / "set.zip", ("good.txt", b"x"), (name, b"evil")), scratch)
    assert not list(scratch.iterdir()) and not list(tmp_path.parent.glob("evil*"))


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE]
)
def test_links_and_devices_in_a_tar_are_refused(tmp_path, scratch, kind):
    info = tarfile.TarInfo("innocent.jpg")
    info.type, info.linkname = kind, "/etc/passwd"
    with pytest.raises(DataError, match="innocent.jpg is a link, a device or sparse: refused"):
        contents(tarred(tmp_path / "set.tar.gz", info), scratch)
    assert not list(scratch.iterdir())


def test_link_in_a_zip_is_refused(tmp_path, scratch):
    info = zipfile.ZipInfo("innocent.jpg")
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(DataError, match="innocent.jpg is a link or a device: refused"):
        contents(zipped(tmp_path / "set.zip", (info, "/etc/passwd")), scratch)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_member_larger_than_declared_is_refused(tmp_path, scratch, method):
    path = zipped(tmp_path / "set.zip", ("big.txt", b"0123456789" * 100), method=method)
    data = path.read_bytes()
    for signature, offset in (
        (b"PK\x01\x02", 24),
        (b"PK\x03\x04", 22),
    ):  # both records say 10 bytes
        at = data.index(signature) + offset
        data = data[:at] + struct.pack("<I", 10) + data[at + 4 :]
    path.write_bytes(data)
    with pytest.raises(DataError, match="big.txt is larger than the 10 bytes declared: refused"):
        contents(path, scratch)


@pytest.mark.parametrize("make", [zipped, tarred])
def test_bomb_is_refused(tmp_path, scratch, make, monkeypatch):
    monkeypatch.setattr(archives, "RATIO_FLOOR", 2**16)
    path = make(tmp_path / "bomb", ("zeros", bytes(2**20)))
    with pytest.raises(DataError, match="unpacks to 1,048,576 bytes, over 200 times"):
        contents(path, scratch)


def test_member_over_the_limit_is_refused(tmp_path, scratch, monkeypatch):
    monkeypatch.setattr(archives, "MEMBER_LIMIT", 100)
    with pytest.raises(DataError, match="zeros holds 101 bytes, more than 100: refused"):
        contents(zipped(tmp_path / "set.zip", ("zeros", bytes(101))), scratch)


def test_damaged_member_costs_only_itself(tmp_path, scratch):
    path = zipped(
        tmp_path / "set.zip", ("a.txt", b"aaaa"), ("b.txt", b"bbbb"), method=zipfile.ZIP_STORED
    )
    path.write_bytes(path.read_bytes().replace(b"aaaa", b"aaba"))
    with opened(path, scratch=scratch) as members:
        assert members.read("b.txt") == b"bbbb"
        with pytest.raises(Unreadable, match="damaged in the archive: wrong CRC"):
            members.read("a.txt")


@pytest.mark.parametrize("make", [zipped, tarred])
def test_archive_cut_short_is_named(tmp_path, scratch, make):
    path = make(
        tmp_path / "cut",
        ("a.bin", bytes(range(256)) * 40),
        ("b.bin", bytes(range(255, -1, -1)) * 400),
    )
    path.write_bytes(path.read_bytes()[:-30] if make is zipped else path.read_bytes()[:-60])
    with pytest.raises(DataError, match="cut is (damaged|neither)"):
        contents(path, scratch)
    assert not list(scratch.iterdir())


@pytest.mark.parametrize(
    "data, message",
    [
        (b"", "it is empty"),
        (b"<html>log in</html>", "it is a web page"),
        (b"junk", "starts with 6a 75 6e 6b"),
    ],
)
def test_what_is_no_archive_is_named(tmp_path, scratch, data, message):
    path = tmp_path / "set.zip"
    path.write_bytes(data)
    with pytest.raises(DataError, match=message):
        contents(path, scratch)


def test_missing_path_is_named(tmp_path, scratch):
    with pytest.raises(DataError, match="no file or folder .*nowhere"):
        contents(tmp_path / "nowhere", scratch)
