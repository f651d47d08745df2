"""The hot places of a map, by hand and by what must hold for any map."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.regions import HOT, MAX_REGIONS, hot_regions
from pictures.maps import Box

MAPS = arrays(
    np.float32, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.floats(0, 1, width=32)
)


def test_each_place_has_its_box_its_share_and_its_area() -> None:
    heat = np.zeros((4, 8), np.float32)
    heat[0, 0] = 0.6
    heat[2:4, 5] = 1.0
    heat[3, 6] = 0.8
    heat[1, 2] = 0.4  # less than half of the hottest
    first, second = hot_regions(heat)
    assert first.box == Box(5 / 8, 2 / 4, 7 / 8, 1.0)
    assert first.heat_share == pytest.approx(2.8 / 3.8)
    assert first.area == pytest.approx(3 / 32)
    assert second.box == Box(0, 0, 1 / 8, 1 / 4)
    assert second.heat_share == pytest.approx(0.6 / 3.8)


def test_corners_do_not_connect() -> None:
    assert len(hot_regions(np.eye(3, dtype=np.float32))) == 3


def test_boxes_lie_where_the_map_does_and_within_the_photo() -> None:
    heat = np.array([[1, 0], [0, 1]], np.float32)
    first, second = hot_regions(heat, Box(-0.25, -0.25, 0.75, 0.75))
    assert first.box == Box(0.25, 0.25, 0.75, 0.75)
    assert first.area == pytest.approx(0.25)
    assert second.box == Box(0, 0, 0.25, 0.25)
    assert second.heat_share == pytest.approx(1 / 5), "of the cell a quarter is in the photo"


def test_heat_beyond_the_photo_is_no_place_in_it() -> None:
    heat = np.array([[1, 0.6]], np.float32)
    (only,) = hot_regions(heat, Box(-1, 0, 1, 1))
    assert only.box == Box(0, 0, 1, 1)
    assert only.heat_share == 1


def test_a_map_without_heat_has_no_place() -> None:
    assert hot_regions(np.zeros((4, 4), np.float32)) == ()


def test_no_more_than_twenty_the_strongest_first() -> None:
    heat = np.zeros((12, 12), np.float32)
    heat[::2, ::2] = np.linspace(0.6, 1, 36).reshape(6, 6)
    found = hot_regions(heat)
    assert len(found) == MAX_REGIONS == 20
    shares = [region.heat_share for region in found]
    assert shares == sorted(shares, reverse=True)
    assert found[0].box == Box(10 / 12, 10 / 12, 11 / 12, 11 / 12)


@given(MAPS)
def test_places_are_disjoint_and_their_shares_are_parts_of_one(heat: np.ndarray) -> None:
    found = hot_regions(heat)
    assert bool(found) == bool(heat.max() > 0)
    assert sum(region.heat_share for region in found) <= 1 + 1e-9
    assert sum(region.area for region in found) <= 1 + 1e-9
    for region in found:
        left, top, right, bottom = region.box
        assert 0 <= left < right <= 1
        assert 0 <= top < bottom <= 1
        assert 0 < region.area <= (right - left) * (bottom - top) + 1e-9
        assert region.heat_share > 0


@given(MAPS)
def test_only_the_pattern_of_the_heat_counts(heat: np.ndarray) -> None:
    half = hot_regions(heat * np.float32(0.5))
    boxes = [region.box for region in hot_regions(heat)]
    if heat.max() > 1e-3 and not np.isclose(heat, HOT * heat.max(), rtol=1e-4).any():
        assert sorted(region.box for region in half) == sorted(boxes)
