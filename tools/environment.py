"""Makes or mends the virtual environment, and says in one line what to do where that fails.

`python tools/environment.py .venv` is what `make setup` runs, with the Python that the environment
is to have. Standard library only: nothing is installed yet.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

NEEDED_GB = 6  # torch and the rest, unpacked, and pip's downloads
WAYS_OUT = (  # what pip says, what to do; the first that fits
    (
        r"No space left on device|Errno 28|Disk quota exceeded",
        "the disk is full: make about {gb} GB of room, or set TMPDIR and PIP_CACHE_DIR to a larger "
        "disk",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLError|SSLCertVerification",
        "the connection's certificate is not trusted: set PIP_CERT to your network's certificate "
        "file, and check the computer's clock",
    ),
    (
        r"Temporary failure in name resolution|Name or service not known|getaddrinfo failed"
        r"|NewConnectionError|ConnectTimeout|ReadTimeout|Read timed out|Connection (?:refused|reset"
        r"|aborted|broken)|ProxyError|Network is unreachable|Max retries exceeded|IncompleteRead"
        r"|nodename nor servname|\b50[234] (?:Server Error|Bad Gateway|Service)",
        "the package registry cannot be reached: check the connection (behind a proxy, set "
        "HTTPS_PROXY; for a mirror, PIP_INDEX_URL)",
    ),
    (
        r"DO NOT MATCH THE HASHES|BadZipFile|not a zip file|is corrupted|invalid wheel",
        "a download is damaged: run {python} -m pip cache purge",
    ),
    (
        r"Permission denied|Errno 13|Read-only file system|Errno 30",
        "{folder} or pip's cache may not be written: give them to your user, or set PIP_CACHE_DIR",
    ),
    (
        r"from versions: none",
        "the package registry cannot be reached (check the connection; behind a proxy, set "
        "HTTPS_PROXY; for a mirror, PIP_INDEX_URL), or it has nothing for Python {version}: take "
        "3.11, 3.12 or 3.13, as in make PYTHON=python3.12",
    ),
    (
        r"ResolutionImpossible|Requires-Python|requires a different Python|No matching distribution"
        r"|Failed (?:to build|building wheel)|subprocess-exited-with-error|metadata-generation",
        "no build of a package fits Python {version} on this machine: take 3.11, 3.12 or 3.13 on "
        "64 bits, as in make PYTHON=python3.12",
    ),
    (r"Killed|MemoryError|Cannot allocate memory", "memory ran out: close other programs"),
)
OTHERWISE = "read pip's message above"


def main(folder: Path) -> int:
    """Make the environment ready; 0 when it is, else 1 with the way out on stderr."""
    stamp = folder / ".installed"
    stamp.unlink(missing_ok=True)
    if reason := unusable(folder):
        print(f"Setting up {folder} ({reason}; torch and the rest take a minute or more) ...")
        if error := create(folder):
            return failed(error)
    code, said = install(folder)
    if code:
        return failed(f"pip could not install the packages: {way_out(said, folder)}")
    stamp.write_text(f"{Path.cwd()}\n", encoding="utf-8")
    return 0


def unusable(folder: Path) -> str:
    """Why the environment must be made afresh, or nothing where it can be gone on with."""
    python = folder / "bin" / "python"
    if not folder.exists():
        return "once"
    programs = python.exists() and (folder / "bin" / "pip").exists()
    if not programs or run(python, "-c", "import pip").returncode:
        return "again, because it was left half-made"
    if moved(folder):
        return "again, because the folder has moved"
    if run(python, "-c", HALF_INSTALLED).returncode:
        return "again, because its set-up was interrupted"
    return ""


def moved(folder: Path) -> bool:
    """True where the environment's programs name a Python in another folder."""
    text = (folder / "bin" / "pip").read_text(errors="replace")
    found = re.search(r"(/[^\n\"]*)/python", text)
    home = Path(found[1]) if found else Path("nowhere")
    return not home.is_dir() or not home.samefile(folder / "bin")


# pip writes INSTALLER after a package's files: without it, some may be missing unnoticed.
HALF_INSTALLED = """
import sys
from importlib.metadata import distributions
files = lambda item: (item.read_text("METADATA"), item.read_text("INSTALLER"))
sys.exit(any(known and not done for known, done in map(files, distributions())))
"""


def create(folder: Path) -> str:
    """Make an empty environment; returns what is wrong, or nothing."""
    made = run(sys.executable, "-m", "venv", "--clear", str(folder))
    if made.returncode == 0:
        return ""
    shutil.rmtree(folder, ignore_errors=True)
    said = made.stdout + made.stderr
    if "ensurepip" in said or "No module named venv" in said:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        return (
            f"{sys.executable} comes without pip and venv: apt install python{version}-venv "
            "(Debian, Ubuntu), or name another Python: make PYTHON=/path/to/python3"
        )
    last = (said.strip().splitlines() or ["no reason given"])[-1]
    return f"{folder} cannot be made ({last}): {way_out(said, folder)}"


def install(folder: Path) -> tuple[int, str]:
    """Run pip on the project; its exit code and what it said, which is shown as it comes."""
    command = [str(folder / "bin" / "python"), "-m", "pip", "install", "-qq"]
    command += ["--disable-pip-version-check", "-c", "constraints.txt", "-e", ".[site,test]"]
    said = []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as pip:
        for line in pip.stdout or ():
            said.append(line)
            print(line, end="", file=sys.stderr, flush=True)
    return pip.returncode, "".join(said)


def way_out(said: str, folder: Path) -> str:
    """What to do about what pip or venv said."""
    fits = (advice for pattern, advice in WAYS_OUT if re.search(pattern, said, re.IGNORECASE))
    version = ".".join(map(str, sys.version_info[:3]))
    python = os.path.join(str(folder), "bin", "python")
    return next(fits, OTHERWISE).format(gb=NEEDED_GB, python=python, version=version, folder=folder)


def failed(reason: str) -> int:
    print(f"make: {reason}; then run make again, it goes on from there", file=sys.stderr)
    return 1


def run(*command: object) -> subprocess.CompletedProcess[str]:
    """Run quietly; a program that cannot start is one that failed."""
    words = [str(word) for word in command]
    try:
        return subprocess.run(words, capture_output=True, text=True, errors="replace")
    except OSError as error:
        return subprocess.CompletedProcess(words, 127, "", str(error))


if __name__ == "__main__":
    try:
        sys.exit(main(Path(sys.argv[1])))
    except KeyboardInterrupt:
        sys.exit(failed("stopped"))
    except OSError as error:
        sys.exit(failed(f"{error}: {way_out(str(error), Path(sys.argv[1]))}"))
