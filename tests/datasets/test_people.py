"""What people add: nothing dropped unnamed, no label guessed, no test picture that trains."""

import io
import os
import struct
import sys
import types
import unicodedata
import zipfile

import pytest
from PIL import Image
from trees import tree

from coursekit import datasets
from coursekit.datasets import images, manage, places
from coursekit.errors import DataError, UsageError

COLORS = {"cats": (250, 0, 0), "dogs": (0, 0, 250)}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEKIT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def picture(color=(9, 9, 9), kind="JPEG", size=(32, 32), **options):
    buffer = io.BytesIO()
    Image.new("RGB", size, color).save(buffer, kind, **options)
    return buffer.getvalue()


def packed(path, files):
    """A zip whose names are as given, backslashes and bytes that are no UTF-8 included."""
    with zipfile.ZipFile(path, "w") as file:
        for name, content in files.items():
            info = zipfile.ZipInfo("x")
            info.filename = name
            file.writestr(info, content)
    return path


def pets(suffix=".jpg", count=4, join="/", splits=("training_set", "test_set")):
    return {
        join.join((split, label, f"{n}{suffix}")): picture(color)
        for split in splits
        for label, color in COLORS.items()
        for n in range(count)
    }


def truthful(loaded):
    """Every picture has the color of its class: cats are red, dogs are blue."""
    for split in loaded.splits.values():
        for image, label in zip(split.images, split.labels.tolist(), strict=True):
            red = image[0, 0, 0] > image[0, 0, 2]
            assert loaded.classes[label] == ("cats" if red else "dogs")
    return True


def load(name="fruits360", **options):
    return datasets.load(name, full=True, **options)


def left_out(added):
    return dict(added.report.unread)


# Classes and splits


@pytest.mark.parametrize("form", ["zip", "folder"])
def test_backslashes_of_windows_part_folders(tmp_path, form):
    files = pets(join="\\")
    path = packed(tmp_path / "w.zip", files | {"training_set\\cats\\": b""})
    if form == "folder":  # as a careless program unpacks it
        path = tree(tmp_path / "w", files)
    added = manage.add("fruits360", path)
    assert added.counts == {"test": 8, "train": 8} and added.classes == ["cats", "dogs"]
    assert truthful(load()) and not added.report.unread


@pytest.mark.parametrize("suffix", [".jfif", ".JPE", ".JPG", "", ".png", ".txt", ".of.the.dog"])
def test_content_makes_a_picture_and_not_its_name(tmp_path, suffix):
    files = {f"dogs/{n}{suffix}": picture(COLORS["dogs"]) for n in range(10)}
    files |= {f"cats/{n}.jpg": picture(COLORS["cats"]) for n in range(10)}
    added = manage.add("fruits360", tree(tmp_path / "mine", files))
    assert added.classes == ["cats", "dogs"] and added.report.read == 20 and truthful(load())


def test_class_without_a_readable_picture_is_no_class(tmp_path):
    files = pets() | {"training_set/birds/1.jpg": b"", "training_set/birds/notes.txt": b"hello"}
    added = manage.add("fruits360", tree(tmp_path / "mine", files))
    assert added.classes == ["cats", "dogs"]
    assert left_out(added) == {
        "training_set/birds/1.jpg": "empty file",
        "training_set/birds/notes.txt": "not a picture: a text file",
    }


@pytest.mark.parametrize(
    "files, stray, where",
    [
        (pets(), "me.jpg", r"outside the split folders \(test, train\)"),
        (pets(), "training_set/me.jpg", r"beside the class folders \(cats, dogs\)"),
        (pets(), "test_set/me", r"beside the class folders"),
        (pets(splits=("pets",)), "pets/me.png", r"beside the class folders"),
        (pets(splits=("pets",)), "me.png", r"outside|beside the class folders \(pets\)"),
        (pets(splits=("trainA", "trainB")), "train/1.jpg", "beside the class folders"),
        (pets(), "train/test/1.jpg", "in folders of test and train at once"),
        ({"cats/train/1.jpg": picture()}, "train/1.jpg", "beside the class folders"),
    ],
)
def test_picture_that_belongs_nowhere_is_an_error_with_its_name(
    tmp_path, cache, files, stray, where
):
    with pytest.raises(DataError, match=f"{stray} belongs nowhere: it lies .*{where}"):
        manage.add("fruits360", tree(tmp_path / "mine", files | {stray: picture()}))
    assert not list((cache / "sets").iterdir()) and not list((cache / "arrays").iterdir())


