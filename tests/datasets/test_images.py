"""Every kind of bad or odd picture: converted or left out, listed by name, never fatal."""

import io
import warnings
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image

from coursekit.datasets import images as reading
from coursekit.datasets.images import read_pictures
from coursekit.errors import DataError

RED = (200, 30, 40)


def encoded(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def plain(size=(12, 8), color=RED):
    return Image.new("RGB", size, color)


def only(tmp_path, name, data, **options):
    """Read a folder with one good picture and this file -> (tensor or None, report)."""
    (tmp_path / "a_good.png").write_bytes(encoded(plain(), "PNG"))
    (tmp_path / name).write_bytes(data)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # notebooks keep stderr clean
        found = read_pictures(tmp_path, **options)
    return dict(zip(found.names, found.images, strict=True)).get(name), found.report


def near(tensor, color, tolerance=3):
    return (tensor.reshape(-1, 3).int() - torch.tensor(color)).abs().max() <= tolerance


JPEG = encoded(Image.effect_noise((64, 64), 90).convert("RGB"), "JPEG")
LEFT_OUT = {
    "truncated.jpg": (JPEG[: len(JPEG) // 2], "truncated"),
    "truncated.png": (encoded(Image.effect_noise((64, 64), 90), "PNG")[:900], "truncated"),
    "empty.jpg": (b"", "empty file"),
    "text.jpg": (b"these are not the pixels you are looking for", "a text file"),
    "float.tif": (encoded(Image.fromarray(np.ones((4, 4), np.float32)), "TIFF"), "floating-point"),
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_unreadable_is_left_out_by_name(tmp_path, name):
    data, reason = LEFT_OUT[name]
    image, report = only(tmp_path, name, data)
    assert image is None and report.read == 1
    ((listed, why),) = report.left_out
    assert listed == name and reason in why and name in str(report)


def transparent():
    image = Image.new("RGBA", (12, 8), (*RED, 255))
    image.paste((0, 0, 0, 0), (0, 0, 6, 8))
    return image


def animation(kind):
    return encoded(
        plain(), kind, save_all=True, append_images=[plain(color=(0, 0, 255))], duration=50
    )


CONVERTED = {
    "png_named.jpg": (encoded(plain(), "PNG"), "PNG named .jpg"),
    "moving.gif": (animation("GIF"), "animated: first of 2 frames"),
    "moving.png": (animation("PNG"), "animated: first of 2 frames"),
    "print.jpg": (
        encoded(Image.new("CMYK", (12, 8), (0, 217, 204, 55)), "JPEG", quality=95),
        "CMYK",
    ),
    "few.png": (encoded(plain().quantize(4), "PNG"), "palette"),
}


@pytest.mark.parametrize("name", CONVERTED)
def test_odd_but_readable_is_converted_and_noted(tmp_path, name):
    data, note = CONVERTED[name]
    image, report = only(tmp_path, name, data)
    ((listed, what),) = report.converted
    assert listed == name and note in what and not report.left_out
    assert image.shape == (8, 12, 3) and image.dtype == torch.uint8
    assert near(image, RED, 25 if name == "print.jpg" else 6)


@pytest.mark.parametrize("form", ["RGBA", "LA", "palette", "color key"])
def test_transparent_lies_over_white(tmp_path, form):
    if form == "palette":
        data = encoded(transparent().quantize(8), "PNG")
    elif form == "color key":
        image = plain()
        image.paste((1, 2, 3), (0, 0, 6, 8))
        data = encoded(image, "PNG", transparency=(1, 2, 3))
    else:
        data = encoded(transparent().convert(form), "PNG")
    image, report = only(tmp_path, "glass.png", data)
    assert image[:, :6].eq(255).all() and image[:, 6:].lt(210).any()
    assert "transparent: laid over white" in report.converted[0][1]


def test_16_bit_keeps_its_range(tmp_path):
    values = np.array([[0, 32768, 65535]], np.uint16)
    image, report = only(tmp_path, "deep.png", encoded(Image.fromarray(values), "PNG"))
    assert image[0, :, 0].tolist() == [0, 128, 255] and report.converted == (
        ("deep.png", "16-bit, gray"),
    )


def test_a_gray_picture_among_colors_is_named(tmp_path):
    data = encoded(plain().convert("L"), "PNG")
    assert only(tmp_path, "gray.png", data)[1].converted == (("gray.png", "gray"),)
    assert read_pictures(tmp_path, gray=True).report.converted == ()


def test_huge_is_left_out_before_its_pixels_are_made(tmp_path, monkeypatch):
    data = encoded(Image.new("1", (20_000, 10_000)), "PNG")  # 200 million pixels in a few kB
    image, report = only(tmp_path, "huge.png", data)
    assert image is None and "huge" in report.left_out[0][1]
    monkeypatch.setattr(reading, "PIXEL_LIMIT", 1000)
    image, report = only(tmp_path, "huge.png", encoded(plain((40, 30)), "PNG"))
    assert image is None and "huge: 40 x 30" in report.left_out[0][1]


def test_turned_upright_by_exif(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera lay on its side
    image, report = only(tmp_path, "side.jpg", encoded(plain((12, 8)), "JPEG", exif=exif))
    assert image.shape == (12, 8, 3) and "turned upright" in report.converted[0][1]


def test_text_is_named_and_what_file_managers_write_is_not(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "readme.txt").write_text("hello")
    (tmp_path / ".DS_Store").write_bytes(b"x")
    image, report = only(tmp_path, "hidden_picture.txt", encoded(plain(), "PNG"))
    assert image is not None and "PNG named .txt" in report.converted[0][1]
    assert report.others == (("sub/readme.txt", "not a picture: a text file"),)
    assert report.ignored == 1 and not report.left_out


def test_unreadable_permission_is_left_out(tmp_path):
    (tmp_path / "dangling.png").symlink_to(tmp_path / "nowhere.png")
    image, report = only(tmp_path, "b.png", encoded(plain(), "PNG"))
    assert (
        image is not None
        and report.left_out[0][0] == "dangling.png"
        and "cannot be read" in report.left_out[0][1]
    )


def test_zip_gives_the_same_as_the_folder(tmp_path):
    folder, archive = tmp_path / "folder", tmp_path / "archive.zip"
    folder.mkdir()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for name, (data, _) in {**LEFT_OUT, **CONVERTED}.items():
            (folder / name).write_bytes(data)
            file.writestr(name, data)
    one, two = read_pictures(folder), read_pictures(archive)
    assert one.report == two.report and one.names == two.names and len(one.images) == 5
    assert all(torch.equal(a, b) for a, b in zip(one.images, two.images, strict=True))


def test_gray_square_and_limit(tmp_path):
    (tmp_path / "wide.png").write_bytes(encoded(plain((40, 20)), "PNG"))
    assert read_pictures(tmp_path, size=16, shape="square").images[0].shape == (16, 16, 3)
    assert read_pictures(tmp_path, size=16, shape="limit").images[0].shape == (8, 16, 3)
    assert read_pictures(tmp_path, gray=True).images[0].shape == (20, 40)


def test_nothing_readable_is_an_error_that_lists_what_was_there(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"")
    with pytest.raises(DataError, match=r"no readable picture .*a.jpg \(empty file\)"):
        read_pictures(tmp_path)
