"""Memory of this process: giving back what is free, and how much is held."""

import ctypes
import gc
import sys
from contextlib import suppress


def give_back() -> None:
    """Collect what nobody refers to; return free memory to the system where glibc keeps it."""
    gc.collect()
    with suppress(AttributeError, OSError, TypeError):  # another C library has its own ways
        ctypes.CDLL(None).malloc_trim(0)


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
