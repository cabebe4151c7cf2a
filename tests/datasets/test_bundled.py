"""The bundled samples hold what their cards say: bytes, counts, shapes, licenses.

Nothing here is downloaded.
"""

import csv
import dataclasses
import gzip
import hashlib
import importlib
import io
import re
import struct
import tomllib
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

DATA = Path(__file__).resolve().parents[2] / "data"
LARGEST = 30_000_000  # bytes, all of data/ together
KEYS = {
    "name",
    "title",
    "stands_for",
    "what",
    "origin",
    "package",
    "version",
    "license",
    "license_url",
    "made_by",
    "count",
    "notes",
    "files",
}
ALLOWED = re.compile(
    r"(public domain|CC0 1\.0|MIT|CC BY(-SA)? [1-4]\.0)( and (public domain|CC0 1\.0))?"
)
PLACES = re.compile(
    r"/(work|home|root|tmp|usr|opt|var)/|[A-Z]:\\|registry\.|pypi\.[o]rg|python[h]osted|npm[j]s|deb\.[d]ebian|"
    r"packages\.[d]ebian|file://"
)
# name: (mode of the pictures, their sizes or None where they differ, folders inside images.zip)
ZIPPED = {
    "manga-faces": ("RGB", {(64, 64)}, {"faces"}),
    "cartoon-faces": ("RGB", {(64, 64)}, set("0123456789")),
    "fruits": ("RGBA", {(256, 256)}, None),
    "animals": ("RGBA", {(128, 128)}, {""}),
    "paintings": ("RGB", None, {""}),
    "photos": (
        "RGB",
        None,
        {"animals", "fish", "monuments", "windmills", "energy", "tools", "household"},
    ),
    "satellite-relief": ("RGB", {(512, 256)}, {"pairs"}),
}
COUNTS = {"fashion-mnist": (10_000, 2_000), "mnist": (6_000, 1_000)}
NAMES = sorted([*ZIPPED, *COUNTS, "emoji"])


def card_of(name: str) -> dict:
    return tomllib.loads((DATA / name / "card.toml").read_text(encoding="utf-8"))


def problems(folder: Path) -> list[str]:
    """Everything that is wrong with one sample's card and checksums, in words."""
    card = tomllib.loads((folder / "card.toml").read_text(encoding="utf-8"))
    found = [f"{key} is missing" for key in sorted(KEYS - card.keys())]
    found += [f"{key} is empty" for key, value in card.items() if not value]
    if card.get("name") != folder.name:
        found.append(f"name is {card.get('name')!r}, the folder {folder.name!r}")
    if not ALLOWED.fullmatch(card.get("license", "")):
        found.append(f"license {card.get('license')!r} may not be bundled")
    there = {path.name for path in folder.iterdir()}
    expected = {*card.get("files", {}), "card.toml", "LICENSE.txt"}
    found += [
        f"{name} is in the folder or on the card, but not in both"
        for name in sorted(there ^ expected)
    ]
    for name, checksum in card.get("files", {}).items():
        if name in there and hashlib.sha256((folder / name).read_bytes()).hexdigest() != checksum:
            found.append(f"{name} has another checksum")
    return found


def pictures(name: str) -> zipfile.ZipFile:
    return zipfile.ZipFile(DATA / name / "images.zip")


def idx(path: Path) -> np.ndarray:
    """uint8 array of an idx.gz file, shape from its head."""
    blob = gzip.decompress(path.read_bytes())
    assert blob[:3] == b"\0\0\x08"
    shape = struct.unpack_from(f">{blob[3]}I", blob, 4)
    return np.frombuffer(blob, np.uint8, offset=4 + 4 * blob[3]).reshape(shape)


def test_every_sample_is_there_and_no_other():
    assert sorted(path.parent.name for path in DATA.glob("*/card.toml")) == NAMES
    assert {path.name for path in DATA.iterdir() if path.is_dir()} == {*NAMES, "build"}


def test_all_samples_together_stay_small():
    assert sum(path.stat().st_size for path in DATA.rglob("*") if path.is_file()) <= LARGEST


@pytest.mark.parametrize("name", NAMES)
def test_card_is_complete_and_checksums_match(name):
    assert problems(DATA / name) == []


@pytest.mark.parametrize(
    "spoil, complaint",
    [
        (lambda folder: (folder / "images.zip").write_bytes(b"x"), "another checksum"),
        (
            lambda folder: (folder / "stray.bin").write_bytes(b"x"),
            "stray.bin is in the folder or on the card",
        ),
        (
            lambda folder: (folder / "LICENSE.txt").unlink(),
            "LICENSE.txt is in the folder or on the card",
        ),
        (
            lambda folder: edit(folder, 'license = "MIT"', 'license = "GPL-3.0"'),
            "may not be bundled",
        ),
        (lambda folder: edit(folder, "made_by = ", "maker = "), "made_by is missing"),
        (lambda folder: edit(folder, 'name = "fruits"', 'name = "fruit"'), "the folder 'fruits'"),
    ],
)
def test_a_spoilt_sample_is_noticed(tmp_path, spoil, complaint):
    folder = tmp_path / "fruits"
    folder.mkdir()
    for path in (DATA / "fruits").iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    assert problems(folder) == []
    spoil(folder)
    assert complaint in " ".join(problems(folder))


