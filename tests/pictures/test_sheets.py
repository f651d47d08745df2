"""pictures/sheets.py: grids and legends."""

import numpy as np
import pytest

from pictures.rendering.colormaps import UnknownColormap, colormap
from pictures.sheets import labelled_grid, with_legend


def test_a_legend_goes_from_cold_to_hot() -> None:
    made = with_legend(np.zeros((50, 300, 3), np.uint8), "viridis")
    assert made.shape == (82, 300, 3)
    assert made[52, 0].tolist() == colormap("viridis")[0].tolist()
    assert made[52, -1].tolist() == colormap("viridis")[255].tolist()


def test_an_unknown_colormap_has_no_legend() -> None:
    with pytest.raises(UnknownColormap):
        with_legend(np.zeros((5, 5, 3), np.uint8), "sepia")


def test_a_grid_has_a_cell_for_each_picture() -> None:
    red = np.full((10, 30, 3), (255, 0, 0), np.uint8)
    grid = labelled_grid([(str(i), red) for i in range(5)], columns=2, side=40)
    assert grid.shape == (3 * 70 + 8, 2 * 48 + 8, 3)
    assert (grid == (255, 0, 0)).all(axis=2).sum() == 5 * 300


def test_a_label_that_is_too_long_is_shortened_in_the_middle() -> None:
    black = np.zeros((4, 4, 3), np.uint8)
    grid = labelled_grid([("Crop__a_very_long_name_of_a_disease" * 3, black)], side=100)
    assert (grid[:, -8:] == 255).all()
