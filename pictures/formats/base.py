"""What all formats have in common."""

import io
from abc import ABC, abstractmethod
from dataclasses import dataclass

from PIL import Image

from pictures.pixels import Pixels

FORMATS = ("JPEG", "PNG", "WEBP", "HEIF", "AVIF", "TIFF")
MB = 1 << 20
_ORIENTATION = 0x0112


@dataclass(frozen=True)
class RawPicture:
    """Decoded pixels, perhaps at a reduced scale, in the colours of the file.

    `pixels`: uint8 (h, w, 3) RGB, or a Pillow image of any mode but "I" and "F". `size`: width and
    height at full scale. `profile`: an ICC profile, or None for sRGB. `orientation`: as in EXIF, 1
    to 8, which is still to be undone.
    """

    pixels: Pixels | Image.Image
    size: tuple[int, int]
    profile: bytes | None = None
    orientation: int = 1
    jpeg: bytes | None = None


@dataclass(frozen=True)
class Header(ABC):
    """What a file says before a pixel is decoded.

    `width` and `height` in pixels as stored, before any EXIF rotation. `memory`: the most bytes
    that decoding takes beside the file and what comes out.
    """

    format: str
    width: int
    height: int
    memory: int

    @property
    def is_bounded(self) -> bool:
        """Whether the header bounds the time as well: to three seconds at most."""
        return True

    def check(self) -> None:  # noqa: B027 - most formats have none
        """Raises TooManyPixels or TooComplex beyond a limit of the format's own."""

    @abstractmethod
    def load(self, data: bytes, scale: float) -> RawPicture:
        """The pixels of `data`, whose header this is, at `scale` or any larger one up to 1.

        Raises PhotoError, or whatever a decoder is led into by a damaged file.
        """


def open_as(data: bytes, name: str) -> Image.Image:
    """A Pillow image of that format; its pixels are not yet decoded."""
    return Image.open(io.BytesIO(data), formats=(name,))


def orientation_of(source: bytes | Image.Image | None) -> int:
    """The orientation by the EXIF of a file, or a block of EXIF: 1 to 8; 1 where there is none or
    it cannot be read."""
    try:
        if isinstance(source, Image.Image):
            found = source.getexif()
        else:
            found = Image.Exif()
            found.load(source or b"")
        orientation = found.get(_ORIENTATION, 1)
    except Exception:  # noqa: BLE001 - metadata from anywhere; the pixels are what counts
        return 1
    return orientation if orientation in range(1, 9) else 1
