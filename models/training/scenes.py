"""Drawn scenes as arrays: pictures that show none of the classes."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models.training.array_cache import Array, key_of, memory_mapped
from pictures.scenes import TRAIN_KINDS, draw_scene

SIDE = 224
_DRAWING = 1  # raise this when `draw_scene` changes


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
