"""What a sample is made of: files whose bytes depend on the pictures alone, and a card."""

import csv
import gzip
import hashlib
import io
import json
import struct
import textwrap
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from sources import Package

CC0_URL = "https://creativecommons.org/publicdomain/zero/1.0/"
LICENSES = Path(__file__).with_name("licenses")


@dataclass(frozen=True)
class Sample:
    """One bundled sample: `files` maps names to bytes, `license_text` is for LICENSE.txt."""

    name: str
    title: str
    stands_for: str
    what: str
    origin: str
    package: Package
    license: str
    license_url: str
    made_by: str
    count: int
    notes: str
    license_text: str
    files: dict[str, bytes]

    def contents(self) -> dict[str, bytes]:
        """Every file of the sample's folder, card and license included."""
        return {
            **self.files,
            "LICENSE.txt": self.license_text.encode(),
            "card.toml": self.card().encode(),
        }

    def card(self) -> str:
        """card.toml: TOML with one sha256 for each file that a lesson reads."""
        fields = dict(
            name=self.name,
            title=self.title,
            stands_for=self.stands_for,
            what=self.what,
            origin=self.origin,
            package=f"{self.package.client}: {self.package.name}",
            version=self.package.version,
            license=self.license,
            license_url=self.license_url,
            made_by=self.made_by,
        )
        lines = [
            f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in fields.items()
        ]
        lines += [
            f"count = {self.count}",
            f'notes = """\n{_wrapped(self.notes)}\n"""',
            "",
            "[files]",
        ]
        lines += [
            f'"{name}" = "{hashlib.sha256(blob).hexdigest()}"'
            for name, blob in sorted(self.files.items())
        ]
        return "\n".join(lines) + "\n"


def _wrapped(text: str) -> str:
    """The text in lines of at most 100 characters, paragraphs kept."""
    return "\n\n".join(
        textwrap.fill(" ".join(part.split()), 100) for part in text.strip().split("\n\n")
    )


def gzipped(blob: bytes) -> bytes:
    """gzip without a time or a name in its head."""
    return gzip.compress(blob, compresslevel=9, mtime=0)


def zipped(pictures: Mapping[str, bytes]) -> bytes:
    """Stored zip, names sorted, every time 1980-01-01: pictures are compressed already."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(pictures):
            info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            info.create_system, info.external_attr = 3, 0o644 << 16  # the same on every system
            archive.writestr(info, pictures[name])
    return out.getvalue()


def table(rows: list[dict[str, str]]) -> bytes:
    """CSV with Unix line ends, columns as in the first row."""
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def jpeg(image: Image.Image, *, quality: int = 90) -> bytes:
    """JPEG without metadata, from an RGB picture."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, optimize=True, progressive=False)
    return out.getvalue()


def png(pixels: np.ndarray) -> bytes:
    """PNG of uint8 (H, W), (H, W, 3) or (H, W, 4), by Python's own zlib.

    Pillow's wheels compress with a zlib that picks its code, and so its bytes, by the processor;
    this one does not.
    """
    height, width = pixels.shape[:2]
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    rows = pixels.reshape(height, width * channels).astype(np.int16)
    color = {1: 0, 3: 2, 4: 6}[channels]
    head = struct.pack(">2I5B", width, height, 8, color, 0, 0, 0)
    body = min((zlib.compress(data, 9) for data in _filtered(rows, channels)), key=len)
    return (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")
    )


def palette_png(pixels: np.ndarray) -> bytes | None:
    """PNG with a palette, of uint8 (H, W, 3) with at most 256 colors; None where there are more."""
    height, width, _ = pixels.shape
    colors, index = np.unique(pixels.reshape(-1, 3), axis=0, return_inverse=True)
    if len(colors) > 256:
        return None
    head = struct.pack(">2I5B", width, height, 8, 3, 0, 0, 0)
    rows = np.pad(
        index.reshape(height, width).astype(np.uint8), ((0, 0), (1, 0))
    )  # filter 0 before each row
    body = zlib.compress(rows.tobytes(), 9)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", head)
        + _chunk(b"PLTE", colors.tobytes())
        + _chunk(b"IDAT", body)
        + _chunk(b"IEND", b"")
    )


def _filtered(rows: np.ndarray, channels: int) -> list[bytes]:
    """The rows (H, W*C) under the PNG filters of least change (specification, section 9)."""
    up = np.pad(rows, ((1, 0), (0, 0)))[:-1]
    left = np.pad(rows, ((0, 0), (channels, 0)))[:, :-channels]
    corner = np.pad(up, ((0, 0), (channels, 0)))[:, :-channels]
    guess = left + up - corner
    near = np.stack([abs(guess - left), abs(guess - up), abs(guess - corner)])
    paeth = np.choose(near.argmin(0), [left, up, corner])
    candidates = [rows, rows - left, rows - up, rows - (left + up) // 2, rows - paeth]
    candidates = np.stack([c.astype(np.uint8) for c in candidates])  # (5, H, W*C), modulo 256
    cost = abs(candidates.astype(np.int8).astype(np.int16)).sum(
        2
    )  # (5, H): least sum of differences
    best = cost.argmin(0)
    mixed = candidates[best, np.arange(len(rows))]
    return [
        np.pad(candidates[0], ((0, 0), (1, 0))).tobytes(),
        np.concatenate([best[:, None].astype(np.uint8), mixed], 1).tobytes(),
    ]


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