@pytest.mark.parametrize(
    "names, expected",
    [
        (["seg_train/seg_train/sea/1", "seg_test/seg_test/ice/2"], "test ice, train sea"),
        (["train_images/sea/1", "val_images/ice/2"], "train sea, validation ice"),
        (["images/train2017/sea/1", "images/val2017/ice/2"], "train sea, validation ice"),
        (["Train Set/sea/1", "test-set/ice/2"], "test ice, train sea"),
        (["sea/train/1", "ice/train/2", "ice/test/3"], "test ice, train ice, train sea"),
        (["x/train station/1", "x/test tube/2"], "train test tube, train train station"),
        (["test/train/sea/1", "test/test/sea/2"], "test sea, train sea"),
        (["train/photos/sea/1", "test/photos/ice/2"], "test ice, train sea"),
        (["train/sea/deep/1", "train/sea/2", "train/ice/far/3"], "train ice, train sea, train sea"),
        (["all/1", "all/2"], "train , train "),
        (["trainA/x/1", "trainB/x/2"], "train A, train B"),
    ],
)
def test_splits_and_classes_of_many_habits(names, expected):
    found = places.places([f"{name}.jpg" for name in names])
    assert ", ".join(f"{place.split} {place.label}" for place in found) == expected


def test_folders_that_the_catalog_knows_to_be_no_part_are_named(tmp_path):
    files = pets(splits=("Training", "Test")) | {"papers/figure.png": picture()}
    added = manage.add("fruits360", tree(tmp_path / "mine", files))
    assert left_out(added) == {"papers/figure.png": "in a folder that is no part of the set"}


# Everything left out is named


def heif(brand=b"heic"):
    return b"\x00\x00\x00\x18ftyp" + brand + bytes(32)


NAMED = {
    "a.HEIC": (heif(), "HEIC: convert it to JPEG"),
    "b.jpg": (heif(b"mif1"), "pip install pillow-heif"),
    "c.mov": (heif(b"qt  "), "a video"),
    "d.zip": (b"PK\x03\x04" + bytes(40), r"an archive (zip): unpack it and add the folder"),
    "e.rar": (b"Rar!\x1a\x07\x00" + bytes(9), "an archive (RAR)"),
    "f.txt": ("Grüße".encode(), "a text file"),
    "g.svg": (b'<?xml version="1.0"?>\n<svg xmlns="x"/>', "SVG"),
    "h.html": (b"<!doctype html><p>log in", "a web page"),
    "i.pdf": (b"%PDF-1.7", "a PDF"),
    "j.psd": (b"8BPS\x00\x01", "a Photoshop file"),
    "k": (bytes(64), "not a picture"),
    ".hidden.jpg": (picture(), "hidden"),
    ".ipynb_checkpoints/0.jpg": (picture(), "hidden"),
}
SILENT = ["__MACOSX/cats/._0.jpg", "cats/._0.jpg", ".DS_Store", "Thumbs.db", "desktop.ini"]


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_all_that_is_left_out_is_named_with_its_reason(tmp_path, form):
    files = pets(splits=("pets",)) | {name: data for name, (data, _) in NAMED.items()}
    files |= dict.fromkeys(SILENT, b"\x00\x05\x16\x07")
    make, name = (packed, "mine.zip") if form == "zip" else (tree, "mine")
    added = manage.add("fruits360", make(tmp_path / name, files))
    told = left_out(added)
    assert told.keys() == NAMED.keys()
    assert all(reason in told[name] for name, (_, reason) in NAMED.items())
    assert f"{len(NAMED)} left out: 2 " in str(added) and str(added.listing) in str(added)
    listed = added.listing.read_text(encoding="utf-8").splitlines()
    assert [line.partition("\t")[0] for line in listed] == sorted(NAMED)
    assert dict(load().report.unread) == told


