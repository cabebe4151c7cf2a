"""Emoji as three aligned pictures each: a line drawing, flat colors, a 3D render."""

import io
import json
from pathlib import Path

import numpy as np
from families import family_of, split_of
from PIL import Image
from samples import LICENSES, Sample, png, table
from sources import FLUENT_EMOJI, FLUENT_FLAT, FLUENT_LINE, Package, node_modules, run, unpacked

SIDE, COLUMNS, SEED, QUALITY = 64, 12, 0, 85
ALIGNED = 0.5  # least share of the opaque area that the flat picture and the render have in common
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" color="black">{}</svg>'
KINDS = {"line": FLUENT_LINE, "flat": FLUENT_FLAT}
CATEGORIES = {
    "Activities": "activities",
    "Animals & Nature": "animals",
    "Flags": "flags",
    "Food & Drink": "food",
    "Objects": "objects",
    "People & Body": "people",
    "Smileys & Emotion": "smileys",
    "Symbols": "symbols",
    "Travel & Places": "travel",
}


def emoji(scratch: Path) -> Sample:
    """Three sheets of 64x64 pictures, in the order of index.csv."""
    rows = _things(scratch)
    rgba = {kind: _rendered_svg(kind, rows, scratch) for kind in KINDS}
    rgba["rendered"] = np.stack([_render(row["render"], scratch) for row in rows])
    keep = np.flatnonzero(_overlap(rgba["flat"], rgba["rendered"]) >= ALIGNED)
    rows = _with_splits([rows[i] for i in keep])
    sheets = {kind: _sheet(_on_white(pixels[keep])) for kind, pixels in rgba.items()}
    files = {
        "line.png": png(sheets["line"][..., 0]),
        "flat.png": png(sheets["flat"]),
        "rendered.jpg": _jpeg(sheets["rendered"]),
        "index.csv": table(rows),
    }
    return _sample(rows, len(rgba["flat"]) - len(keep), files)


def _things(scratch: Path) -> list[dict[str, str]]:
    """Name, category, family and render's file of all that exist thrice, families together."""
    folders = {kind: unpacked(package, scratch) / "package" for kind, package in KINDS.items()}
    icons = {kind: json.loads((folders[kind] / "icons.json").read_text()) for kind in KINDS}
    codes = json.loads((folders["line"] / "chars.json").read_text())
    groups = json.loads((folders["line"] / "metadata.json").read_text())["categories"]
    category = {name: CATEGORIES[group] for group, names in groups.items() for name in names}
    assets = (unpacked(FLUENT_EMOJI, scratch) / "package/assets").glob("*.webp")
    renders = {path.stem.replace("-fe0f", ""): path.stem for path in sorted(assets)}
    rows = [
        dict(
            name=name,
            category=category[name],
            family=family_of(name, category[name]),
            render=renders[code.replace("-fe0f", "")],
        )
        for code, name in sorted(codes.items())
        if all(name in icons[kind]["icons"] for kind in KINDS)
        and code.replace("-fe0f", "") in renders
    ]
    alone = {row["name"]: row for row in rows}  # a few have two codes: one with -fe0f, one without
    return sorted(alone.values(), key=lambda row: (row["category"], row["family"], row["name"]))


