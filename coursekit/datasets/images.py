"""Robust reading of pictures: what can be converted is, what cannot is left out, all by name."""

import io
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from coursekit.datasets.archives import Members, Unreadable, opened
from coursekit.datasets.kinds import kind
from coursekit.datasets.report import Report
from coursekit.errors import DataError

FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "AVIF", "JPEG2000")
# JPEG covers MPO; EPS would run a program
PIXEL_LIMIT = 50_000_000
TRANSPARENT = ("RGBA", "LA", "PA", "RGBa", "La")
ORIENTATION = 0x0112  # Exif tag
UPRIGHT = {  # Exif 2.32, tag Orientation: what brings the picture upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True)
class Pictures:
    """images: uint8 (H, W, 3), or (H, W) when gray, each of its own size; names: their paths."""

    images: list[Tensor]
    names: tuple[str, ...]
    report: Report


class Reading:
    """A reading in progress: decodes members one by one and keeps the account."""

    def __init__(self, *, gray: bool = False, size: int | None = None, shape: str = "keep") -> None:
        self.gray, self.size, self.shape = gray, size, shape
        self.read = 0
        self.converted: list[tuple[str, str]] = []
        self.left_out: list[tuple[str, str]] = []
        self.others: list[tuple[str, str]] = []

    def array(self, members: Members, name: str) -> np.ndarray | None:
        """The picture as uint8 (H, W[, 3]), or None where it is left out."""
        suffix = PurePosixPath(name).suffix.lower()
        named = Image.registered_extensions().get(suffix)
        try:
            image, notes = decode(members.read(name), suffix=suffix)
        except Unreadable as error:
            claims = named is not None or not str(error).startswith("not a picture")
            (self.left_out if claims else self.others).append((name, str(error)))
            return None
        self.read += 1
        if image.mode == "L" and not self.gray:
            notes = (*notes, "gray")
        if notes:
            self.converted.append((name, ", ".join(notes)))
        plain = image.convert("L" if self.gray else "RGB")
        return np.array(fit(plain, size=self.size, shape=self.shape))

    def report(self, members: Members) -> Report:
        """The account, with what the members themselves leave out."""
        left_out = sorted([*members.left_out, *self.left_out])
        return Report(self.read, tuple(self.converted), tuple(left_out), tuple(self.others))


def read_pictures(
    path: Path | str, *, gray: bool = False, size: int | None = None, shape: str = "keep"
) -> Pictures:
    """Every readable picture of a folder, zip or tar, in the order of names, with the account of
    the rest.

    shape "keep" leaves sizes as they are, "square" crops to size x size, "limit" shrinks the longer
    side to size. DataError where no picture can be read.
    """
    reading, images, names = Reading(gray=gray, size=size, shape=shape), [], []
    with TemporaryDirectory() as scratch, opened(Path(path), scratch=Path(scratch)) as members:
        for name in members.names:
            if (array := reading.array(members, name)) is not None:
                images.append(torch.from_numpy(array))
                names.append(name)
        report = reading.report(members)
    if not images:
        raise DataError(f"no readable picture in {path}: {report}")
    return Pictures(images, tuple(names), report)


def decode(data: bytes, *, suffix: str = "") -> tuple[Image.Image, tuple[str, ...]]:
    """A file's bytes -> upright 8-bit image (L or RGB), and notes on what was converted.

    The content decides what it is, not its name. Unreadable with the reason.
    """
    if not data:
        raise Unreadable("empty file")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of what is handled here
        try:
            return _decode(data, suffix.lower())
        except Unreadable:
            raise
        except UnidentifiedImageError:
            raise Unreadable(kind(data)) from None
        except Image.DecompressionBombError:
            raise Unreadable(f"huge: more than {PIXEL_LIMIT:,} pixels") from None
        except Exception as error:  # a decoder that is fed anything may raise anything
            raise Unreadable(f"truncated or damaged: {error}") from None


def fit(image: Image.Image, *, size: int | None, shape: str) -> Image.Image:
    """Bring to size, smoothly: "square" crops the middle, "pair" does so with each half, "limit"
    only shrinks."""
    if size is None or shape == "keep":
        return image
    if shape == "limit":
        image.thumbnail((size, size), Image.Resampling.LANCZOS)
        return image
    if shape == "pair":
        return _fit_pair(image, size)
    return (
        image
        if image.size == (size, size)
        else ImageOps.fit(image, (size, size), Image.Resampling.LANCZOS)
    )


def _fit_pair(image: Image.Image, size: int) -> Image.Image:
    """Each half on its own, so that neither bleeds into the other."""
    middle, canvas = image.width // 2, Image.new(image.mode, (2 * size, size))
    for number in range(2):
        half = image.crop((number * middle, 0, (number + 1) * middle, image.height))
        canvas.paste(fit(half, size=size, shape="square"), (number * size, 0))
    return canvas


@cache
def formats() -> tuple[str, ...]:
    """Pillow's names of the formats that are read; HEIF where pillow-heif is installed."""
    try:
        import pillow_heif
    except ImportError:
        return FORMATS
    pillow_heif.register_heif_opener()
    return (*FORMATS, "HEIF")


def _decode(data: bytes, suffix: str) -> tuple[Image.Image, tuple[str, ...]]:
    image: Image.Image = Image.open(io.BytesIO(data), formats=formats())
    if image.width * image.height > PIXEL_LIMIT:
        raise Unreadable(
            f"huge: {image.width} x {image.height} is more than {PIXEL_LIMIT:,} pixels"
        )
    notes = _notes(image, data, suffix)
    image.load()
    turn = UPRIGHT.get(_orientation(image))
    if turn is not None:
        notes.append("turned upright")
        image = image.transpose(turn)
    return _plain(image, notes), tuple(notes)


def _notes(image: Image.Image, data: bytes, suffix: str) -> list[str]:
    """What is odd about a picture that is opened and not yet decoded."""
    notes = []
    named = Image.registered_extensions().get(suffix)
    if image.format != named and not (image.format == "MPO" and named == "JPEG"):
        notes.append(f"{image.format} named {suffix or 'without ending'}")
    if image.format != "MPO" and (frames := getattr(image, "n_frames", 1)) > 1:
        notes.append(f"animated: first of {frames} frames")
    deep = image.format == "PNG" and data[24] == 16  # byte 24: bit depth (PNG 11.2.1)
    if deep or image.mode.startswith("I"):
        notes.append("16-bit")
    return notes


def _orientation(image: Image.Image) -> int:
    """The Exif tag as it stands; 0 where Exif is too odd to be read, which harms no pixel."""
    try:
        return int(image.getexif().get(ORIENTATION, 0))
    except Exception:  # Exif that is fed anything may raise anything
        return 0


def _plain(image: Image.Image, notes: list[str]) -> Image.Image:
    """Any mode -> L or RGB; adds to the notes what that took."""
    if image.mode == "F":
        raise Unreadable("floating-point pixels have no agreed white")
    if image.mode.startswith("I"):
        return _from_16_bit(image)
    if image.mode in ("P", "PA"):
        notes.append("palette")
    if image.mode in TRANSPARENT or "transparency" in image.info:
        return _over_white(image.convert("RGBA"), notes)
    if image.mode not in ("L", "RGB", "1", "P"):
        notes.append(image.mode)
    return image if image.mode == "L" else image.convert("L" if image.mode == "1" else "RGB")


def _over_white(image: Image.Image, notes: list[str]) -> Image.Image:
    if image.getchannel("A").getextrema() != (255, 255):
        notes.append("transparent: laid over white")
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image).convert("RGB")


def _from_16_bit(image: Image.Image) -> Image.Image:
    values = np.asarray(image).astype(np.int64)
    if values.min() < 0 or values.max() > 65535:
        raise Unreadable("32-bit pixels have no agreed white")
    return Image.fromarray(((values * 255 + 32767) // 65535).astype(np.uint8))