def test_few_that_are_left_out_stand_in_the_line_by_reason(tmp_path):
    files = {"1.jpg": picture(), "2.heic": heif(), "3.heic": heif(), "4.txt": b"hi"}
    line = str(manage.add("anime-faces", tree(tmp_path / "mine", files)))
    assert (
        "; 3 left out: 2.heic, 3.heic (HEIC: convert" in line
        and "4.txt (not a picture: a text file)" in line
    )


def test_heic_is_read_where_its_library_is(tmp_path, monkeypatch):
    """A stand-in for pillow-heif: what it registers is asked for, and decoded."""

    def register():
        Image.register_open("HEIF", lambda file, name: Image.new("RGB", (8, 8)), heif_bytes)

    def heif_bytes(start):
        return start[4:8] == b"ftyp"

    library = types.SimpleNamespace(register_heif_opener=register)
    monkeypatch.setitem(sys.modules, "pillow_heif", library)
    images.formats.cache_clear()
    try:
        assert images.decode(heif(), suffix=".heic")[0].size == (8, 8)
    finally:
        images.formats.cache_clear()
        Image.OPEN.pop("HEIF", None)
        Image.ID.remove("HEIF")


def test_avif_is_read(tmp_path):
    found = manage.add("paintings", tree(tmp_path / "a", {"1.avif": picture(kind="AVIF")}))
    assert found.report.read == 1 and not found.report.unread


def test_links_and_closed_folders_are_named(tmp_path, monkeypatch):
    mine = tree(tmp_path / "mine", {"1.jpg": picture(), "closed/2.jpg": picture()})
    tree(tmp_path / "elsewhere", {"3.jpg": picture()})
    (mine / "link").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (mine / "gone.jpg").symlink_to(tmp_path / "nowhere")
    scandir = os.scandir

    def refusing(path):
        if os.path.basename(path) == "closed":
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    told = left_out(manage.add("paintings", mine))
    assert told["link"].startswith("a link to a folder")
    assert told["gone.jpg"].startswith("cannot be read")
    assert told["closed"] == "cannot be opened: Permission denied"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_two_members_with_one_name_the_later_is_read_and_the_other_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "twice.zip", "w") as file:
        file.writestr("1.png", picture((9, 9, 9), "PNG"))
        file.writestr("1.png", picture((200, 9, 9), "PNG"))
    added = manage.add("paintings", tmp_path / "twice.zip")
    assert left_out(added) == {"1.png": "there twice: only the later one is read"}
    assert datasets.load("paintings", full=True).train.images[0][0, 0, 0] == 200


def test_files_beside_mnists_own_are_named(tmp_path):
    idx = b"\x00\x00\x08\x03\x00\x00\x00\x01\x00\x00\x00\x1c\x00\x00\x00\x1c" + bytes(784)
    labels = b"\x00\x00\x08\x01\x00\x00\x00\x01\x07"
    files = {"more.txt": b"x"}
    for part in ("train", "t10k"):
        files |= {f"{part}-images-idx3-ubyte": idx, f"{part}-labels-idx1-ubyte": labels}
    added = manage.add("mnist", tree(tmp_path / "mine", files))
    assert left_out(added) == {"more.txt": "not one of the set's files"}


# Names


NAMES = {
    "latin-1": b"caf\xe9",
    "cp1256": "قطط".encode("cp1256"),
    "newline": b"two\nlines",
    "markup": b"[/x] [red]",
    "escape": b"\x1b[31mred",
    "emoji": "🐈".encode(),
}


@pytest.mark.parametrize("form", ["folder", "zip"])
@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_one_class_and_shown_safely(tmp_path, coursekit, name, form):
    odd = os.fsdecode(NAMES[name])
    files = {f"{split}/{odd}/{n}.jpg": picture() for split in ("train", "test") for n in range(3)}
    files |= {"train/plain/1.jpg": picture(), f"train/{odd}/bad.jpg": b""}
    path = tree(tmp_path / "mine", files)
    if form == "zip":
        path = raw_zip(tmp_path / "mine.zip", files)
    code, out, err = coursekit("data", "add", "fruits360", str(path))
    assert code == 0 and "in 2 classes" in out and "1 left out" in out and not err
    assert out.count("\n") == 1 and out.rstrip("\n").isprintable()
    assert len(load().classes) == 2


