"""Masks of lesions that people outlined, beside photos of the same size."""

from pathlib import Path

import numpy as np
from PIL import Image

from pictures.errors import WrongMask
from pictures.pixels import Pixels

GROUND, LEAF, LESION = range(3)
"""The values of a mask. Boxes around lesions are masks without LEAF."""


def read_lesion_mask(path: Path, size: tuple[int, int]) -> Pixels:
    """The values of a mask of a photo of this width and height, uint8 (height, width).

    Raises WrongMask for one that cannot be read, is of another size, has more than one byte a pixel
    or other values.
    """
    try:
        with Image.open(path) as picture:
            kind, own, values = picture.mode, picture.size, np.asarray(picture)
    except (OSError, SyntaxError) as error:  # Pillow's, for a broken PNG
        raise WrongMask(f"{path} cannot be read: {error}") from error
    if own != size:
        said = f"is {own[0]} x {own[1]} pixels, but its photo {size[0]} x {size[1]}"
        raise WrongMask(f"{path} {said}")
    if kind not in ("L", "P") or values.max() > LESION:
        held = f"values up to {values.max()}" if kind in ("L", "P") else f"pixels of mode {kind}"
        raise WrongMask(f"{path} has {held}; needed is one byte a pixel: 0, 1 or 2")
    return values
