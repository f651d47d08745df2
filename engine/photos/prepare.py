"""From photos to what a model is given, in NumPy; the same numbers as in training."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.photos.resize import stretch
from models.cards.card import Preprocessing
from pictures.pixels import Pixels


def prepare(photos: Sequence[Pixels], preprocessing: Preprocessing) -> npt.NDArray[np.float32]:
    """A batch, float32 (N, 3, size, size), whose channels lie next to each other in memory.

    photos: uint8 (h, w, 3) RGB of any sizes. The numbers are those of
    `engine.photos.transforms.get_validation_transforms`, to a grey level (see `stretch`).
    """
    size, std = preprocessing.size, np.asarray(preprocessing.std, np.float32)
    # Rows of all channels: NumPy is slow where the last axis has three of them.
    scale = np.tile(np.float32(1 / 255) / std, size)
    shift = np.tile(np.asarray(preprocessing.mean, np.float32) / std, size)
    batch = np.empty((len(photos), size, 3 * size), np.float32)
    for pixels, numbers in zip(photos, batch, strict=True):
        np.multiply(stretch(pixels, size).reshape(size, 3 * size), scale, out=numbers)
    batch -= shift
    return batch.reshape(-1, size, size, 3).transpose(0, 3, 1, 2)