def raw_zip(path, files):
    """A zip whose names are bytes of any encoding, and not marked as UTF-8."""

    class Raw(zipfile.ZipInfo):
        def _encodeFilenameFlags(self):
            return os.fsencode(self.filename), self.flag_bits

    with zipfile.ZipFile(path, "w") as file:
        for name, content in files.items():
            info = Raw("x")
            info.filename = name
            file.writestr(info, content)
    return path


def test_two_normalizations_of_a_name_are_one_class(tmp_path):
    composed, apart = (unicodedata.normalize(form, "café") for form in ("NFC", "NFD"))
    files = {f"train/{composed}/1.jpg": picture(), f"test/{apart}/2.jpg": picture()}
    files |= {"train/tea/3.jpg": picture()}
    for path in (tree(tmp_path / "mine", files), packed(tmp_path / "mine.zip", files)):
        assert manage.add("fruits360", path).classes == [composed, "tea"]


# Exif


def exif(orientation, text=b""):
    """Exif with an orientation and, if asked for, a text where the resolution should be a ratio."""
    tags = [struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)]
    if text:
        tags.append(struct.pack("<HHII", 282, 2, len(text), 10 + 12 * 2 + 4))
    head = b"Exif\0\0II*\0" + struct.pack("<IH", 8, len(tags))
    return head + b"".join(tags) + bytes(4) + text


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("odd", [False, True])
def test_good_photo_is_kept_and_turned_whatever_else_its_exif_says(orientation, odd):
    """Undoing each orientation by hand gives the picture that was turned."""
    upright = Image.radial_gradient("L").resize((32, 24)).convert("RGB")
    upright.paste((250, 0, 0), (0, 0, 8, 8))
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Pillow's numbers of the inverse
    turned = upright.transpose(undo[orientation]) if orientation in undo else upright
    buffer = io.BytesIO()
    text = b"72 dots or so" if odd else b""
    turned.save(buffer, "JPEG", quality=95, exif=exif(orientation, text))
    image, notes = images.decode(buffer.getvalue(), suffix=".jpg")
    assert image.size == upright.size and ("turned upright" in notes) == (orientation > 1)
    assert image.getpixel((2, 2))[0] > 200 and image.getpixel((29, 2))[0] < 240
    assert image.getpixel((2, 2))[1] < 60


@pytest.mark.parametrize("content", [b"", b"junk", b"Exif\0\0", b"Exif\0\0MM\0*\xff\xff\xff\xff"])
def test_broken_exif_harms_no_picture(content):
    image, _ = images.decode(picture(exif=content), suffix=".jpg")
    assert image.size == (32, 32)


# Paths


def test_path_that_is_not_there_is_usage_with_the_nearest_names(tmp_path, coursekit):
    tree(tmp_path, {"cats_dogs.zip": b"x"})
    code, out, err = coursekit("data", "add", "cats-dogs", str(tmp_path / "cats-dogs.zip"))
    assert code == 2 and not out and err.count("\n") == 1
    assert "there is no file or folder" in err and "did you mean cats_dogs.zip?" in err
    assert coursekit("data", "add", "cats-dogs", str(tmp_path / "a/b"))[0] == 2


def test_device_is_no_set():
    with pytest.raises(UsageError, match="/dev/null' is neither a file nor a folder"):
        manage.add("cats-dogs", "/dev/null")


def test_single_picture_and_other_archives_say_what_to_do(tmp_path):
    for content, words in ((picture(), "it is one picture"), (b"Rar!\x1a\x07\x00", "unpack it")):
        (tmp_path / "mine").write_bytes(content)
        with pytest.raises(DataError, match=f"mine is neither a zip nor a tar file: .*{words}"):
            manage.add("paintings", tmp_path / "mine")
