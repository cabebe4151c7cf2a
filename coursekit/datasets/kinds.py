"""What a file is, by its first bytes: the reason why it is no picture that is read, and a way."""

DAMAGED = "truncated or damaged"
ARCHIVES = {
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"Rar!\x1a\x07": "RAR",
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstandard",
}
OTHERS = {
    **dict.fromkeys((b"\x89PNG", b"\xff\xd8\xff", b"GIF8"), DAMAGED),
    b"%PDF": "a PDF: save its pictures as PNG",
    b"8BPS": "a Photoshop file: save it as PNG",
    b"%!PS": "PostScript: save it as PNG",
    b"\x00\x00\x01\x00": "an icon: save it as PNG",
    b"\xff\x0a": "JPEG XL: convert it to PNG",
    b"\x00\x00\x00\x0cJXL ": "JPEG XL: convert it to PNG",
    b"II\x1a\x00\x00\x00HEAPCCDR": "a camera's raw file: convert it to JPEG",
    b"FUJIFILMCCD-RAW": "a camera's raw file: convert it to JPEG",
    b"\x1aE\xdf\xa3": "a video",
    b"SQLite format 3\x00": "a database",
    b"\x89HDF\r\n\x1a\n": "an HDF5 file",
    b"\x93NUMPY": "a NumPy array",
}
HEIF = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")
HEIC = (
    "HEIC: convert it to JPEG (an iPhone saves JPEG under Settings, Camera, Formats, Most "
    "Compatible), or `pip install pillow-heif` and add it again"
)
AVIF = "AVIF that the installed Pillow does not read: convert it to JPEG"
TEXT = bytes([*range(32, 256), *b"\t\n\r\f\x1b"])


def kind(data: bytes) -> str:
    """In words, what bytes that no decoder knows are, and what a person can do with them."""
    for start, name in ARCHIVES.items():
        if data.startswith(start):
            return f"an archive ({name}): unpack it and add the folder"
    if data[257:262] == b"ustar":
        return "an archive (tar): unpack it and add the folder"
    for start, words in OTHERS.items():
        if data.startswith(start):
            return words
    if data[4:8] == b"ftyp":
        return (
            AVIF if data[8:12] in (b"avif", b"avis") else HEIC if data[8:12] in HEIF else "a video"
        )
    return f"not a picture{_text(data[:4096])}"


def no_archive(head: bytes) -> str:
    """The end of a sentence: what a file that should be an archive is, by its first bytes."""
    if not head:
        return ": it is empty"
    if looks_like_html(head):
        return ": it is a web page (a login page, perhaps); download it in a browser"
    words = kind(head)
    if words == DAMAGED:
        return ": it is one picture; add the folder that it lies in"
    if words.startswith("not a picture"):
        return f" (it starts with {head[:8].hex(' ')}): is it cut off or of another kind?"
    return f": it is {words}"


def looks_like_html(head: bytes) -> bool:
    """True when the first bytes are those of a web page."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:64].lower()
    return start.startswith((b"<!doctype", b"<html", b"<head", b"<!--", b"<?xml", b"<script"))


def _text(head: bytes) -> str:
    """The end of a reason: which text it is; empty where it is none."""
    if not head or head.translate(None, TEXT) and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ""
    if b"<svg" in head:
        return ": SVG has no pixels, save it as PNG"
    return ": a web page" if looks_like_html(head) else ": a text file"
