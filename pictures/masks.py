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
    outside = np.zeros_like(free)
    outside[[0, -1]] = outside[:, [0, -1]] = True
    count = 0
    while count != (count := int(outside.sum())):
        for turned, reached in ((free, outside), (free.T, outside.T)):
            _spread(turned, reached)
            _spread(turned[:, ::-1], reached[:, ::-1])
    return ~outside[1:-1, 1:-1]


def _spread(free: Mask, reached: Mask) -> None:
    """Carry `reached` along each row to the right, as far as it is free; in place."""
    place = np.arange(free.shape[1], dtype=np.int16)  # masks are far smaller than 32,767
    last_wall = np.maximum.accumulate(np.where(free, -1, place), axis=1)
    last_reached = np.maximum.accumulate(np.where(reached, place, -1), axis=1)
    reached |= last_reached > last_wall
