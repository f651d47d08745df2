"""Photos and pictures in memory as upright pixels: a thin layer over `pictures/decoding`."""

import numpy as np
from PIL import Image

from engine.errors import WrongInput
from pictures.decoding import decode as decoder
from pictures.decoding.decode import Photo
from pictures.decoding.header import MAX_PIXELS
from pictures.decoding.in_memory import UnusablePicture, array_rgb, upright_rgb
from pictures.pixels import Pixels

__all__ = ["Photo", "decode", "to_pixels"]


def decode(data: bytes, min_side: int, max_pixels: int = MAX_PIXELS) -> Photo:
    """As `decoder.decode` does; the short side stays at least twice `min_side` where it was.

    Raises UnsupportedFormat, TooManyPixels, TooComplex, or UndecodablePhoto (also for the last
    byte missing: never half a picture).
    """
    return decoder.decode(data, min_side=2 * min_side, max_pixels=max_pixels)


def to_pixels(image: object) -> Pixels:
    """A picture in memory as upright uint8 (h, w, 3) RGB.

    Accepts a PIL image of any mode, which is turned as its EXIF says, or an array (h, w),
    (h, w, 1), (h, w, 3) or (h, w, 4) of uint8, uint16, bool, or floats in [0, 1]. Raises
    WrongInput.
    """
    try:
        if isinstance(image, np.ndarray):
            return array_rgb(image)
        if isinstance(image, Image.Image):
            return np.asarray(upright_rgb(image))
    except UnusablePicture as error:
        raise WrongInput(error.found, error.needed) from error
    raise WrongInput(f"a {type(image).__name__}", "a PIL image or an array")
