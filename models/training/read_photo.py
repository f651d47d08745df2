"""One way for training, calibrating and judging to read a photo: upright, RGB, as it is served."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from pictures.errors import UndecodablePhoto
from pictures.header import open_photo

DECODING = 2
"""Part of the key of decoded photos that are kept: higher when they come out otherwise."""


def read_photo(path: str | Path, min_side: int) -> Image.Image:
    """The photo in mode RGB, turned by its EXIF orientation, transparency laid on white; its short
    side is at least twice `min_side` pixels long where it was.

    Raises OSError, or PhotoError for what is no photo or damaged.
    """
    with open_photo(Path(path).read_bytes()) as image:
        try:
            image.draft(None, (2 * min_side, 2 * min_side))
            return _rgb(ImageOps.exif_transpose(image))
        except Exception as error:
            # Pillow's readers raise whatever a damaged file leads them into.
            raise UndecodablePhoto(str(error) or type(error).__name__) from error


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode == "I" or image.mode.startswith("I;"):
        image = Image.fromarray((np.asarray(image) / 257).round().clip(0, 255).astype(np.uint8))
    if image.has_transparency_data:
        ground = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(ground, image.convert("RGBA"))
    return image.convert("RGB")
