"""Pictures of notebooks as files that Word and typst can read, whatever they were."""

import base64
import binascii
import io

from PIL import Image

NAME = "ck-picture-"
LARGEST_PIXELS = 60_000_000


def take(data: str, taken: dict[str, bytes]) -> str:
    """Keep a base64 picture and return its name, or nothing."""
    try:
        content = as_png(base64.b64decode(data))
    except (binascii.Error, ValueError):
        content = None
    if content is None:
        return ""
    name = f"{NAME}{len(taken) + 1}.png"
    taken[name] = content
    return name


def as_png(content: bytes) -> bytes | None:
    """Any picture's bytes -> those of a PNG on white, its dots per inch kept; None where it cannot be read."""
    try:
        image = Image.open(io.BytesIO(content))
        if image.width * image.height > LARGEST_PIXELS:
            return None
        dots = image.info.get("dpi", (100, 100))
        if image.mode not in ("RGB", "L"):
            image = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert(
                "RGB"
            )
        out = io.BytesIO()
        image.save(out, "PNG", dpi=dots if min(dots) > 20 else (100, 100))
        return out.getvalue()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
