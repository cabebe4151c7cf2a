"""Manga and cartoon faces in two CC0 styles of DiceBear (faces.mjs): 64x64, all different."""

from pathlib import Path

import numpy as np
from samples import CC0_URL, LICENSES, Sample, palette_png, png, zipped
from sources import Package, node_modules, run

COUNT, SIDE, FOLDERS = 2000, 64, 10
NOTES = """
Drawn, not photographed: DiceBear composes each face from parts that the style's designer drew,
chosen by a seed ({style}-0, {style}-1, ...; a face equal to an earlier one is left out), and resvg
renders it at 64x64 pixels.
{more}"""


def manga_faces(scratch: Path) -> Sample:
    """2,000 faces in the style lorelei, in colors; `faces/0001.png` and so on."""
    faces = _drawn("lorelei", scratch)
    pictures = {f"faces/{number:04d}.png": _png(face) for number, face in enumerate(faces, start=1)}
    more = (
        "The style is black and white by default; ten colors of hair, five of skin and eight of "
        "the background were chosen for this sample, and a closer view. The faces stand for the "
        "63,565 cropped faces of the Anime "
        "Faces set, and are simpler: flat colors, one pose, no shading."
    )
    return _sample(
        "manga-faces",
        "Manga faces",
        "Anime Faces (63,565 cropped faces)",
        "lorelei",
        "Lisa Wischofsky (style Lorelei)",
        pictures,
        "in one folder",
        more,
    )


def cartoon_faces(scratch: Path) -> Sample:
    """2,000 faces in the style open-peeps, in ten folders `0` to `9`."""
    faces = _drawn("open-peeps", scratch)
    pictures = {
        f"{number % FOLDERS}/{number:04d}.png": _png(face) for number, face in enumerate(faces)
    }
    more = (
        "Face n is in folder n mod 10, so the folders are ten alike parts, as in the 100,000 of "
        "Google's Cartoon Set, and not classes. Face masks are left out; hair, clothes and moods "
        "are the style's own."
    )
    return _sample(
        "cartoon-faces",
        "Cartoon faces",
        "Google's Cartoon Set (ten folders)",
        "open-peeps",
        "Pablo Stanley (style Open Peeps)",
        pictures,
        "in ten folders of 200",
        more,
    )


def _sample(
    name: str,
    title: str,
    stands_for: str,
    style: str,
    made_by: str,
    pictures: dict[str, bytes],
    where: str,
    more: str,
) -> Sample:
    package = Package(
        "npm", f"@dicebear/core, @dicebear/{style}, @resvg/resvg-js", "9.4.3, 9.4.3, 2.6.2", ""
    )
    return Sample(
        name=name,
        title=title,
        stands_for=stands_for,
        origin=f"DiceBear, style {style}",
        package=package,
        what=f"{len(pictures):,} drawn color faces, {SIDE}x{SIDE} pixels, {where}",
        license="CC0 1.0",
        license_url=CC0_URL,
        made_by=made_by,
        count=len(pictures),
        notes=NOTES.format(style=style, more=more),
        license_text=(LICENSES / "faces.txt").read_text(),
        files={"images.zip": zipped(pictures)},
    )


def _drawn(style: str, scratch: Path) -> np.ndarray:
    """uint8 (COUNT, 64, 64, 3)."""
    home = node_modules(scratch)
    run(["node", "faces.mjs", style, str(COUNT), f"{style}.raw"], folder=home)
    return np.fromfile(home / f"{style}.raw", np.uint8).reshape(COUNT, SIDE, SIDE, 3)


def _png(face: np.ndarray) -> bytes:
    """The smaller of a PNG with a palette and one without: both hold the same pixels."""
    small = palette_png(face)
    return min((blob for blob in (small, png(face)) if blob), key=len)
