"""Memory of this process: giving back what is free, and how much is held."""

import ctypes
import gc


def give_back() -> None:
    """Collect what nobody refers to, and return free memory to the system where the C library (glibc) keeps it."""
    gc.collect()
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError, TypeError):  # another C library: it has its own ways
        pass


def resident_gb() -> float:
    """Memory that this process holds in RAM, in GB (10^9 bytes)."""
    import psutil

    return psutil.Process().memory_info().rss / 1e9
