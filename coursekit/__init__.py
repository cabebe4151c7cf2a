"""coursekit: the tested helpers behind the course's notebooks.

`start` begins a lesson; the rest lives in the submodules: `datasets`, `transforms`, `models`,
`training`, `metrics`, `plots`. They are imported on first use, so `import coursekit` is quick.
"""

import importlib
import os

from coursekit import pairing

__version__ = "0.1.0"
__all__ = ["datasets", "metrics", "models", "plots", "runtime", "start", "training", "transforms"]

# Threads that wait must sleep: spinning ones made training 3 to 60 times slower whenever another
# program shared the cores. OpenMP reads this when torch is first imported, so notebooks import
# coursekit before torch.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
pairing.install()


def __getattr__(name: str):
    if name == "start":
        return importlib.import_module("coursekit.lesson").start
    if name in __all__:
        return importlib.import_module(f"coursekit.{name}")
    raise AttributeError(f"module 'coursekit' has no attribute {name!r}")
