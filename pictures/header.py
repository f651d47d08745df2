"""What a photo's header says, decided by its content and without decoding a pixel."""

import io
import warnings
from dataclasses import dataclass

from PIL import Image

from pictures.errors import TooManyPixels, UndecodablePhoto, UnsupportedFormat

MAX_PIXELS = 64_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "TIFF", "MPO")
_NAMES = ", ".join(name for name in FORMATS if name != "MPO")


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
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.UnidentifiedImageError as error:
        raise UnsupportedFormat("not an image of a known format", _NAMES) from error
    except Image.DecompressionBombError as error:
        raise UndecodablePhoto(str(error)) from error
    except (OSError, ValueError, SyntaxError) as error:
        raise UndecodablePhoto(str(error)) from error
    if image.width * image.height > max_pixels:
        raise TooManyPixels(image.width, image.height, max_pixels)
    return image


def read_header(data: bytes, max_pixels: int = MAX_PIXELS) -> Header:
    """Format and size. Raises as `open_photo` does."""
    with open_photo(data, max_pixels) as image:
        name = "JPEG" if image.format == "MPO" else str(image.format)
        return Header(name, image.width, image.height)
