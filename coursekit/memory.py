"""Memory of this process: giving back what is free, and how much is held."""

import ctypes
import gc
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