def _with_splits(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    split = split_of([row["family"] for row in rows], SEED)
    return [{**row, "split": split[row["family"]]} for row in rows]


def _rendered_svg(kind: str, rows: list[dict[str, str]], scratch: Path) -> np.ndarray:
    """uint8 (N, SIDE, SIDE, 4), colors premultiplied by the opacity."""
    icons = json.loads((unpacked(KINDS[kind], scratch) / "package/icons.json").read_text())["icons"]
    home = node_modules(scratch)
    texts = [SVG.format(icons[row["name"]]["body"]) for row in rows]
    (home / f"{kind}.json").write_text(json.dumps(texts))
    run(["node", "svg.mjs", f"{kind}.json", str(SIDE), f"{kind}.raw"], folder=home)
    return np.fromfile(home / f"{kind}.raw", np.uint8).reshape(-1, SIDE, SIDE, 4)


def _render(code: str, scratch: Path) -> np.ndarray:
    """uint8 (SIDE, SIDE, 4), premultiplied; two files are 264 high, with 4 empty rows too many
    above and below."""
    image = Image.open(unpacked(FLUENT_EMOJI, scratch) / "package/assets" / f"{code}.webp")
    extra = (image.height - image.width) // 2
    square = image.convert("RGBa").crop((0, extra, image.width, image.height - extra))
    return np.asarray(square.resize((SIDE, SIDE), Image.Resampling.LANCZOS))


def _overlap(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(N,): the opaque pixels in common / those of either."""
    a, b = one[..., 3] > 127, other[..., 3] > 127
    return (a & b).sum((1, 2)) / (a | b).sum((1, 2))


def _on_white(premultiplied: np.ndarray) -> np.ndarray:
    """uint8 (N, SIDE, SIDE, 3) from premultiplied (N, SIDE, SIDE, 4)."""
    colors, opacity = premultiplied[..., :3].astype(np.int16), premultiplied[..., 3:]
    return np.clip(colors + (255 - opacity), 0, 255).astype(np.uint8)


def _sheet(pictures: np.ndarray) -> np.ndarray:
    """(N, SIDE, SIDE, 3) -> (rows * SIDE, COLUMNS * SIDE, 3); white where the last row ends."""
    rows = -(-len(pictures) // COLUMNS)
    full = np.full((rows * COLUMNS, SIDE, SIDE, 3), 255, np.uint8)
    full[: len(pictures)] = pictures
    grid = full.reshape(rows, COLUMNS, SIDE, SIDE, 3).swapaxes(1, 2)
    return grid.reshape(rows * SIDE, COLUMNS * SIDE, 3)


def _jpeg(sheet: np.ndarray) -> bytes:
    """JPEG with colors as fine as brightness. Blocks of 8 pixels never reach into a neighbor."""
    out = io.BytesIO()
    options = dict(quality=QUALITY, subsampling=0, optimize=True, progressive=True)
    Image.fromarray(sheet).save(out, "JPEG", **options)
    return out.getvalue()


def _sample(rows: list[dict[str, str]], dropped: int, files: dict[str, bytes]) -> Sample:
    packages = (FLUENT_LINE, FLUENT_FLAT, FLUENT_EMOJI)
    names, versions = (", ".join(getattr(p, key) for p in packages) for key in ("name", "version"))
    return Sample(
        name="emoji",
        title="Emoji: line drawing, flat colors, 3D render",
        stands_for="pairs of a drawing and a picture, as in edges to shoes",
        what=f"{len(rows):,} emoji as three aligned pictures each, {SIDE}x{SIDE} pixels on white",
        origin="Microsoft Fluent Emoji: the styles High Contrast, Flat and 3D",
        package=Package("npm", names, versions, ""),
        license="MIT",
        license_url="https://opensource.org/license/mit",
        made_by="Microsoft; packaged by Iconify (line, flat) and LobeHub (3D)",
        count=len(rows),
        notes=_notes(rows, dropped),
        license_text=(LICENSES / "fluent-emoji-triples.txt").read_text(),
        files=files,
    )


def _notes(rows: list[dict[str, str]], dropped: int) -> str:
    splits = [row["split"] for row in rows]
    counts = {split: splits.count(split) for split in ("train", "validation", "test")}
    families = len({row["family"] for row in rows})
    return f"""
Each sheet holds {COLUMNS} pictures a row, in the order of index.csv (columns name, category,
family, render: the 3D picture's file in its package, split). line.png (gray) and flat.png are
lossless: SVG drawn by resvg 2.6.2. rendered.jpg (quality {QUALITY}, colors not subsampled) was made
smaller from 256x256 (Lanczos). All lie on white. One emoji stands for all its skin tones.

Kept is what exists in all three styles, but for {dropped} emoji whose flat picture and render have
less than {ALIGNED:.0%} of their opaque area in common (another thing, or the same one elsewhere).

The split is by family: {counts["train"]:,} train, {counts["validation"]} validation,
{counts["test"]} test. Near copies are one family ({families:,} in all; rules in
data/build/families.py): man, woman and person of one thing, the clock faces, hands, hearts, moons,
colored circles and squares, signs on a square, faces of cats, heads that differ in their hair. The
smileys are one family too: nearly all are the same yellow disk with other eyes and another mouth,
and a model that knows some of them knows the rest. Families of ten and more train, since one of
them would be most of a small split; the others were dealt by seed {SEED} toward 70, 10 and 20%.
Test emoji are therefore other things than those of train, but of one style by one maker: people
share a head, for one.
"""
