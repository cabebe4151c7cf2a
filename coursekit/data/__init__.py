"""Data: the catalogue, the loaders, robust reading of pictures, in-memory batches, noises and sequences.

Everything is imported on first use, so that `import coursekit` stays quick.
"""

import importlib

_HOMES = {
    "load": "sets",
    "Dataset": "dataset", "Ragged": "dataset", "Split": "dataset",
    "Batches": "batches", "to_float": "batches",
    "catalogue": "commands", "status": "commands", "download": "commands", "add": "commands", "verify": "commands",
    "read_pictures": "pictures",
    "reversed_prefix": "sequences",
}
__all__ = [*_HOMES, "noise", "sequences"]


def __getattr__(name: str):
    if name in _HOMES:
        return getattr(importlib.import_module(f"coursekit.data.{_HOMES[name]}"), name)
    if name in ("batches", "commands", "noise", "pictures", "sequences", "sets"):
        return importlib.import_module(f"coursekit.data.{name}")
    raise AttributeError(f"module 'coursekit.data' has no attribute {name!r}")
