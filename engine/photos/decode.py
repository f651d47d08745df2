"""Photos and pictures in memory as upright pixels: a thin layer over `pictures.decode`."""

import numpy as np
import numpy.typing as npt
from PIL import Image

from pictures import decode as decoder
from pictures.colormaps import Pixels
from pictures.decode import Photo
from pictures.header import MAX_PIXELS

__all__ = ["Photo", "decode", "to_pixels"]


def decode(data: bytes, min_side: int, max_pixels: int = MAX_PIXELS) -> Photo:
    """As `pictures.decode.decode`; the short side stays at least twice `min_side` where it was.

    Raises UnsupportedFormat, TooManyPixels, TooComplex, or UndecodablePhoto (also for the last
    byte missing: never half a picture).
    """
    return decoder.decode(data, min_side=2 * min_side, max_pixels=max_pixels)


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
