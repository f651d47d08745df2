"""A heatmap, and the part of the photo that it covers."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Map = npt.NDArray[np.float32]


class Box(NamedTuple):
    """A part of a picture, which may reach beyond it: each side in parts of its width or height."""

    left: float
    top: float
    right: float
    bottom: float

    def to_dict(self) -> dict[str, float]:
        """The box as JSON."""
        return {name: round(side, 5) for name, side in self._asdict().items()}

    @classmethod
    def of(cls, heatmap: Mapping[str, Any]) -> "Box":
        """The box of a map in a job's JSON. Maps of older workers have none: they cover the whole
        photo."""
        given = heatmap.get("box")
        return cls(**given) if given else WHOLE

    def centre(self, row: int, column: int, shape: tuple[int, ...]) -> tuple[float, float]:
        """x and y of the centre of a cell of a map (rows, columns), in parts of the picture."""
        x, y = (column + 0.5) / shape[1], (row + 0.5) / shape[0]
        across, down = self.right - self.left, self.bottom - self.top
        return self.left + x * across, self.top + y * down

    def cells(self, rows: int, columns: int) -> tuple[tuple[float, float], tuple[float, float]]:
        """Where the picture begins and ends, counted in cells of the map: horizontally, then
        vertically."""
        across, down = self.right - self.left, self.bottom - self.top
        return (
            (-self.left / across * columns, (1 - self.left) / across * columns),
            (-self.top / down * rows, (1 - self.top) / down * rows),
        )


WHOLE = Box(0.0, 0.0, 1.0, 1.0)
