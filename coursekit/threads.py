"""How many threads a lesson computes with, and how many lessons fit beside each other. Light: torch is not imported."""

import os

from coursekit.errors import UsageError

THREADS = 1                                                 # other cores are for other lessons, and for the runs of a sweep


def thread_count() -> int:
    """Threads for torch: COURSEKIT_THREADS, else the one that the stored outputs were made with."""
    value = os.environ.get("COURSEKIT_THREADS")
    if value is not None:
        if not value.isdecimal() or int(value) < 1:
            raise UsageError(f"COURSEKIT_THREADS is {value!r}: give a whole number from 1, or unset it")
        return int(value)
    return THREADS


def side_by_side(jobs: int) -> int:
    """At most `jobs` lessons at a time, and no more than there are cores for, but one.

    Threads that share a core wait for each other at every step: measured here, 2 threads on 1 core trained the
    denoiser in bfloat16 20 times slower than 1 thread did.
    """
    return max(1, min(jobs, cores() // thread_count()))


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
