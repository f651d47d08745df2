"""Smooth random fields, out of which drawn leaves, their grounds and their lesions are made."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Field: TypeAlias = NDArray[np.float32]
_SMALLEST_CELL = 1.5  # pixels; anything finer is grain


def _resized(field: Field, width: int, height: int, how: Image.Resampling) -> Field:
    return np.asarray(Image.fromarray(field).resize((width, height), how), dtype=np.float32)


def smooth_noise(rng: np.random.Generator, shape: tuple[int, int], cell: float) -> Field:
    """Noise with hills about `cell` pixels wide; mean 0, standard deviation 1."""
    height, width = shape
    rows, columns = (max(2, round(side / max(cell, _SMALLEST_CELL)) + 2) for side in shape)
    coarse = rng.standard_normal((rows, columns), dtype=np.float32)
    field = _resized(coarse, width, height, Image.Resampling.BICUBIC)
    return np.asarray((field - field.mean()) / max(float(field.std()), 1e-6), dtype=np.float32)


def fractal_noise(
    rng: np.random.Generator, shape: tuple[int, int], cell: float, octaves: int = 4
) -> Field:
    """Sum of `octaves` noises, each half as wide and half as strong as the one before."""
    field = np.zeros(shape, dtype=np.float32)
    for octave in range(octaves):
        field += smooth_noise(rng, shape, cell / 2**octave) * 0.5**octave
    return np.asarray(field / max(float(field.std()), 1e-6), dtype=np.float32)


def softened(field: Field, radius: float) -> Field:
    """The field without detail finer than `radius` pixels; its slopes stay continuous."""
    height, width = field.shape
    small = [max(2, round(side / max(radius, 1.0))) for side in (width, height)]
    coarse = _resized(field, small[0], small[1], Image.Resampling.BILINEAR)
    return _resized(coarse, width, height, Image.Resampling.BICUBIC)


def smoothstep(field: Field, low: float, high: float) -> Field:
    """0 below `low`, 1 above `high`, a soft step between."""
    step: Field = np.clip((field - low) / (high - low), 0.0, 1.0)
    return step * step * (3.0 - 2.0 * step)


def mixed(below: Field, above: Field, share: Field) -> Field:
    """`above` laid over `below` (both h, w, 3) with the opacity `share` (h, w)."""
    return below + (above - below) * share[..., None]
