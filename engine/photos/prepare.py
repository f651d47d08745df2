"""From photos to what a model is given, in NumPy; the same numbers as in training."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

from models.card import Preprocessing
from pictures.colormaps import Pixels


def stretch(pixels: Pixels, size: int) -> Pixels:
    """The whole photo in a square, uint8 (size, size, 3): bilinear and antialiased."""
    resized = Image.fromarray(pixels).resize((size, size), Image.Resampling.BILINEAR)
    return np.asarray(resized)


def prepare(photos: Sequence[Pixels], preprocessing: Preprocessing) -> npt.NDArray[np.float32]:
    """A batch, float32 (N, 3, size, size), whose channels lie next to each other in memory.

    photos: uint8 (h, w, 3) RGB of any sizes. The numbers are those of
    `engine.photos.transforms.get_validation_transforms`.
    """
    std = np.asarray(preprocessing.std, np.float32)
    shift = np.asarray(preprocessing.mean, np.float32) / std
    squares = [stretch(pixels, preprocessing.size) for pixels in photos]
    batch = np.stack(squares).astype(np.float32)
    batch *= np.float32(1 / 255) / std
    batch -= shift
    return batch.transpose(0, 3, 1, 2)
