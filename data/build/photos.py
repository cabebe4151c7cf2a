"""Photos in seven categories: for lessons 01 B and 04 where CIFAR-10 is not downloaded."""

import io
import re
from pathlib import Path

import rcc
from PIL import Image
from samples import CC0_URL, LICENSES, Sample, jpeg, table, zipped
from sources import GCOMPRIS, unpacked

SHORTER_SIDE = 160  # pixels
ALLOWED = {"Public Domain": "public domain", "CC0-1.0": "CC0 1.0"}
CATEGORIES = [  # the first pattern that fits "resource file/picture" decides
    (r"explore_(farm|world)_animals/", "animals"),
    (r"/fishes/", "fish"),
    (r"explore_monuments/|/monuments/", "monuments"),
    (r"/windmill", "windmills"),
    (r"/renewable/", "energy"),
    (r"/tools/", "tools"),
    (r"/others/", "household"),
]
LEFT_OUT = {  # why a picture whose license would do is not in
    "canyondeChelly": "a landscape among monuments",
    "castleClinton": "black and white",
    "georgeWashingtonBirthplace": "has a black border",
    "igloo": "a building among household goods",
    "volleyball": "cut out, and a maker's mark fills it",
}
FISHES = [
    "french-angelfish",
    "big-scale-smelt-1",
    "haplochromis",
    "yellow-perch",
    "swallowtail-1",
    "discus",
    "red-mullet",
    "atlantic-salmon",
    "clownfish",
    "swallowtail-school",
    "trouts",
    "axillary-seabream",
    "ocellated-wrasse",
    "swallowtail-2",
    "brown-wrasse",
    "common-pandora",
    "hollowsnout-grenadier",
    "boarfish",
    "red-porgy",
    "boxlip-mullet",
    "pompano",
    "east-atlantic-wrasse",
    "rainbow-wrasse-female",
    "rainbow-wrasse-male",
    "goldfish",
    "big-scale-smelt-2",
    "greater-weever",
    "spotted-puffer",
]  # fish1 to fish28
NAMES = {f"fish{number}": name for number, name in enumerate(FISHES, start=1)} | {
    "monument1": "dome-of-the-rock",
    "monument2": "aphrodisias-tetrapylon",
    "monument3": "vienna-jubilee-church",
    "kutubMinar": "qutb-minar",
    "qutubMinar": "qutb-minar-2",
    "leMusee": "louvre",
    "zimniPalace": "winter-palace",
    "chateaudeChambord": "chambord",
    "chateaudeChenonceau": "chenonceau",
    "citedeCarcassonne": "carcassonne",
    "palaisdesPapes": "papal-palace",
    "pontduGard": "pont-du-gard",
    "gatewayofIndia": "gateway-of-india",
    "greatWallofChina": "great-wall-2",
    "statueofLiberty": "statue-of-liberty-2",
    "montStMichel": "mont-saint-michel",
    "castillodeSanMarcos": "castillo-de-san-marcos",
    "greatPyramidOfGiza": "great-pyramid",
    "arcDeTriomphe": "arc-du-carrousel",
    "IndiaGate": "india-gate",
    "dragon": "komodo-dragon",
    "navajo": "betatakin-cliff-dwellings",
    "buffetset": "cup-and-saucer",
    "blackslate": "blackboard",
    "knife": "cutlery",
    "burj": "burj-khalifa",
    "cathedral": "santiago-cathedral",
    "weighingMachine": "kitchen-scale",
    "cuttingTool": "side-cutter-2",
    "windmill": "windmill-16",
    "tweezer": "tweezer-2",
    "screwDriver": "screw-driver-4",
    "wrench": "wrench-2",
}
TYPING_SLIPS = {
    "screDriver": "screwDriver",
    "audaPalatina": "aulaPalatina",
}  # names as the READMEs spell them
NOTES = f"""
Folders inside images.zip are the categories: animals (all but fish), fish, monuments, windmills,
energy, tools, household. A lesson that trains on one class, as the source trained on CIFAR-10's
horses, trains on animals and keeps the others as things it has never seen. Each photo is named by
its subject, made smaller until its shorter side has {SHORTER_SIDE} pixels (Lanczos; the few that
have fewer stay as they are) and saved as JPEG, quality 90. Lessons cut patches from them, and
split by photo: patches of one photo are all in train or all in test.

index.csv gives each photo's category, file in the package, license and source page. Licenses are
as the README files beside the pictures state. (Debian's own list names older pictures under the
same names.) Left out: one photo marked GPL; three under CC BY-SA, so that all of the sample is
free of conditions; second copies of the same photo; and {len(LEFT_OUT)} for their content:
{"; ".join(f"{name} ({why})" for name, why in LEFT_OUT.items())}.
"""


