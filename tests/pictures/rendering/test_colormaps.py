"""pictures/rendering/colormaps.py: OpenCV's colours without OpenCV."""

import numpy as np
import pytest

from engine.photos.overlay import opencv_tables
from pictures.rendering.colormaps import COLORMAPS, UnknownColormap, colormap


def test_every_table_is_opencvs() -> None:
    for name, table in zip(COLORMAPS, opencv_tables(), strict=True):
        np.testing.assert_array_equal(colormap(name), table, err_msg=name)


def test_a_table_is_256_colours_that_nobody_can_change() -> None:
    table = colormap("viridis")
    assert table.shape == (256, 3)
    assert table.dtype == np.uint8
    with pytest.raises(ValueError, match="read-only"):
        table[0] = 0


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UnknownColormap, match="'sepia'; known are jet, hot, viridis"):
        colormap("sepia")
