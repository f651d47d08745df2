"""Pictures without a leaf: drawn scenes to train with, and what training did not see, to calibrate
verdicts with.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from models.training.data.array_cache import Array, key_of, memory_mapped
from models.training.data.cutouts import cut_out
from models.training.data.photos import read_photo
from pictures.scenes import SCENES, TRAIN_KINDS, draw_scene
from pictures.segmentation.leaf_mask import GREEN, excess_green

SIDE, BACKGROUND = 224, "background"
_DRAWING = 1  # raise this when `draw_scene` changes
_FIRST_SEED = 1_000_000  # of the scenes to calibrate with; training uses seeds from 0
_SMALLEST = 0.3  # side of a crop, in sides of the photo


def drawn_scenes(count: int, file: Path) -> Array:
    """Scenes of all TRAIN_KINDS in turn: uint8 (count, 224, 224, 3), kept under the name of `file`
    with a key."""
    which, shape = numbered(TRAIN_KINDS, count), (SIDE, SIDE, 3)
    return memory_mapped(scene, which, file, shape, key_of(_DRAWING, shape, which))


def numbered(kinds: Sequence[str], count: int, first: int = 0) -> list[tuple[str, int]]:
    """`count` pairs of kind and seed; the seeds begin with `first`."""
    return [(kinds[i % len(kinds)], first + i // len(kinds)) for i in range(count)]


def scene(which: tuple[str, int], side: int = SIDE) -> Array:
    """The scene of this kind and seed, uint8 (side, side, 3)."""
    kind, seed = which
    return np.asarray(draw_scene(kind, seed, (side, side)))


def negatives(photos: Sequence[str], each: int, side: int) -> dict[str, Array]:
    """`each` pictures of every kind of scene, and up to as many crops from beside the leaves of
    `photos`: uint8 (n, side, side, 3) by kind."""
    drawn = {
        kind: np.stack([scene(which, side) for which in numbered([kind], each, _FIRST_SEED)])
        for kind in SCENES
    }
    crops = backgrounds(photos, each, side)
    return drawn | ({BACKGROUND: np.stack(crops)} if crops else {})


def backgrounds(photos: Sequence[str], most: int, side: int) -> list[Array]:
    """The largest squares beside the leaf, out of photos from all over the folder, uint8 (side,
    side, 3) each. Left out: photos without a certain mask or with little ground, and green ground,
    which may be other leaves."""
    order = np.random.default_rng(0).permutation(len(photos))
    found: list[Array] = []
    for index in order:
        if len(found) == most:
            break
        photo = read_photo(photos[index], side)
        if (mask := cut_out(photo)) and (box := empty_square(np.asarray(mask) < 20)):
            across, down = photo.width / mask.width, photo.height / mask.height
            crop = photo.crop((box[0] * across, box[1] * down, box[2] * across, box[3] * down))
            pixels = np.asarray(crop.resize((side, side), Image.Resampling.BILINEAR))
            found += [] if excess_green(pixels).mean() > GREEN else [pixels]
    return found


def empty_square(free: npt.NDArray[np.bool_]) -> tuple[int, int, int, int] | None:
    """Left, top, right, bottom of the largest square of free cells; None under 0.3 of the side."""
    sides = np.zeros((free.shape[0] + 1, free.shape[1] + 1), dtype=np.int64)
    for y, x in np.argwhere(free):
        sides[y + 1, x + 1] = 1 + min(sides[y, x], sides[y, x + 1], sides[y + 1, x])
    largest = int(sides.max())
    if largest < _SMALLEST * min(free.shape):
        return None
    bottom, right = (int(index) for index in np.unravel_index(sides.argmax(), sides.shape))
    return right - largest, bottom - largest, right, bottom
