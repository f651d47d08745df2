"""The hot regions of a map: where to look on the leaf, and in what order."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pictures.maps import WHOLE, Box, Map
from pictures.segmentation.masks import connected_parts

Edges = npt.NDArray[np.float64]
HOT, MAX_REGIONS = 0.5, 20


class Region(NamedTuple):
    """A connected hot place. `box`: around it, within the photo, each side in parts of its width or
    height; `heat_share`: of all heat in the photo; `area`: of the photo; both in [0, 1]."""

    box: Box
    heat_share: float
    area: float


def hot_regions(heatmap: Map, box: Box = WHOLE) -> tuple[Region, ...]:
    """Connected regions of at least HOT times the hottest cell, those with the largest share of the
    heat first, at most MAX_REGIONS; none for a map without heat.

    heatmap: float32 (h, w), not below zero, which covers `box` of the photo. Cells are connected
    where they share a side. Of a region that reaches beyond the photo, the part within counts.
    """
    rows, columns = (_edges(*sides) for sides in _sides(heatmap, box))
    shown = np.diff(rows)[:, None] * np.diff(columns)
    heat = np.asarray(heatmap, np.float64) * shown
    hot = (heatmap >= HOT * heatmap.max()) & (shown > 0) & (heatmap > 0)
    labels, boxes = connected_parts(hot)
    shares = np.bincount(labels.ravel(), heat.ravel()) / max(heat.sum(), np.finfo(float).tiny)
    areas = np.bincount(labels.ravel(), shown.ravel())
    found = (
        Region(_box(boxes[number], rows, columns), float(shares[number]), float(areas[number]))
        for number in range(1, len(boxes))
    )
    return tuple(sorted(found, key=lambda one: -one.heat_share)[:MAX_REGIONS])


def _box(cells: npt.NDArray[np.int32], rows: Edges, columns: Edges) -> Box:
    """The box of these cells: left, top, width and height."""
    left, top, width, height = cells
    corners = columns[left], rows[top], columns[left + width], rows[top + height]
    return Box(*map(float, corners))


def _sides(heatmap: Map, box: Box) -> tuple[tuple[int, float, float], ...]:
    height, width = heatmap.shape
    return (height, box.top, box.bottom), (width, box.left, box.right)


def _edges(cells: int, start: float, end: float) -> Edges:
    """The edges of the cells, clipped to the photo, in parts of it, (cells + 1,)."""
    return (start + np.arange(cells + 1) / cells * (end - start)).clip(0, 1)