def edit(folder: Path, old: str, new: str) -> None:
    text = (folder / "card.toml").read_text(encoding="utf-8")
    assert old in text
    (folder / "card.toml").write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_card_and_license_name_no_machine_and_no_registry(name):
    for file in ("card.toml", "LICENSE.txt", "index.csv"):
        path = DATA / name / file
        if path.exists():
            assert not PLACES.search(path.read_text(encoding="utf-8")), path


def test_build_files_name_no_machine_and_no_registry():
    for path in (DATA / "build").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            assert not PLACES.search(path.read_text(encoding="utf-8")), path


@pytest.mark.parametrize("name, sizes", COUNTS.items())
def test_digits_are_balanced_and_have_their_shapes(name, sizes):
    assert card_of(name)["count"] == sum(sizes)
    for part, count in zip(("train", "t10k"), sizes, strict=True):
        images = idx(DATA / name / f"{part}-images-idx3-ubyte.gz")
        labels = idx(DATA / name / f"{part}-labels-idx1-ubyte.gz")
        assert images.shape == (count, 28, 28) and labels.shape == (count,)
        assert (np.bincount(labels, minlength=10) == count // 10).all()
        assert len(np.unique(images.reshape(count, -1), axis=0)) > 0.999 * count
        assert 25 < images.mean() < 90  # light on black


@pytest.mark.parametrize("name, expected", ZIPPED.items())
def test_pictures_are_as_many_and_as_large_as_the_card_says(name, expected):
    mode, sizes, folders = expected
    archive = pictures(name)
    infos = archive.infolist()
    assert len(infos) == card_of(name)["count"]
    assert [info.filename for info in infos] == sorted(info.filename for info in infos)
    assert {(info.compress_type, info.date_time) for info in infos} == {
        (zipfile.ZIP_STORED, (1980, 1, 1, 0, 0, 0))
    }
    assert len({info.CRC for info in infos}) == len(infos), "two pictures are the same"
    if folders is not None:
        assert {info.filename.rpartition("/")[0] for info in infos} == folders
    for info in infos[:3] + infos[-2:]:
        image = Image.open(io.BytesIO(archive.read(info)))
        image.load()
        assert image.convert(mode).mode == mode and (mode == "RGBA") == (image.mode == "RGBA")
        assert sizes is None or image.size in sizes
        assert np.asarray(image.convert("L")).std() > 5, "a blank picture"


def test_cartoon_folders_are_of_one_size():
    names = pictures("cartoon-faces").namelist()
    assert [sum(name.startswith(f"{folder}/") for name in names) for folder in range(10)] == [
        200
    ] * 10


@pytest.mark.parametrize("name", ["photos", "paintings", "satellite-relief"])
def test_index_names_every_picture_once(name):
    rows = list(
        csv.DictReader(io.StringIO((DATA / name / "index.csv").read_text(encoding="utf-8")))
    )
    assert [row["name"] for row in rows] == sorted(pictures(name).namelist())
    assert all(value for row in rows for value in row.values())
    assert {row.get("license", "public domain") for row in rows} <= {"public domain", "CC0 1.0"}


def test_photos_are_patchable_and_animals_are_enough_to_train_on():
    archive = pictures("photos")
    sizes = [Image.open(io.BytesIO(archive.read(info))).size for info in archive.infolist()]
    assert min(min(size) for size in sizes) >= 96 and max(min(size) for size in sizes) <= 160
    assert sum(name.startswith("animals/") for name in archive.namelist()) >= 20


def test_relief_pairs_of_test_share_no_place_with_train():
    rows = list(
        csv.DictReader(
            io.StringIO((DATA / "satellite-relief/index.csv").read_text(encoding="utf-8"))
        )
    )
    spans = {
        split: [
            (float(row["west"]), float(row["west"]) + 256 / 15)
            for row in rows
            if row["split"] == split
        ]
        for split in ("train", "test")
    }
    assert [row["split"] for row in rows] == ["train"] * len(spans["train"]) + ["test"] * len(
        spans["test"]
    )
    assert len(spans["test"]) >= 20
    overlap = [
        (a, b)
        for a in spans["train"]
        for b in spans["test"]
        if min(a[1], b[1]) - max(a[0], b[0]) > 0.02
    ]
    assert overlap == []  # degrees; 0.02 is the rounding of index.csv


def test_left_half_is_the_photo_and_right_half_the_relief():
    archive = pictures("satellite-relief")
    pairs = [
        np.asarray(Image.open(io.BytesIO(archive.read(name)))) for name in archive.namelist()[::20]
    ]
    left, right = (
        np.mean([pair[:, half] for pair in pairs]) for half in (slice(256), slice(256, 512))
    )
    assert right > left + 50  # the photo is dark, the map is light


def test_paintings_are_old_enough_of_different_sizes_and_say_whose_they_are():
    rows = list(
        csv.DictReader(io.StringIO((DATA / "paintings/index.csv").read_text(encoding="utf-8")))
    )
    assert len(rows) == 29 and {row["painter"] for row in rows} == set(
        card_of("paintings")["made_by"].split(", ")
    )
    assert max(int(row["died"]) for row in rows) < 1955
    archive = pictures("paintings")
    sizes = {row["name"]: Image.open(io.BytesIO(archive.read(row["name"]))).size for row in rows}
    assert sizes == {row["name"]: (int(row["width"]), int(row["height"])) for row in rows}
    assert len(set(sizes.values())) >= 20 and min(min(size) for size in sizes.values()) >= 280


def test_paintings_card_tells_what_the_package_says_and_why_they_are_here_all_the_same():
    rows = csv.DictReader(io.StringIO((DATA / "paintings/index.csv").read_text(encoding="utf-8")))
    stated = [row["package_states"] for row in rows]
    assert (stated.count("GPLv3 or later"), stated.count("public domain")) == (21, 8)
    for text in (
        card_of("paintings")["notes"],
        (DATA / "paintings/LICENSE.txt").read_text(encoding="utf-8"),
    ):
        for said in ("GPL, version 3 or later", "Bridgeman", "2019/790", "21", "package_states"):
            assert said in " ".join(text.split())


@pytest.fixture
def jigsaw(monkeypatch):
    monkeypatch.syspath_prepend(str(DATA / "build"))
    return importlib.import_module("jigsaw")


def painted(height: int, width: int) -> np.ndarray:
    """uint8 (H, W, 3): noise, which nowhere looks like itself one pixel further."""
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def cut(jigsaw, picture: np.ndarray, *, gap: int = 0) -> list:
    """Twelve pieces of (120, 160) with wavy edges; they overlap by two pixels, and their places
    are up to 1.4 off."""
    y, x = np.mgrid[:120, :160]
    row = (y + 6 * np.sin(x / 9)).clip(0, 119).astype(int) // 40
    column = (x + 6 * np.sin(y / 7)).clip(0, 159).astype(int) // 40
    piece = 4 * row + column
    shifts, parts = np.random.default_rng(1).uniform(-1.4, 1.4, (12, 2)), []
    for number, (dy, dx) in enumerate(shifts):
        mask = piece == number
        for axis in (0, 1):  # one pixel more on each side, cut off at the picture's edge
            grown = np.pad(mask, 1)
            mask = mask | np.roll(grown, 1, axis)[1:-1, 1:-1] | np.roll(grown, -1, axis)[1:-1, 1:-1]
        mask[60 : 60 + gap, 80 : 80 + gap] = False
        rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
        here = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        parts.append(
            jigsaw.Piece(picture[here], mask[here], left=columns[0] + dx, top=rows[0] + dy)
        )
    return parts


def test_a_jigsaw_comes_together_to_the_very_pixel(jigsaw):
    picture = painted(120, 160)
    assert np.array_equal(jigsaw.assembled(cut(jigsaw, picture)), picture)


def test_a_jigsaw_with_a_hole_a_wrong_piece_or_a_missing_one_is_refused(jigsaw):
    parts = cut(jigsaw, painted(120, 160))
    with pytest.raises(ValueError, match="covered by no piece"):
        jigsaw.assembled(cut(jigsaw, painted(120, 160), gap=3))
    wrong = dataclasses.replace(parts[5], pixels=255 - parts[5].pixels)
    with pytest.raises(ValueError, match="gray levels where they overlap"):
        jigsaw.assembled([*parts[:5], wrong, *parts[6:]])
    with pytest.raises(ValueError, match="covered by no piece"):
        jigsaw.assembled(parts[:5] + parts[6:])
    with pytest.raises(ValueError, match="only 1 of 2 pieces overlap"):
        jigsaw.assembled([parts[0], parts[11]])


def test_rectangles_are_joined_edge_to_edge_without_the_line_that_one_of_them_lacks(jigsaw):
    smooth = Image.fromarray(painted(20, 30)).resize((90, 60), Image.Resampling.BICUBIC)
    picture = np.asarray(smooth)
    places = [
        (0, 30, 0),
        (0, 30, 45),
        (31, 60, 0),
        (30, 60, 45),
    ]  # the third lacks a line at its top
    parts = [
        jigsaw.Piece(
            picture[top:low, left : left + 45],
            np.ones((low - top, 45), bool),
            left + 0.6,
            top - 0.7,
        )
        for top, low, left in places
    ]
    assert np.array_equal(jigsaw.assembled(parts[::-1]), np.delete(picture, 30, axis=0))


def test_a_board_that_names_a_piece_without_a_place_is_refused(jigsaw):
    board = '"width": 702,\n"height": 515 "pixmapfile" : "image/a.webp", "x" : 0.5'
    with pytest.raises(ValueError, match="names 1 pieces, but 0 of them with a place"):
        jigsaw.pieces({"r/board/b.qml": board.encode()}, "r/board/b.qml")
