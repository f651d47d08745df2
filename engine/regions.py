"""The hot regions of a map: where to look on the leaf, and in what order."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pictures.rendering.blend import WHOLE, Box, Map
from pictures.segmentation.masks import connected

HOT, MOST = 0.5, 20


class Region(NamedTuple):
    """A connected hot place. `box`: around it, within the photo, each side in parts of its width or
    height; `heat_share`: of all heat in the photo; `area`: of the photo; both in [0, 1]."""

    box: Box
    heat_share: float
    area: float


def hot_regions(heatmap: Map, box: Box = WHOLE) -> tuple[Region, ...]:
    """Connected regions of at least HOT times the hottest cell, those with the largest share of the
    heat first, at most MOST; none for a map without heat.

    heatmap: float32 (h, w), not below zero, which covers `box` of the photo. Cells are connected
    where they share a side. Of a region that reaches beyond the photo, the part within counts.
    """
    rows, columns = (_edges(*sides) for sides in _sides(heatmap, box))
    shown = np.diff(rows)[:, None] * np.diff(columns)
    heat = np.asarray(heatmap, np.float64) * shown
    found: list[Region] = []
    left = (heatmap >= HOT * heatmap.max()) & (shown > 0) & (heatmap > 0)
    while left.any():
        seed = np.zeros_like(left)
        seed.ravel()[left.argmax()] = True
        cells = connected(left, seed)
        left &= ~cells
        (top, bottom), (start, end) = (_span(np.any(cells, axis=axis)) for axis in (1, 0))
        around = Box(*(float(x) for x in (columns[start], rows[top], columns[end], rows[bottom])))
        found.append(
            Region(around, float(heat[cells].sum() / heat.sum()), float(shown[cells].sum()))
        )
    return tuple(sorted(found, key=lambda one: -one.heat_share)[:MOST])


def _sides(heatmap: Map, box: Box) -> tuple[tuple[int, float, float], ...]:
    height, width = heatmap.shape
    return (height, box.top, box.bottom), (width, box.left, box.right)


def _edges(cells: int, start: float, end: float) -> npt.NDArray[np.float64]:
    """The edges of the cells, clipped to the photo, in parts of it, (cells + 1,)."""
    return (start + np.arange(cells + 1) / cells * (end - start)).clip(0, 1)


def _span(used: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """The index of the first True, and the one after the last."""
    indices = np.nonzero(used)[0]
    return int(indices[0]), int(indices[-1]) + 1
