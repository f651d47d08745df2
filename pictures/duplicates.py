"""Photos that are nearly the same: copies, flips and rotations, crops of a burst."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from pictures.pixels import Pixels

Hash = npt.NDArray[np.uint8]
_SIDE, _BITS = 16, 256
NEAR = 40
_ROWS = 512


class Pair(NamedTuple):
    """Two photos by their indices, `first` before `second`; `distance`: differing bits of 256."""

    first: int
    second: int
    distance: int


def difference_hash(photo: Pixels) -> Hash:
    """Whether brightness grows from cell to cell along the rows of a 16 x 17 grid, in all eight
    flips and rotations: uint8 (8, 32), the photo itself first. Krawetz 2013, with more cells.

    photo: uint8 (h, w, 3) RGB.
    """
    grey = Image.fromarray(photo).convert("L")
    turned = [grey] + [grey.transpose(turn) for turn in Image.Transpose]
    return np.stack([_bits(one) for one in turned])


def near_pairs(hashes: Sequence[Hash], most: int = NEAR) -> list[Pair]:
    """Pairs that differ in at most `most` bits, as they are, flipped or rotated; the nearest
    first."""
    if len(hashes) < 2:
        return []
    table = np.stack(hashes).view(np.uint64)
    pairs = []
    for start in range(0, len(table), _ROWS):
        distance = _distances(table[start : start + _ROWS, 0], table[start:])
        rows, columns = np.nonzero(distance <= most)
        found = zip(rows.tolist(), columns.tolist(), distance[rows, columns].tolist(), strict=True)
        pairs += [Pair(start + a, start + b, int(bits)) for a, b, bits in found if a < b]
    return sorted(pairs, key=lambda pair: pair.distance)


def groups(pairs: Sequence[Pair]) -> list[list[int]]:
    """Indices that are connected by pairs, each group in order, the largest group first."""
    root: dict[int, int] = {}

    def find(index: int) -> int:
        while root.setdefault(index, index) != index:
            index = root[index]
        return index

    for pair in pairs:
        root[find(pair.second)] = find(pair.first)
    members: dict[int, list[int]] = {}
    for index in sorted(root):
        members.setdefault(find(index), []).append(index)
    return sorted(members.values(), key=len, reverse=True)


def _bits(grey: Image.Image) -> Hash:
    small = np.asarray(grey.resize((_SIDE + 1, _SIDE), Image.Resampling.BOX), np.int16)
    return np.packbits(small[:, 1:] > small[:, :-1])


def _distances(
    left: npt.NDArray[np.uint64], right: npt.NDArray[np.uint64]
) -> npt.NDArray[np.uint16]:
    """The smallest distance over all flips and rotations: uint16 (left, right); left (n, 4), right
    (m, 8, 4)."""
    best = np.full((len(left), len(right)), _BITS, np.uint16)
    for turn in range(right.shape[1]):
        differing = np.zeros_like(best)
        for word in range(left.shape[1]):
            flipped = left[:, None, word] ^ right[None, :, turn, word]
            differing += np.bitwise_count(flipped)
        np.minimum(best, differing, out=best)
    return best
