"""How many threads a lesson computes with, and how many lessons fit beside each other. Light: torch is not imported."""

import os

from coursekit.errors import UsageError

THREADS = 1                                                 # what the stored outputs were made with


def thread_count(profile: str = "quick") -> int:
    """Threads for torch: COURSEKIT_THREADS, else one, so that results do not hang on the machine; all cores at full."""
    value = os.environ.get("COURSEKIT_THREADS")
    if value is not None:
        if not value.isdecimal() or int(value) < 1:
            raise UsageError(f"COURSEKIT_THREADS is {value!r}: give a whole number from 1, or unset it")
        return int(value)
    return cores() if profile == "full" else THREADS


def side_by_side(jobs: int, profile: str = "quick") -> int:
    """At most `jobs` lessons at a time, and no more than there are cores for, but one.

    Threads that share a core wait for each other at every step: measured here, 2 threads on 1 core trained the
    denoiser in bfloat16 20 times slower than 1 thread did.
    """
    return max(1, min(jobs, cores() // thread_count(profile)))


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
