"""Black and white: where to split grey levels, and what lies within."""

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]


def otsu_threshold(values: npt.NDArray[np.uint8]) -> int:
    """The grey level that splits `values` with the largest variance between (Otsu 1979)."""
    histogram = np.bincount(values.ravel(), minlength=256).astype(np.float64)
    weight, mean = np.cumsum(histogram), np.cumsum(histogram * np.arange(256))
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (mean[-1] * weight / weight[-1] - mean) ** 2 / (weight * (weight[-1] - weight))
    return int(np.argmax(np.nan_to_num(between, posinf=0.0)))


def fill_holes(mask: Mask) -> Mask:
    """`mask` with every region that the picture's edge cannot reach filled in."""
    free = np.pad(~mask, 1, constant_values=True)
    edge = np.zeros_like(free)
    edge[[0, -1]] = edge[:, [0, -1]] = True
    return ~connected(free, edge)[1:-1, 1:-1]


def connected(free: Mask, seeds: Mask) -> Mask:
    """What of `free` can be reached from `seeds`, up, down and sideways."""
    reached = seeds & free
    count = 0
    while count != (count := int(reached.sum())):
        for turned, found in ((free, reached), (free.T, reached.T)):
            _spread(turned, found)
            _spread(turned[:, ::-1], found[:, ::-1])
    return reached


def _spread(free: Mask, reached: Mask) -> None:
    """Carry `reached` along each row to the right, as far as it is free; in place."""
    place = np.arange(free.shape[1], dtype=np.int16)  # masks are far smaller than 32,767
    last_wall = np.maximum.accumulate(np.where(free, -1, place), axis=1)
    last_reached = np.maximum.accumulate(np.where(reached, place, -1), axis=1)
    reached |= last_reached > last_wall
