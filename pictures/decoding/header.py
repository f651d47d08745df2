"""What a photo's header says, decided by its content and without decoding a pixel."""

import re
from collections.abc import Callable

from pictures.errors import PhotoError, TooManyPixels, UndecodablePhoto, UnsupportedFormat
from pictures.formats import heif, jpeg, png, tiff, webp
from pictures.formats.base import FORMATS, Header

__all__ = ["FORMATS", "MAX_PIXELS", "MAX_SIDE", "Header", "read_header"]

MAX_PIXELS = 64_000_000
MAX_SIDE = 32_768  # pixels; the longest panoramas of phones have about 20,000
_INSPECT: tuple[tuple[re.Pattern[bytes], Callable[[bytes], Header]], ...] = (
    (re.compile(rb"\xff\xd8\xff"), jpeg.inspect),
    (re.compile(re.escape(png.SIGNATURE[:6])), png.inspect),
    (re.compile(rb"RIFF(....WEBP|.{0,7}$)", re.DOTALL), webp.inspect),
    (re.compile(rb"....ftyp", re.DOTALL), heif.inspect),
    (re.compile(b"|".join(map(re.escape, tiff.PREFIXES))), tiff.inspect),
)
_UNKNOWN = "not an image of a known format"
_OTHERS = tuple(
    (re.compile(magic, re.DOTALL | re.IGNORECASE), name)
    for magic, name in (
        (rb"II(U\0|RO|RS)|MMOR|FUJIFILM|FOVb|\0MRM", "a camera raw file"),  # Panasonic, Olympus, …
        (rb"GIF8[79]a", "a GIF"),
        (rb"BM.{12}[\x0c\x28\x38\x40\x6c\x7c]\0\0\0", "a BMP"),
        (rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51", "a JPEG 2000"),
        (rb"\0\0\0\x0cJXL |\xff\x0a", "a JPEG XL"),
        (rb"8BPS", "a Photoshop file"),
        (rb"%PDF-", "a PDF"),
        (rb"PK\x03\x04", "a ZIP file"),
        (rb"\x1f\x8b", "a gzip file"),
        (rb"(\xef\xbb\xbf)?\s*<(svg|\?xml)", "an SVG or another XML file"),
        (rb"(\xef\xbb\xbf)?\s*<(!doctype )?html", "a page of HTML"),
        (rb"version https://git-lfs", "a Git LFS pointer, not the file itself"),
        (rb"data:image/", "a data: URL in text; its bytes are wanted"),
        (rb"/9j/|iVBORw0KGgo|UklGR", "an image in Base64; its bytes are wanted"),
        (rb"\s*[{\[]\s*\"", "JSON; the bytes of the photo are wanted"),
        (rb"--[\w'()+,./:=?-]{1,70}\r\n", "a form whose Content-Type does not say so"),
    )
)


def read_header(data: bytes, max_pixels: int = MAX_PIXELS) -> Header:
    """Format, size, and what decoding would cost.

    Raises UnsupportedFormat, TooManyPixels, TooComplex, or UndecodablePhoto for a broken header.
    """
    if not data:
        raise UndecodablePhoto("it is empty (0 bytes)")
    header = _read(data, _reader_of(data))
    width, height = header.width, header.height
    if not width or not height:
        raise UndecodablePhoto(f"it is {width} x {height} pixels")
    if width * height > max_pixels:
        raise TooManyPixels(width, height, max_pixels)
    if max(width, height) > MAX_SIDE:
        raise TooManyPixels.in_a_row(width, height, MAX_SIDE)
    header.check()
    return header


def _reader_of(data: bytes) -> Callable[[bytes], Header]:
    for magic, read in _INSPECT:
        if magic.match(data[:64]):
            return read
    found = next((name for magic, name in _OTHERS if magic.match(data[:64])), _UNKNOWN)
    raise UnsupportedFormat(found, ", ".join(FORMATS))


def _read(data: bytes, inspect: Callable[[bytes], Header]) -> Header:
    try:
        return inspect(data)
    except PhotoError:
        raise
    except Exception as error:
        # What a damaged header leads a reader into: the end of the file, or whatever it meets.
        raise UndecodablePhoto("its header is damaged or cut off") from error
