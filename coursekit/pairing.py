"""Makes `import torchvision` work where its compiled operators do not fit torch.

pip can bring a CPU-only torch beside a torchvision built for CUDA. torchvision's operators then do
not load, and its import fails while registering fake kernels for two operators that nobody defined.
Defining the two schemas first makes the rest work: transforms, data sets and models, though not
`torchvision.ops.nms` nor `torchvision.io`.

The check waits for the first `import torchvision`, so that `import coursekit` costs nothing.
"""

import importlib.util
import sys
from functools import cache
from importlib.abc import MetaPathFinder
from pathlib import Path

SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_libraries: list[object] = []  # torch forgets a definition whose library is collected


class _Finder(MetaPathFinder):
    """First in line for one import of torchvision: mends it where needed, lets others find it."""

    def find_spec(self, name, path=None, target=None):
        if name == "torchvision":
            sys.meta_path.remove(self)
            if needed():
                mend()
        return


def install() -> None:
    """Watch for the first import of torchvision, unless it is imported already."""
    if "torchvision" not in sys.modules and not any(
        isinstance(finder, _Finder) for finder in sys.meta_path
    ):
        sys.meta_path.insert(0, _Finder())


@cache
def needed() -> bool:
    """True when torchvision is installed and its compiled operators do not load into this torch."""
    library = _compiled_operators()
    if library is None:
        return False
    import torch

    try:
        torch.ops.load_library(library)
    except OSError:
        return True
    return False


def mend() -> None:
    """Define the two operators whose absence stops torchvision's import; once a process."""
    import torch

    if not _libraries:
        library = torch.library.Library("torchvision", "DEF")
        for schema in SCHEMAS:
            library.define(schema)
        _libraries.append(library)


def status() -> str:
    """One sentence on how the installed torch and torchvision go together."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        pair = f"torch {version('torch')}, torchvision {version('torchvision')}"
    except PackageNotFoundError as error:
        return f"{error.name} is not installed: run `make` again, or pip install coursekit again"
    if needed():
        reason = "compiled operators do not fit (CPU torch beside CUDA torchvision)"
        return f"{pair}: {reason}; mended on import"
    return f"{pair}: they match"


def _compiled_operators() -> Path | None:
    """The file of torchvision's compiled operators, or None where there is none."""
    spec = importlib.util.find_spec("torchvision")
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0])
    return next(iter(sorted([*folder.glob("_C*.so"), *folder.glob("_C*.pyd")])), None)
