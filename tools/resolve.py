"""Do the pinned versions go together on every Python that the README promises? Asks the registry.

`python tools/resolve.py [PYTHON ...]` lets pip resolve, without installing, for each interpreter
that is here under these names; where there is none, for the version, by this interpreter's pip.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PYTHONS = ("3.11", "3.12", "3.13")
CHOSEN_BY_TORCH = re.compile(r"nvidia-.*|cuda-.*|triton")  # a CUDA build names its own versions


def main(pythons: list[str]) -> int:
    """One line for each Python; 1 where the pins do not resolve or leave a package open, else 0."""
    return max([check(python) for python in pythons or PYTHONS])


def check(python: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        command, said = interpreter(python, Path(folder))
        done = subprocess.run(
            [*command, *options(Path(folder))], capture_output=True, text=True, cwd=ROOT
        )
        if done.returncode:
            errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
            print(f"{said}: {' '.join(errors) or done.stderr}")
            return 1
        report = json.loads((Path(folder) / "report.json").read_text(encoding="utf-8"))
    return tell(said, report["install"])


def interpreter(python: str, folder: Path) -> tuple[list[str], str]:
    """The pip command of a real interpreter of that name or version, else of this one for it."""
    found = shutil.which(python) or shutil.which(f"python{python}")
    if found:
        subprocess.run([found, "-m", "venv", str(folder / "venv")], check=True)
        own = str(folder / "venv" / "bin" / "python")
        asked = [own, "-c", "import platform; print(platform.python_version())"]
        version = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
        return [own, "-m", "pip", "install"], f"Python {version} ({found})"
    aside = ["--python-version", python, "--only-binary=:all:", "--target", str(folder / "none")]
    return [sys.executable, "-m", "pip", "install", *aside], f"Python {python} (not here, by pip)"


def options(folder: Path) -> list[str]:
    """Resolve all that the project asks for under the pins; install nothing."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *sum(project["optional-dependencies"].values(), [])]
    quiet = ["--dry-run", "--ignore-installed", "-qq", "--disable-pip-version-check"]
    return [*quiet, "--report", str(folder / "report.json"), "-c", "constraints.txt", *asked]


def tell(said: str, installed: list[dict]) -> int:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {canonicalize_name(Requirement(line).name) for line in lines}
    names = {canonicalize_name(item["metadata"]["name"]) for item in installed}
    left = sorted(name for name in names - pinned if not CHOSEN_BY_TORCH.fullmatch(name))
    print(f"{said}: {len(names)} packages; not pinned: {', '.join(left) or 'none'}", flush=True)
    return int(bool(left))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
