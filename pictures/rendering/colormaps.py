"""Colour tables: 256 RGB colours from the coldest to the hottest.

The tables are OpenCV's, kept as the rows of `colormaps.png` so that no process needs OpenCV
to colour a map. `python -m engine.photos.overlay` draws that file anew; a test compares the two.
"""

from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from pictures.pixels import Pixels

TABLES = Path(__file__).with_name("colormaps.png")
COLORMAPS: tuple[str, ...] = (
    *("jet", "hot", "viridis", "plasma", "inferno", "rainbow"),
    *("cool", "spring", "summer", "autumn", "winter", "bone"),
    *("cividis", "turbo", "magma"),
)


class UnknownColormap(ValueError):
    """No colour table has this name."""

    def __init__(self, name: object) -> None:
        super().__init__(f"unknown colormap {name!r}; known are {', '.join(COLORMAPS)}")


def colormap(name: str) -> Pixels:
    """The table of that name, uint8 (256, 3) RGB, read-only. Raises UnknownColormap for an unknown
    name."""
    if name not in COLORMAPS:
        raise UnknownColormap(name)
    table: Pixels = _tables()[COLORMAPS.index(name)]
    return table


@cache
def _tables() -> Pixels:
    with Image.open(TABLES) as picture:
        tables = np.array(picture.convert("RGB"))
    tables.setflags(write=False)
    return tables
