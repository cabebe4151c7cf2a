"""Memory of this process: giving back what is free, and how much is held."""

import ctypes
import gc
import sys
from contextlib import suppress

LARGE_GB = 0.7  # the libraries alone hold 0.4; below this there is nothing worth collecting
GROWN_GB = 0.1  # collecting takes a fifth of a second, so a cell must have added this much


def give_back() -> None:
    """Collect what nobody refers to; return free memory to the system where glibc keeps it."""
    gc.collect()
    with suppress(AttributeError, OSError, TypeError):  # another C library has its own ways
        ctypes.CDLL(None).malloc_trim(0)


def give_back_after_cells() -> bool:
    """In a notebook, give free memory back after a cell that made it grow -> whether in one.

    `runtime.keep_memory` keeps what a training step frees, for the next step. Between cells that
    holds pieces which no later cell can use: lesson 07 grew to 2.8 GB by it.
    """
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None:
        return False
    shell.events.register("post_run_cell", _after_cell)  # once, however often it is called
    return True


class _AfterCell:
    """Gives back where the process is large and has grown since it last did."""

    def __init__(self) -> None:
        self.left = 0.0  # GB held after the last time

    def __call__(self, *_: object) -> None:
        if resident_gb() > max(LARGE_GB, self.left + GROWN_GB):
            give_back()
            self.left = resident_gb()


_after_cell = _AfterCell()


def resident_gb() -> float:
    """Memory that this process holds in RAM, in GB (10^9 bytes)."""
    import psutil

    return psutil.Process().memory_info().rss / 1e9


def peak_gb() -> float:
    """The most memory that this process ever held in RAM, in GB (10^9 bytes); 0 where unknown."""
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kilobytes elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9
