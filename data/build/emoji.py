"""Fruits and animals: Microsoft's Fluent Emoji in 3D, for turned, scaled and lit views."""

from pathlib import Path

import numpy as np
from PIL import Image
from samples import LICENSES, Sample, png, zipped
from sources import FLUENT_EMOJI, unpacked

FRUITS = dict(
    grapes="1f347",
    melon="1f348",
    watermelon="1f349",
    tangerine="1f34a",
    lemon="1f34b",
    banana="1f34c",
    pineapple="1f34d",
    mango="1f96d",
    red_apple="1f34e",
    green_apple="1f34f",
    pear="1f350",
    peach="1f351",
    cherries="1f352",
    strawberry="1f353",
    blueberries="1fad0",
    kiwi="1f95d",
    tomato="1f345",
    olive="1fad2",
    coconut="1f965",
    avocado="1f951",
)
ANIMALS = dict(
    cat_walking="1f408",
    cat_face="1f431",
    cat_black="1f408-200d-2b1b",
    cat_grinning="1f638",
    cat_wry="1f63c",
    cat_pouting="1f63e",
    dog_walking="1f415",
    dog_face="1f436",
    dog_guide="1f9ae",
    dog_service="1f415-200d-1f9ba",
    dog_poodle="1f429",
    wolf_face="1f43a",
    fox_face="1f98a",
    raccoon_face="1f99d",
    lion_face="1f981",
    tiger_face="1f42f",
    tiger="1f405",
    leopard="1f406",
    horse_face="1f434",
    horse="1f40e",
    zebra="1f993",
    deer="1f98c",
    bison="1f9ac",
    cow_face="1f42e",
    ox="1f402",
    buffalo="1f403",
    cow="1f404",
    pig_face="1f437",
    pig="1f416",
    boar="1f417",
    ram="1f40f",
    ewe="1f411",
    goat="1f410",
    dromedary="1f42a",
    camel="1f42b",
    llama="1f999",
    giraffe="1f992",
    elephant="1f418",
    mammoth="1f9a3",
    rhinoceros="1f98f",
    hippopotamus="1f99b",
    mouse_face="1f42d",
    mouse="1f401",
    rat="1f400",
    hamster_face="1f439",
    rabbit_face="1f430",
    rabbit="1f407",
    chipmunk="1f43f-fe0f",
    beaver="1f9ab",
    hedgehog="1f994",
    bat="1f987",
    bear_face="1f43b",
    polar_bear_face="1f43b-200d-2744-fe0f",
    koala_face="1f428",
    panda_face="1f43c",
    sloth="1f9a5",
    otter="1f9a6",
    skunk="1f9a8",
    kangaroo="1f998",
    badger="1f9a1",
    monkey_face="1f435",
    monkey="1f412",
    gorilla="1f98d",
    orangutan="1f9a7",
    turkey="1f983",
    hen_face="1f414",
    rooster="1f413",
    penguin="1f427",
    eagle="1f985",
    duck="1f986",
    swan="1f9a2",
    owl="1f989",
    flamingo="1f9a9",
    peacock="1f99a",
    parrot="1f99c",
    frog_face="1f438",
    crocodile="1f40a",
    turtle="1f422",
    lizard="1f98e",
    snake="1f40d",
    whale="1f433",
    dolphin="1f42c",
    shark="1f988",
    fish="1f41f",
)
NOTES = """
PNG with transparency, {side}x{side} pixels. {more} These are the sources only. A lesson makes its
pictures from them at load: each drawing is turned, scaled and lit by seeded chance, and laid on
white, as Fruits-360 turned real fruit before a camera. Split by drawing where a lesson has to show
that a model knows things it has not seen: views of one drawing are much alike.
"""


def fruits(scratch: Path) -> Sample:
    """20 fruits, 256x256 RGBA, each in a folder of its name."""
    pictures = {
        f"{name.replace('_', '-')}/{name.replace('_', '-')}.png": _drawing(code, 256, scratch)
        for name, code in FRUITS.items()
    }
    return _sample(
        "fruits",
        "Fruits",
        "Fruits-360 (photos, 100x100, on white)",
        pictures,
        256,
        "Each fruit has a folder of its name inside images.zip: the folder is the class.",
    )


def animals(scratch: Path) -> Sample:
    """84 animals, 128x128 RGBA, named; cat- and dog- stand for cats and dogs."""
    pictures = {
        f"{name.replace('_', '-')}.png": _drawing(code, 128, scratch)
        for name, code in ANIMALS.items()
    }
    cats, dogs = (sum(name.startswith(kind) for name in ANIMALS) for kind in ("cat_", "dog_"))
    return _sample(
        "animals",
        "Animals",
        "Cats and dogs (photos)",
        pictures,
        128,
        f"{cats} drawings have names that begin with cat-, {dogs} with dog-; names that end with "
        "-face show a head only, and the other animals are there for comparison. Made smaller "
        "from 256x256 (Lanczos).",
    )


def _sample(
    name: str, title: str, stands_for: str, pictures: dict[str, bytes], side: int, more: str
) -> Sample:
    return Sample(
        name=name,
        title=title,
        stands_for=stands_for,
        what=f"{len(pictures)} drawn {name} with transparent background, {side}x{side} pixels",
        origin="Microsoft Fluent Emoji, 3D style",
        package=FLUENT_EMOJI,
        license="MIT",
        license_url="https://opensource.org/license/mit",
        made_by="Microsoft; packaged by LobeHub",
        count=len(pictures),
        notes=NOTES.format(side=side, more=more),
        license_text=(LICENSES / "fluent-emoji.txt").read_text(),
        files={"images.zip": zipped(pictures)},
    )


def _drawing(code: str, side: int, scratch: Path) -> bytes:
    """PNG of one drawing; where nothing is to be seen, all four channels are 0."""
    path = unpacked(FLUENT_EMOJI, scratch) / "package/assets" / f"{code}.webp"
    image = Image.open(path).convert("RGBA")
    if image.width != side:
        image = image.resize(
            (side, side), Image.Resampling.LANCZOS
        )  # Pillow weighs colors by their opacity
    pixels = np.array(image)
    pixels[pixels[..., 3] == 0] = 0
    return png(pixels)
