"""Looks for misspelled and British words in code and prose: `python tools/spelling.py [PATH ...]`.

codespell does the work. Of a notebook it sees the cells: outputs hold pictures as text.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLACES = ("coursekit", "tests", "docs", "tools", "data/build", "notebooks", "*.md", "*.py")
KINDS = (".py", ".md", ".ipynb", ".toml", ".css", ".j2", ".typ")
COMMAND = (
    *(sys.executable, "-m", "codespell_lib", "--builtin", "clear,rare,en-GB_to_en-US"),
    *("--ignore-words", str(ROOT / "tests" / "words.txt"), "--disable-colors"),
)


def main(paths: list[Path]) -> int:
    """Print each finding with its file and line; 1 if there is one, else 0."""
    found = misspelled(paths or course())
    print("".join(f"{line}\n" for line in found), end="")
    return int(bool(found))


def course() -> list[Path]:
    """The files of this project that people read or write."""
    below = [path for place in PLACES for path in ROOT.glob(place)]
    files = [file for path in below for file in (path.rglob("*") if path.is_dir() else [path])]
    return sorted(
        file for file in files if file.suffix in KINDS and not {"node_modules"} & set(file.parts)
    )


def misspelled(paths: list[Path]) -> list[str]:
    """codespell's findings, `file:line: word ==> word`."""
    with tempfile.TemporaryDirectory() as folder:
        copies = {}
        for number, path in enumerate(paths):
            copy = Path(folder) / f"{number}.txt"
            copy.write_text(readable(path), encoding="utf-8")
            copies[str(copy)] = path
        done = subprocess.run([*COMMAND, folder], capture_output=True, text=True)
    if done.stderr and "WARNING" not in done.stderr:
        raise SystemExit(done.stderr)
    return sorted(shown(line, copies) for line in done.stdout.splitlines())


def readable(path: Path) -> str:
    """A file's text; of a notebook, the sources of its cells."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return text
    return "\n\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])


def shown(line: str, copies: dict[str, Path]) -> str:
    copy, _, rest = line.partition(":")
    path = copies[copy]
    return f"{path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}:{rest}"


if __name__ == "__main__":
    sys.exit(main([Path(argument) for argument in sys.argv[1:]]))
