"""From bytes to upright pixels, at the scale that the model needs."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from pictures.colormaps import Pixels
from pictures.errors import UndecodablePhoto
from pictures.header import MAX_PIXELS, format_name, open_photo

_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True)
class Photo:
    """`pixels`: uint8 (h, w, 3) RGB, upright, perhaps smaller than the photo.

    `width` and `height`: of the whole photo, upright, in pixels. `format`: JPEG, PNG, …
    """

    pixels: Pixels
    width: int
    height: int
    format: str


def decode(data: bytes, min_side: int, max_pixels: int = MAX_PIXELS) -> Photo:
    """The first frame, upright; its short side stays at least twice `min_side` where it was.

    JPEGs are decoded at a reduced scale, which costs a fraction of the whole; other formats are
    reduced afterwards. Turned by EXIF, transparency laid on white, 16-bit greys divided by 257.
    Raises UnsupportedFormat, TooManyPixels, or UndecodablePhoto (also for the last byte missing:
    never half a picture).
    """
    with open_photo(data, max_pixels) as image:
        try:
            return _decode(image, 2 * min_side)
        except Exception as error:
            # Pillow's readers raise whatever a damaged file leads them into.
            raise UndecodablePhoto(str(error) or type(error).__name__) from error


def to_pixels(image: object) -> Pixels:
    """A picture in memory as uint8 (h, w, 3) RGB.

    Accepts a PIL image, uint8 (h, w), (h, w, 3) or (h, w, 4), or floats in [0, 1] of these
    shapes. Raises ValueError.
    """
    if isinstance(image, np.ndarray):
        image = Image.fromarray(_bytes(image))
    if not isinstance(image, Image.Image):
        raise ValueError(f"image is a {type(image).__name__}; needed is a PIL image or an array")  # noqa: TRY004
    return np.asarray(_rgb(image))


def _decode(image: Image.Image, short_side: int) -> Photo:
    size, name = image.size, format_name(image)
    if name == "JPEG":
        image.draft(None, (short_side, short_side))
    image.load()
    if name != "JPEG":
        size = image.size  # some readers turn the picture themselves while they load it
    orientation = _orientation(image)
    pixels = _rgb(image)
    factor = min(pixels.size) // short_side
    if factor > 1:
        pixels = pixels.reduce(factor)
    if orientation in _UPRIGHT:
        pixels = pixels.transpose(_UPRIGHT[orientation])
    width, height = reversed(size) if orientation >= 5 else size
    return Photo(np.asarray(pixels), width, height, name)


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 where there is none or it cannot be read."""
    try:
        found = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # noqa: BLE001 -- metadata from anywhere; the pixels are what counts
        return 1
    return found if found in _UPRIGHT else 1


def _rgb(image: Image.Image) -> Image.Image:
    """Mode RGB; transparency laid on white."""
    if image.mode in ("F", "I") or image.mode.startswith("I;"):
        return Image.fromarray(_bytes(np.asarray(image))).convert("RGB")
    if image.has_transparency_data:
        ground = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(ground, image.convert("RGBA"))
    return image.convert("RGB")


def _bytes(values: npt.NDArray[np.generic]) -> Pixels:
    """As 8-bit: whole numbers above 255 are 16-bit, floats up to 1.0 are shares of white."""
    numbers = np.asarray(values)
    if numbers.dtype == np.uint8 or numbers.dtype == np.bool_ or not numbers.size:
        return numbers.astype(np.uint8) * np.uint8(255 if numbers.dtype == np.bool_ else 1)
    numbers = np.nan_to_num(numbers.astype(np.float32), posinf=0.0, neginf=0.0)
    whole, peak = np.issubdtype(values.dtype, np.integer), float(numbers.max())
    wide = values.dtype.itemsize > 1 and peak > 255 if whole else False
    factor = (1 / 257 if wide else 1.0) if whole else (255.0 if peak <= 1.0 else 1.0)
    return np.clip(np.rint(numbers * factor), 0, 255).astype(np.uint8)
