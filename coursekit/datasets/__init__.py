"""Data: the catalog, the loaders, robust reading of pictures, in-memory batches, and sequences.

Everything is imported on first use, so that `import coursekit` stays quick.
"""

import importlib

_HOMES = {
    "load": "loading",
    "Dataset": "dataset",
    "Ragged": "dataset",
    "Split": "dataset",
    "Batches": "batches",
    "to_float": "batches",
    "status": "manage",
    "download": "manage",
    "add": "manage",
    "verify": "manage",
    "read_pictures": "images",
    "reversed_prefix": "sequences",
}
__all__ = [*_HOMES, "sequences"]


def __getattr__(name: str):
    if name in _HOMES:
        return getattr(importlib.import_module(f"coursekit.datasets.{_HOMES[name]}"), name)
    if name in ("batches", "catalog", "images", "loading", "manage", "sequences"):
        return importlib.import_module(f"coursekit.datasets.{name}")
    raise AttributeError(f"module 'coursekit.datasets' has no attribute {name!r}")
