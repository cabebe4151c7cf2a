"""Shutting a process in: no network, no files but those named, no more memory or time than given.

Two parts of Linux do it, and no rights are needed: user namespaces (util-linux's `unshare`) take
the network and the other processes away, Landlock (kernel 5.13 and newer) the files. Where one is
missing, `problem` says so, and a container has to do it.
"""

import ctypes
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

CREATE, ADD, RESTRICT = 444, 445, 446  # Landlock's system calls, the same on all processors
NO_NEW_PRIVILEGES = 38
EXECUTE, WRITE, READ, READ_FOLDER = 1 << 0, 1 << 1, 1 << 2, 1 << 3
EVERYTHING = (1 << 13) - 1  # the rights of Landlock's first version
REFER, TRUNCATE = 1 << 13, 1 << 14  # of its second and third
READING = EXECUTE | READ | READ_FOLDER
OF_FILES = EXECUTE | WRITE | READ | TRUNCATE
SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/etc", "/proc", "/sys", "/dev/urandom", "/dev/random")

DEVICES = ("/dev/null", "/dev/zero", "/dev/shm")
LARGEST_FILE = 50_000_000  # bytes that a hand-in may write into one file, its printouts included
UNSHARE = ("unshare", "--user", "--map-current-user", "--net", "--pid", "--fork", "--kill-child")


class _Ruleset(ctypes.Structure):
    _fields_ = [("handled", ctypes.c_uint64)]


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32)]


def problem() -> str:
    """What this machine lacks to shut a process in, or nothing."""
    if not sys.platform.startswith("linux"):
        return "only Linux can"
    if version() < 1:
        return "this kernel has no Landlock"
    if not shutil.which("unshare"):
        return "there is no program 'unshare' (package util-linux)"
    trial = subprocess.run([*UNSHARE, "true"], capture_output=True)
    return "" if trial.returncode == 0 else "this machine allows no user namespaces"


def version() -> int:
    """Landlock's version here, 0 without it."""
    return max(0, _libc().syscall(CREATE, None, 0, 1))


def outside(command: list[str]) -> list[str]:
    """The command in namespaces of its own: no network, and its children end with it."""
    return [*UNSHARE, *command]


def limit(*, seconds: int, gigabytes: float) -> None:
    """Bounds of this process and its children: processor time, memory, sizes of files."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    resource.setrlimit(resource.RLIMIT_DATA, (int(gigabytes * 2**30),) * 2)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def shut_files(*, readable: Iterable[Path], writable: Iterable[Path]) -> None:
    """From now on this process opens nothing but these, and what a program needs of the system.

    OSError where Landlock refuses.
    """
    handled = EVERYTHING | {1: 0, 2: REFER}.get(version(), REFER | TRUNCATE)
    rules = _Ruleset(handled)
    made = _call(CREATE, ctypes.byref(rules), ctypes.sizeof(rules), 0)
    for path in [*map(Path, SYSTEM), *readable]:
        _allow(made, path, READING)
    for path in [*map(Path, DEVICES), *writable]:
        _allow(made, path, handled)
    if _libc().prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0):
        raise OSError("the kernel grants no lasting limits")
    _call(RESTRICT, made, 0)
    os.close(made)


def _allow(made: int, path: Path, rights: int) -> None:
    """Add one path, with what may be done at and below it; one that does not exist is no matter."""
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    if not path.is_dir():
        rights &= OF_FILES
    rule = _Beneath(rights, handle)
    _call(ADD, made, 1, ctypes.byref(rule), 0)
    os.close(handle)


def _call(number: int, *arguments: object) -> int:
    found = _libc().syscall(number, *arguments)
    if found < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"Landlock refuses: {os.strerror(code)}")
    return found


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
