"""Black and white: what lies within a mask, what is connected, and what a rim takes away."""

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]
_EDGES = 4
"""Pixels are connected where they share a side, not at corners."""


def fill_holes(mask: Mask) -> Mask:
    """`mask` with every region that the picture's edge cannot reach filled in."""
    free = cv2.copyMakeBorder(as_bytes(~mask), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
    cv2.floodFill(free, None, (0, 0), 0, flags=_EDGES)
    return mask | free[1:-1, 1:-1].astype(np.bool_)


class Parts(NamedTuple):
    """The connected parts of a mask, numbered from 1 on in the order of rows.

    `labels`: the number of the part that each pixel belongs to, 0 for none, int32 (h, w). `boxes`:
    left, top, width and height in pixels of each number, int32 (parts + 1, 4); the first is of the
    pixels without a part.
    """

    labels: npt.NDArray[np.int32]
    boxes: npt.NDArray[np.int32]


def connected_parts(mask: Mask) -> Parts:
    """See `Parts`."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(as_bytes(mask), connectivity=_EDGES)
    return Parts(np.asarray(labels, np.int32), np.asarray(stats, np.int32)[:, : cv2.CC_STAT_AREA])


def eroded(mask: Mask, side: int) -> Mask:
    """Where all of the `side` x `side` pixels around that the picture has are True."""
    return np.asarray(cv2.erode(as_bytes(mask), _square(side)), np.bool_)


def closed(mask: Mask, side: int) -> Mask:
    """`mask` with gaps filled in that no `side` x `side` pixels fit into."""
    return np.asarray(cv2.morphologyEx(as_bytes(mask), cv2.MORPH_CLOSE, _square(side)), np.bool_)


def majority(mask: Mask, side: int) -> Mask:
    """Where most of the `side` x `side` pixels around are True; `side` is 3 or 5."""
    return np.asarray(cv2.medianBlur(as_bytes(mask), side), np.bool_)


def as_bytes(mask: Mask) -> Bytes:
    """The same memory as 0 and 1, uint8."""
    return np.ascontiguousarray(mask).view(np.uint8)


def _square(side: int) -> Bytes:
    return np.ones((side, side), np.uint8)
