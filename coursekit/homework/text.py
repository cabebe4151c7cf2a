"""Text as people and spreadsheets write it: encodings, digits of any script, decimal commas."""

import codecs
import re
import unicodedata
from decimal import Decimal
from pathlib import Path

from coursekit.errors import CourseError

MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx and .ods, .xls
INVISIBLE = re.compile("[\ufeff\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]")
NUMBER = re.compile(r"([+-]?)(\d*)(?:([.,٫])(\d*))?")
THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:[.,٬'’\s]\d{3})+(?:[.,٫]\d*)?")


def decoded(path: Path) -> str:
    """The text of a file in UTF-8, or as its byte-order mark says. CourseError with a way out."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CourseError(f"cannot read {path} ({error.strerror})") from None
    if content.startswith(WORKBOOKS):
        raise CourseError(f"{path} is a workbook: save its sheet as CSV UTF-8 and give that")
    encoding = next((name for mark, name in MARKS.items() if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding).lstrip("\ufeff")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise CourseError(f"{path}, line {line}: is not UTF-8; save the file as UTF-8") from None
    if "\0" in text:
        raise CourseError(f"{path} is no text file: save it as UTF-8")
    return text


def clean(text: str) -> str:
    """The text composed, without blanks at its ends and without marks that nobody sees."""
    return INVISIBLE.sub("", unicodedata.normalize("NFC", text)).strip()


def ascii_digits(text: str) -> str:
    """The text with the digits of any script, as ۱۲ or ١٢, written as 0 to 9."""
    return "".join(
        str(unicodedata.decimal(letter)) if letter.isdecimal() else letter for letter in text
    )


def number(cell: str, *, point: bool = True) -> Decimal:
    """What a cell says, with a decimal point or comma. ValueError says why it is no number.

    point: whether a point is a decimal point for sure. Where it is not, and with a comma, three
    digits behind it could be thousands: "1,250" is refused rather than guessed.
    """
    text = ascii_digits(cell).replace("−", "-")
    match = NUMBER.fullmatch(text)
    if not match or not match[2] + (match[4] or ""):
        if THOUSANDS.fullmatch(text):
            raise ValueError(f"{cell!r} has thousands set apart; write the digits together")
        raise ValueError(f"{cell!r} is not a number")
    sign, whole, separator, rest = match[1], match[2], match[3], match[4] or ""
    sure = separator in (None, "٫") or (separator == "." and point)
    if not sure and len(rest) == 3 and 1 <= len(whole) <= 3 and whole[0] != "0":
        raise ValueError(
            f"{cell!r} could be {whole}.{rest} or {whole}{rest}; write it with another decimal"
        )
    return Decimal(f"{sign}{whole or 0}.{rest or 0}")
