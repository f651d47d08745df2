"""engine/diagnostics.py: numbers and words for maps made by hand."""

import numpy as np
import pytest

from engine.diagnostics import diagnose, diagnose_photo
from pictures.maps import Map
from pictures.segmentation.leaf_mask import SIDE

LEAF = np.zeros((SIDE, SIDE), np.bool_)
LEAF[24:72, 24:72] = True


def spot(row: int, column: int, side: int = 14) -> Map:
    """A map with all its heat in one cell."""
    heat = np.zeros((side, side), np.float32)
    heat[row, column] = 1.0
    return heat


def test_one_hot_cell_on_the_leaf_is_all_focus_and_no_warning() -> None:
    found = diagnose(spot(7, 7), LEAF)
    assert found.focus == pytest.approx(1.0)
    assert found.border_share == 0.0
    assert found.leaf_share == pytest.approx(1.0, abs=0.01)
    assert found.warnings == ()
    assert "one small area" in found.sentence


def test_a_constant_map_is_uniform_but_not_for_a_healthy_class() -> None:
    found = diagnose(np.ones((14, 14), np.float32), None)
    assert found.focus == pytest.approx(0.0, abs=1e-6)
    assert found.flatness == pytest.approx(1.0)
    assert found.leaf_share is None
    assert found.border_share == pytest.approx(1 - (12 / 14) ** 2, abs=1e-4)
    assert found.warnings == ("uniform",)
    assert diagnose(np.ones((14, 14), np.float32), None, healthy=True).warnings == ()


def test_a_zero_map_says_that_nothing_speaks_for_the_class() -> None:
    found = diagnose(np.zeros((14, 14), np.float32), LEAF)
    assert found.warnings == ("uniform",)
    assert found.sentence.startswith("Nothing in this photo speaks for this class")


def test_heat_along_the_edge_is_warned_for() -> None:
    ring = np.ones((14, 14), np.float32)
    ring[1:-1, 1:-1] = 0.0
    found = diagnose(ring, None)
    assert found.border_share == pytest.approx(1.0)
    assert found.warnings == ("edge",)


@pytest.mark.parametrize("side", [7, 14, 28])
def test_the_border_is_as_wide_at_every_map_size(side: int) -> None:
    found = diagnose(np.ones((side, side), np.float32), None)
    assert found.border_share == pytest.approx(1 - (12 / 14) ** 2, abs=1e-4)


def test_heat_beside_the_leaf_is_warned_for() -> None:
    found = diagnose(spot(3, 2), LEAF)
    assert found.leaf_share == pytest.approx(0.0, abs=0.05)
    assert found.warnings == ("background",)
    assert "beside the leaf" in found.sentence


def test_heat_in_specks_all_over_is_scattered() -> None:
    checked = np.indices((14, 14)).sum(axis=0) % 8 != 0
    found = diagnose(np.where(checked, 1.0, 0.0).astype(np.float32), None)
    assert "scattered" not in found.warnings  # an eighth is left out: that is a focus of sorts
    every = np.where(np.indices((14, 14)).sum(axis=0) % 40 == 0, 0.05, 1.0).astype(np.float32)
    every[:2] *= 0.4
    assert diagnose(every, None).warnings == ("scattered",)


def test_a_photo_is_searched_for_its_leaf() -> None:
    photo = np.full((120, 160, 3), 150, np.uint8)
    photo[30:90, 40:120] = (60, 140, 50)
    on, beside = (diagnose_photo(spot(*at), photo, "Apple__scab") for at in ((7, 7), (1, 1)))
    assert on.leaf_share is not None
    assert beside.leaf_share is not None
    assert on.leaf_share > 0.95 > 0.05 > beside.leaf_share
