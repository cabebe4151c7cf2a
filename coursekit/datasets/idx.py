"""The IDX format of MNIST (LeCun, "The MNIST database", file formats): magic 0 0 type rank,
big-endian sizes, bytes."""

import gzip
import struct
import zlib
from math import prod

import numpy as np

from coursekit.errors import DataError

UNSIGNED_BYTE = 8


def unpack(data: bytes, name: str = "idx file") -> bytes:
    """The content of a .gz file, or the bytes themselves where they are not packed.

    DataError when damaged.
    """
    if not data.startswith(b"\x1f\x8b"):
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{name} is damaged: {error}") from None


def parse(data: bytes, name: str = "idx file") -> np.ndarray:
    """Bytes (packed or not) -> uint8 array of the rank in the header: (N, H, W) for images, (N,)
    for labels."""
    data = unpack(data, name)
    if len(data) < 4 or data[:3] != bytes((0, 0, UNSIGNED_BYTE)) or len(data) < 4 + 4 * data[3]:
        raise DataError(
            f"{name} is not an IDX file of bytes: it starts with {data[:4].hex(' ') or 'nothing'}"
        )
    rank = data[3]
    shape = struct.unpack(f">{rank}I", data[4 : 4 + 4 * rank])
    pixels = len(data) - 4 - 4 * rank
    if pixels != prod(shape):
        raise DataError(
            f"{name} holds {pixels:,} bytes, but its header says {prod(shape):,} ({shape}): it is "
            "damaged"
        )
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(shape)
