"""What a photo's header says, decided by its content and without decoding a pixel."""

import io
import re
from contextlib import suppress
from dataclasses import dataclass

import pillow_heif
from PIL import Image, UnidentifiedImageError

from pictures.errors import TooManyPixels, UndecodablePhoto, UnsupportedFormat

MAX_PIXELS = 64_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "HEIF", "AVIF", "TIFF")
_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n", b"RIFF", b"II*\0", b"MM\0*", b"ftyp")

pillow_heif.register_heif_opener(thumbnails=False)


@dataclass(frozen=True)
class Header:
    """`width` and `height` in pixels as stored, before any EXIF rotation."""

    format: str
    width: int
    height: int


def open_photo(data: bytes, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """A Pillow image whose pixels are not yet decoded.

    Raises UnsupportedFormat, TooManyPixels, or UndecodablePhoto for a broken header.
    """
    if not data:
        raise UndecodablePhoto("it is empty (0 bytes)")
    image = _identify(data, max_pixels)
    if image.width * image.height > max_pixels:
        raise TooManyPixels(image.width, image.height, max_pixels)
    return image


def read_header(data: bytes, max_pixels: int = MAX_PIXELS) -> Header:
    """Format and size. Raises as `open_photo` does."""
    with open_photo(data, max_pixels) as image:
        return Header(format_name(image), image.width, image.height)


def format_name(image: Image.Image) -> str:
    """What the file is to a person: an MPO is a JPEG with more pictures behind the first."""
    return "JPEG" if image.format == "MPO" else str(image.format)


def _identify(data: bytes, max_pixels: int) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _bomb(data, str(error), max_pixels) from error
    except UnidentifiedImageError as error:
        if any(magic in data[:16] for magic in _MAGIC):
            raise UndecodablePhoto("its header is damaged or cut off") from error
        raise UnsupportedFormat("not an image of a known format", ", ".join(FORMATS)) from error
    except Exception as error:
        # Each of Pillow's readers fails in its own way on a damaged header.
        raise UndecodablePhoto(str(error) or type(error).__name__) from error


def _bomb(data: bytes, message: str, max_pixels: int) -> TooManyPixels:
    """Pillow keeps the sides of a picture that it refuses to itself: ask its reader again."""
    for name in FORMATS:
        factory, accepts = Image.OPEN.get(name, (None, None))
        if factory and accepts and accepts(data[:16]) is True:
            with suppress(Exception), factory(io.BytesIO(data), "") as image:
                return TooManyPixels(image.width, image.height, max_pixels)
    count = re.search(r"\((\d+) pixels\)", message)
    return TooManyPixels.counted(int(count[1]) if count else max_pixels + 1, max_pixels)
