"""Read the pictures out of a Qt resource file (`.rcc`), in which GCompris ships them."""

import struct
import zlib
from pathlib import Path

COMPRESSED, FOLDER, ZSTD = 1, 2, 4


def read(path: Path) -> dict[str, bytes]:
    """Name inside the resource file -> bytes, by name. ValueError on anything but an .rcc."""
    blob = path.read_bytes()
    if blob[:4] != b"qres":
        raise ValueError(
            f"{path.name} is not a Qt resource file: it begins with {blob[:4]!r}, not with b'qres'"
        )
    version, tree, data, names = struct.unpack_from(">4I", blob, 4)
    size = 14 if version == 1 else 22  # from version 2 on a node also holds its time of change
    files: dict[str, bytes] = {}

    def walk(index: int, folder: str) -> None:
        name_at, flags, first, second = struct.unpack_from(">IHII", blob, tree + index * size)
        name = folder + _name(blob, names + name_at) if index else ""
        if flags & FOLDER:
            for child in range(second, second + first):
                walk(child, f"{name}/" if name else "")
        else:
            files[name] = _content(blob, data + second, flags, name)

    walk(0, "")
    return dict(sorted(files.items()))


def _name(blob: bytes, at: int) -> str:
    """Names are a length, a hash and UTF-16, big-endian."""
    (length,) = struct.unpack_from(">H", blob, at)
    return blob[at + 6 : at + 6 + 2 * length].decode("utf-16-be")


def _content(blob: bytes, at: int, flags: int, name: str) -> bytes:
    """One file's bytes; `qCompress` puts the unpacked length before the zlib stream."""
    if flags & ZSTD:
        raise ValueError(
            f"{name} is packed with zstd, unknown to this reader: use the version in build.py"
        )
    (length,) = struct.unpack_from(">I", blob, at)
    content = blob[at + 4 : at + 4 + length]
    return zlib.decompress(content[4:]) if flags & COMPRESSED else content
