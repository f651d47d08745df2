"""A photo as training and judging see it: decoded, stretched, with its leaf."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from models.decode_size import decode_at
from models.training.data.array_cache import Array
from models.training.data.cutouts import cut_out
from pictures.segmentation.leaf_mask import SIDE

_MASK_FROM = 256  # pixels of the short side, at least, that a mask is found in


def read_photo(path: str | Path, side: int) -> Image.Image:
    """The photo in mode RGB, as it is decoded for a model whose input has that side.

    Raises OSError, or PhotoError for what is no photo or damaged.
    """
    return Image.fromarray(decode_at(side, Path(path).read_bytes()).pixels)


def stretched(path: str, side: int) -> Array:
    """The photo as for serving, stretched: uint8 (side, side, 3). Raises PhotoError for what is no
    whole photo, OSError for a file that cannot be read."""
    square = read_photo(path, side).resize((side, side), Image.Resampling.BILINEAR)
    return np.asarray(square)


def mask_of(path: str) -> Array:
    """The photo's leaf mask, uint8 (96, 96, 1): 255 on the leaf; all zero where none is certain.
    Raises as `stretched`."""
    mask = cut_out(read_photo(path, _MASK_FROM))
    found: npt.NDArray[Any] = np.zeros((SIDE, SIDE)) if mask is None else np.asarray(mask)
    return found.astype(np.uint8)[..., None]
