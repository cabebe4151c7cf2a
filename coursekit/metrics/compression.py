"""How many bytes a picture takes, and what it costs: PNG, JPEG, and codes in whole numbers."""

import io

import torch
from PIL import Image
from torch import Tensor

START_OF_SCAN = b"\xff\xda"  # what stands before is the same tables in every file


def png_bytes(pictures: Tensor) -> float:
    """Mean size of the files of gray pictures, uint8 (N, H, W), which lose nothing."""
    return sum(len(_file(picture, "png", optimize=True)) for picture in pictures) / len(pictures)


def jpeg(pictures: Tensor, *, quality: int) -> tuple[Tensor, float, float]:
    """Gray pictures uint8 (N, H, W) -> decoded again (N, H, W), bytes a file, bytes without tables.

    The tables are most of so small a file; without them is what a format of its own would need.
    """
    decoded, whole, scan = [], 0, 0
    for picture in pictures:
        file = _file(picture, "jpeg", quality=quality, optimize=True)
        decoded.append(
            torch.frombuffer(bytearray(Image.open(io.BytesIO(file)).tobytes()), dtype=torch.uint8)
        )
        whole += len(file)
        scan += len(file) - file.index(START_OF_SCAN) - 12  # its header has 10 bytes, the end 2
    count = len(pictures)
    return torch.stack(decoded).reshape(pictures.shape), whole / count, scan / count


def rounded(codes: Tensor, *, low: Tensor, high: Tensor, bits: int = 8) -> Tensor:
    """Codes (N, K) as they come back from whole numbers of so many bits between low and high (K,).

    What lies outside is set to the nearer bound.
    """
    step = (high - low) / (2**bits - 1)
    return low + ((codes.clamp(low, high) - low) / step).round() * step


def _file(picture: Tensor, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture.numpy()).save(buffer, kind, **options)
    return buffer.getvalue()
