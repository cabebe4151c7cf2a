"""Pictures of notebooks as files that a page, Word and typst can all show, whatever they were."""

import base64
import binascii
import io
from functools import cache
from pathlib import Path
from urllib.parse import unquote, unquote_to_bytes

import matplotlib
import typst
from PIL import Image

from coursekit.reports import sanitize

NAME = "ck-picture-"
LARGEST_PIXELS = 60_000_000
LARGEST_DRAWING = 20_000_000  # bytes of an SVG
AS_THEY_ARE = {"PNG": "png", "JPEG": "jpg", "GIF": "gif"}
FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"  # DejaVu: letters of many scripts
DOTS = 144  # per inch, of a drawing made a picture


def take(content: bytes, taken: dict[str, bytes]) -> str:
    """Keep a picture and return its name, or nothing where it is none."""
    found = _drawing(content) if _is_drawing(content) else _picture(content)
    if found is None:
        return ""
    kept, ending = found
    name = f"{NAME}{len(taken) + 1}.{ending}"
    taken[name] = kept
    return name


def from_address(address: str, folder: Path | None, attachments: dict) -> bytes:
    """The picture of a data address, a cell's attachment, or a file beside the notebook; or
    nothing.
    """
    if address.startswith("data:"):
        return from_data(address)
    if address.startswith("attachment:"):
        bundle = attachments.get(unquote(address.removeprefix("attachment:")), {})
        return next((decoded(data) for data in bundle.values()), b"")
    if folder is None or not address or "://" in address:
        return b""
    path = (folder / unquote(address)).resolve()
    try:
        return path.read_bytes() if path.is_relative_to(folder.resolve()) else b""
    except (OSError, ValueError):
        return b""


def from_data(address: str) -> bytes:
    """The content of a data: address, or nothing."""
    head, _, data = address.partition(",")
    if head.endswith(";base64"):
        return decoded(unquote(data))
    return unquote_to_bytes(data)


def decoded(data: object) -> bytes:
    """Base64, or the text of an SVG -> bytes; nothing where it is neither."""
    text = "".join(map(str, data)) if isinstance(data, list) else str(data)
    if _is_drawing(text.encode("utf-8", "replace")):
        return text.encode("utf-8", "replace")
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError):
        return b""


def as_png(content: bytes) -> bytes:
    """A picture that was taken, as PNG where it is a drawing."""
    return rendered(content) or content if _is_drawing(content) else content


@cache
def rendered(svg: bytes) -> bytes | None:
    """An SVG as PNG; None where it cannot be read."""
    page = b"#set page(width: auto, height: auto, margin: 0pt)\n"
    page += b'#image(bytes(sys.inputs.svg), format: "svg")'
    inputs = {"svg": svg.decode("utf-8", "replace")}
    try:
        return typst.compile(  # type: ignore[call-overload]
            page,
            format="png",
            ppi=DOTS,
            sys_inputs=inputs,
            font_paths=[FONTS],
            ignore_system_fonts=True,
        )
    except RuntimeError:
        return None


def _is_drawing(content: bytes) -> bool:
    start = content[:2000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<svg", b"<?xml", b"<!doctype svg", b"<!--")) and (
        b"<svg" in content[:20_000].lower()
    )


def _drawing(content: bytes) -> tuple[bytes, str] | None:
    if len(content) > LARGEST_DRAWING:
        return None
    svg = sanitize.without_scripts(content.decode("utf-8-sig", "replace")).encode()
    return (svg, "svg") if rendered(svg) else None


def _picture(content: bytes) -> tuple[bytes, str] | None:
    """A picture as it is where all can show it, else as PNG on white, its dots per inch kept."""
    try:
        image = Image.open(io.BytesIO(content))
        if image.width * image.height > LARGEST_PIXELS:
            return None
        dots = image.info.get("dpi", (0, 0))
        ending = AS_THEY_ARE.get(image.format or "")
        clear = _is_clear(image)
        if ending and (image.format == "GIF" or (not clear and min(dots) > 20)):
            return content, ending
        return _as_png(image, clear, dots if min(dots) > 20 else (100, 100)), "png"
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def _is_clear(image: Image.Image) -> bool:
    """Whether something shines through. Reads the whole picture: a damaged one fails here."""
    image.load()
    if image.mode in ("RGBA", "LA"):
        return image.getchannel("A").getextrema() != (255, 255)
    return image.mode == "PA" or "transparency" in image.info


def _as_png(image: Image.Image, clear: bool, dots: tuple[float, float]) -> bytes:
    """A picture as PNG, on white where something shines through."""
    if clear or image.mode not in ("RGB", "L", "P", "1"):
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    out = io.BytesIO()
    image.save(out, "PNG", dpi=dots)
    return out.getvalue()