def photos(scratch: Path) -> Sample:
    """About 190 color photos, shorter side 160, JPEG."""
    pictures, rows, seen = {}, [], set()
    for name, blob, license, page in _found(
        unpacked(GCOMPRIS, scratch) / "usr/share/gcompris-qt/rcc"
    ):
        stem = Path(name).stem
        if license not in ALLOWED or stem in LEFT_OUT or page in seen:
            continue
        seen.add(page)
        category = next(category for pattern, category in CATEGORIES if re.search(pattern, name))
        target = _unused(f"{category}/{NAMES.get(stem) or _spelt(stem)}", pictures)
        pictures[target] = jpeg(_smaller(Image.open(io.BytesIO(blob)).convert("RGB")))
        rows.append(
            dict(name=target, category=category, file=name, license=ALLOWED[license], page=page)
        )
    rows.sort(key=lambda row: row["name"])
    return Sample(
        name="photos",
        title="Photos in seven categories",
        stands_for="CIFAR-10's horses and automobiles",
        what=f"{len(rows)} color photos in seven categories, shorter side {SHORTER_SIDE} pixels",
        origin="Photos that the learning game GCompris shows, most of them from Wikimedia Commons",
        package=GCOMPRIS,
        license="public domain and CC0 1.0",
        license_url=CC0_URL,
        made_by="The photographers named on each photo's source page (index.csv)",
        count=len(rows),
        notes=NOTES,
        license_text=(LICENSES / "photos.txt").read_text(),
        files={"images.zip": zipped(pictures), "index.csv": table(rows)},
    )


def _found(folder: Path) -> list[tuple[str, bytes, str, str]]:
    """(resource file/picture, bytes, license, source page) of every photo, by its README."""
    found = []
    for part in (
        "explore_farm_animals",
        "explore_world_animals",
        "explore_monuments",
        "categorization",
    ):
        files = rcc.read(folder / f"{part}.rcc")
        for readme in [name for name in files if name.endswith("/README")]:
            home = readme.removesuffix("README")
            for stem, license, page in _statements(files[readme].decode()):
                name = f"{home}{stem}.webp"
                for slip, right in TYPING_SLIPS.items():
                    name = name.replace(f"/{slip}.", f"/{right}.")
                found.append((f"{part}/{name.split('/resource/')[1]}", files[name], license, page))
    return found


def _statements(readme: str) -> list[tuple[str, str, str]]:
    """(file stem, license, source page) of each paragraph that names a .webp and its source."""
    fields = (
        dict(re.findall(r"^(\w+):\s+(\S.*)$", paragraph, re.M))
        for paragraph in readme.split("\n\n")
    )
    return [
        (row["Files"].removesuffix(".webp"), row["License"].strip(), row["Source"].strip())
        for row in fields
        if row.get("Files", "").endswith(".webp") and "Source" in row
    ]


def _smaller(image: Image.Image) -> Image.Image:
    """RGB picture whose shorter side is SHORTER_SIDE; no picture grows."""
    scale = min(1.0, SHORTER_SIDE / min(image.size))
    return image.resize(tuple(round(side * scale) for side in image.size), Image.Resampling.LANCZOS)


def _spelt(stem: str) -> str:
    """goldenTemple -> golden-temple, scarlet_macaw -> scarlet-macaw, hammer3 -> hammer-3."""
    return re.sub(r"(?<=[a-z])(?=[A-Z0-9])", "-", stem.replace("_", "-")).lower()


def _unused(name: str, taken: dict[str, bytes]) -> str:
    """NAME.jpg, or NAME-2.jpg where another photo of the same subject has it."""
    return f"{name}.jpg" if f"{name}.jpg" not in taken else f"{name}-2.jpg"
