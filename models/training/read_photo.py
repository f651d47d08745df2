"""Reading a photo for training, calibration and evaluation: decoded as for serving."""

from pathlib import Path

from PIL import Image

from models.decoding import decode_at

DECODING = 3
"""Part of the key of decoded photos that are kept: higher when they come out otherwise."""


def read_photo(path: str | Path, side: int) -> Image.Image:
    """The photo in mode RGB, as it is decoded for a model whose input has that side.

    Raises OSError, or PhotoError for what is no photo or damaged.
    """
    return Image.fromarray(decode_at(side, Path(path).read_bytes()).pixels)
