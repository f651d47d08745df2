"""Figures of a map against outlined lesions: by hand, and by what must hold for any of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.evaluation.lesions import (
    SIDE,
    Localisation,
    Outline,
    auc,
    lift,
    measure,
    near,
    outline_of,
    pointing,
    summary,
)
from pictures.maps import Box

HEATS = st.integers(0, 7).map(lambda step: step / 7)


def square(top: int, left: int, side: int) -> np.ndarray:
    found = np.zeros((SIDE, SIDE), dtype=bool)
    found[top : top + side, left : left + side] = True
    return found


def mask(**parts: np.ndarray) -> np.ndarray:
    made = np.zeros((SIDE, SIDE), np.uint8)
    for name, value in (("leaf", 1), ("lesions", 2)):
        made[parts.get(name, np.zeros_like(made, dtype=bool))] = value
    return made


def test_a_lesion_is_part_of_the_leaf() -> None:
    outline = outline_of(mask(leaf=square(50, 50, 100), lesions=square(60, 60, 10)))
    assert outline is not None
    assert outline.leaf.sum() == 100 * 100
    assert outline.lesions.sum() == 10 * 10


def test_where_no_leaf_is_outlined_the_photo_stands_for_it() -> None:
    outline = outline_of(mask(lesions=square(60, 60, 10)))
    assert outline is not None
    assert outline.leaf.all()


def test_a_mask_of_any_size_is_stretched() -> None:
    small = np.array([[1, 1], [1, 2]], np.uint8).repeat(3, axis=1)
    outline = outline_of(small)
    assert outline is not None
    np.testing.assert_array_equal(outline.lesions, square(128, 128, 128))


@pytest.mark.parametrize("value", [0, 1, 2])
def test_a_mask_of_one_value_has_nothing_to_tell_apart(value: int) -> None:
    assert outline_of(np.full((9, 9), value, np.uint8)) is None


def test_near_is_a_disc_around_a_place() -> None:
    lesion = square(100, 100, 1)
    found = near(lesion)
    assert found.sum() == 709  # whole points within 15 of the middle: the circle problem of Gauss
    assert found[100, 115]
    assert not found[100, 116]
    assert found[109, 112]
    assert not found[110, 112]


@given(arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9))), st.integers(0, 12))
def test_near_is_what_has_a_lesion_at_that_distance(lesions: np.ndarray, distance: int) -> None:
    places = np.argwhere(np.ones_like(lesions)).reshape(*lesions.shape, 1, 2)
    apart = ((places - np.argwhere(lesions)) ** 2).sum(axis=-1)
    expected = (apart <= distance**2).any(axis=-1)
    np.testing.assert_array_equal(near(lesions, distance), expected)


def test_the_hottest_place_points() -> None:
    nearby = np.array([[True, False, False, False]])
    assert pointing(np.array([[0.9, 0.8, 0.0, 0.0]], np.float32), nearby) == 1
    assert pointing(np.array([[0.8, 0.9, 0.0, 0.0]], np.float32), nearby) == 0
    assert pointing(np.array([[0.9, 0.9, 0.9, 0.0]], np.float32), nearby) == pytest.approx(1 / 3)
    assert pointing(np.zeros((1, 4), np.float32), nearby) == 0


def test_auc_counts_the_pairs_in_order() -> None:
    heat = np.array([0.9, 0.8, 0.3, 0.1], np.float32)
    assert auc(heat, np.array([True, False, True, False])) == 0.75
    assert auc(heat, np.array([True, True, False, False])) == 1
    assert auc(heat, np.array([False, False, False, True])) == 0
    assert auc(np.zeros(4, np.float32), np.array([True, False, True, False])) == 0.5


@pytest.mark.parametrize("value", [True, False])
def test_auc_needs_both_kinds(value: bool) -> None:
    with pytest.raises(ValueError, match=r"(3|0) places on lesions and (0|3) beside"):
        auc(np.ones(3, np.float32), np.full(3, value))


@given(st.lists(st.tuples(HEATS, st.booleans()), min_size=2, max_size=40))
def test_auc_is_the_share_of_pairs_in_order_with_ties_counted_half(
    places: list[tuple[float, bool]],
) -> None:
    heat = np.array([heat for heat, _ in places], np.float32)
    lesions = np.array([lesion for _, lesion in places])
    if lesions.all() or not lesions.any():
        return
    hot, cold = heat[lesions][:, None], heat[~lesions][None]
    expected = ((hot > cold) + 0.5 * (hot == cold)).mean()
    assert auc(heat, lesions) == pytest.approx(expected)
    assert auc(1 - heat, lesions) == pytest.approx(1 - expected)
    assert auc(heat**2 * 5, lesions) == pytest.approx(expected), "only the order counts"


def test_lift_is_the_share_of_heat_over_the_share_of_the_leaf() -> None:
    leaf = np.array([[True, True, True, True, False]])
    lesions = np.array([[True, False, False, False, False]])
    even = np.array([[1, 1, 1, 1, 0]], np.float32)
    assert lift(even, lesions, leaf) == 1
    assert lift(np.array([[4, 0, 0, 0, 0]], np.float32), lesions, leaf) == 4
    assert lift(np.array([[1, 1, 0, 0, 2]], np.float32), lesions, leaf) == 1, "of all heat"
    assert lift(np.zeros((1, 5), np.float32), lesions, leaf) == 0


def test_a_map_counts_where_its_box_lies() -> None:
    outline = Outline(square(0, 0, 64), np.ones((SIDE, SIDE), dtype=bool))
    heat = np.zeros((4, 4), np.float32)
    heat[2, 2] = 1
    assert measure(heat, outline).pointing == 0
    moved = measure(heat, outline, Box(-0.5, -0.5, 0.5, 0.5))  # its hot cell is at 1/8 of the photo
    assert moved.pointing == 1
    assert moved.auc > 0.99
    assert moved.lift > 10


def test_a_map_without_heat_points_nowhere() -> None:
    outline = Outline(square(0, 0, 64), np.ones((SIDE, SIDE), dtype=bool))
    found = measure(np.zeros((4, 4), np.float32), outline, right=False)
    assert (found.pointing, found.auc, found.lift) == (0, 0.5, 0)
    assert found.empty
    assert not found.right


@given(
    heatmap=arrays(np.float32, (4, 4), elements=st.floats(0, 1, width=32)),
    place=st.tuples(st.integers(0, 200), st.integers(0, 200), st.integers(1, 50)),
)
@settings(deadline=None, max_examples=40)
def test_figures_lie_in_their_ranges_and_do_not_depend_on_the_scale_of_the_heat(
    heatmap: np.ndarray, place: tuple[int, int, int]
) -> None:
    outline = Outline(square(*place), square(0, 0, SIDE))
    found = measure(heatmap, outline)
    assert 0 <= found.pointing <= 1
    assert 0 < found.chance <= 1
    assert 0 <= found.auc <= 1
    assert 0 <= found.lift <= outline.leaf.sum() / outline.lesions.sum() + 1e-6
    if heatmap.max() > 1e-3:
        half = measure((heatmap / 2).astype(np.float32), outline)
        assert half.lift == pytest.approx(found.lift, rel=1e-4, abs=1e-6)
        assert half.pointing == pytest.approx(found.pointing)


def test_heat_that_is_the_outline_itself_is_as_good_as_can_be() -> None:
    outline = Outline(square(96, 32, 64), square(32, 0, 192))
    found = measure(outline.lesions.astype(np.float32), outline)
    assert (found.pointing, found.auc) == (1, 1)
    assert found.lift == pytest.approx(192**2 / 64**2)


def test_a_summary_has_medians_and_those_whose_class_is_right_beside_them() -> None:
    rows = [
        Localisation(1, 0.2, 0.9, 3.0, right=True, empty=False),
        Localisation(0, 0.4, 0.7, 1.0, right=True, empty=False),
        Localisation(0, 0.6, 0.5, 0.0, right=False, empty=True),
        Localisation(0, 0.8, 0.1, 0.5, right=False, empty=False),
    ]
    assert summary(rows) == {
        "photos": 4,
        "pointing": 0.25,
        "chance": 0.5,
        "auc": 0.6,
        "lift": 0.75,
        "empty": 0.25,
        "right": 0.5,
        "pointing_right": 0.5,
        "chance_right": 0.3,
        "auc_right": 0.8,
        "lift_right": 2.0,
    }
    wrong = summary(rows[2:])
    assert wrong["right"] == 0
    assert "auc_right" not in wrong
