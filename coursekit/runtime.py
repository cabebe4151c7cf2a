"""Everything that decides whether two runs agree: seeds, threads, device, precision.

Threads count: the gradient of a convolution is summed in an order that depends on their number,
so it is fixed.
"""

import ctypes
import os
import platform
import random
import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from hashlib import sha256

import torch
from torch import nn

from coursekit.config import thread_count
from coursekit.errors import UsageError, nearest

PRECISIONS = ("exact", "fast")
PACKAGES = (
    "coursekit",
    "torch",
    "torchvision",
    "numpy",
    "pillow",
    "scikit-image",
    "matplotlib",
)


@dataclass(frozen=True)
class Runtime:
    """How this process computes. Precision "exact" is float32; "fast" bfloat16 in hardware."""

    seed: int
    device: torch.device
    threads: int
    precision: str = "exact"

    @property
    def amp(self) -> bool:
        """True when matrix products and convolutions run in bfloat16."""
        return self.precision == "fast" and has_bfloat16(self.device)

    def autocast(self, *networks: nn.Module) -> AbstractContextManager:
        """Context for a forward pass in this precision; weights and gradients stay float32.

        networks: those that the pass uses; where bfloat16 would slow one down, all is float32.
        """
        use = self.amp and all(bfloat16_pays(network, self.device) for network in networks)
        return torch.autocast(self.device.type, torch.bfloat16) if use else nullcontext()

    def generator(self, *stream: object) -> torch.Generator:
        """A CPU generator for one named stream of draws, independent of every other stream."""
        return generator(self.seed, *stream)


def setup(
    *, seed: int = 0, device: str = "auto", precision: str = "exact", threads: int | None = None
) -> Runtime:
    """Fix seeds, threads and algorithms for this process -> the choice.

    UsageError on an unknown value.
    """
    if precision not in PRECISIONS:
        raise UsageError(f"unknown precision {precision!r}: {nearest(precision, PRECISIONS)}")
    # without it cuBLAS refuses deterministic mode
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    threads = threads or thread_count()
    keep_memory()
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    # a guard against other people's bugs, and slow
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.manual_seed(seed)
    random.seed(seed)
    return Runtime(seed=seed, device=find_device(device), threads=threads, precision=precision)


def keep_memory(size: int = 1 << 30) -> bool:
    """Tell the C library to keep `size` bytes of freed memory for the next step -> whether it did.

    A training step frees megabytes and asks for them again. Where glibc hands them back to the
    system in between, every page is cleared anew: measured here, 40 % of a step of the denoiser
    and 20 % of one of the dense autoencoder.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is None:
        return False  # no glibc: its own allocator decides
    trim_threshold, map_threshold = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h
    mallopt(map_threshold, 1 << 25)  # the most that an older glibc takes
    mallopt(map_threshold, size)
    return bool(mallopt(trim_threshold, size))


def find_device(name: str = "auto") -> torch.device:
    """The device of this name; "auto" is the GPU where there is one. UsageError if not here."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is None or device.type not in ("cpu", "cuda", "mps"):
        raise UsageError(
            f"unknown device {name!r}: {nearest(name, ('auto', 'cpu', 'cuda', 'mps'))}"
        )
    if (device.index or 0) >= _count(device.type):
        raise UsageError(f"device {name!r} is not on this machine: use --device cpu, or auto")
    return device


def _count(kind: str) -> int:
    """How many devices of a kind this machine has."""
    if kind == "cuda":
        return torch.cuda.device_count()
    return int(torch.backends.mps.is_available()) if kind == "mps" else 1


def has_bfloat16(device: torch.device) -> bool:
    """True where bfloat16 products run in hardware (elsewhere they are slower than float32)."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return device.type == "cpu" and torch.cpu._is_avx512_bf16_supported()


def bfloat16_pays(network: nn.Module, device: torch.device) -> bool:
    """False on a CPU for recurrent layers and transposed convolutions.

    Measured with AMX on two cores: seq2seq at 0.91 and Pix2Pix 256 at 0.80 of float32's speed.
    """
    slow = (nn.RNNBase, nn.ConvTranspose2d)
    return device.type != "cpu" or not any(isinstance(part, slow) for part in network.modules())


def convolution_pays(device: torch.device) -> bool:
    """True where big matrix products are faster as convolutions: AMD's processors with AVX-512.

    torch's products come from MKL, which uses half the vector width on processors of others than
    Intel; its convolutions come from oneDNN, which does not ask whose processor it is.
    """
    capable = torch.backends.cpu.get_cpu_capability() == "AVX512"
    return device.type == "cpu" and capable and "AMD" in processor()


def generator(seed: int, *stream: object) -> torch.Generator:
    """A generator seeded by the seed and a stream's name: no stream shifts another's draws."""
    digest = sha256("/".join(map(str, (seed, *stream))).encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8]) >> 1)


def versions() -> dict[str, str]:
    """Versions of what the numbers depend on."""
    from importlib.metadata import version

    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}


def processor() -> str:
    """The processor's name, for the record of a run."""
    try:
        with open("/proc/cpuinfo") as lines:
            return next(
                line.partition(":")[2].strip() for line in lines if line.startswith("model name")
            )
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
