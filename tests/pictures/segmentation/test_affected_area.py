"""The share of a leaf that is ill, by colour: on leaves painted by hand and on drawn ones."""

import numpy as np
import pytest

from pictures.drawn_leaves.leaves import draw_leaf
from pictures.segmentation.affected_area import affected_share, redness
from pictures.segmentation.leaf_mask import leaf_mask, shrink, single_leaf

GREEN, BROWN, GREY = (70, 130, 60), (120, 85, 50), (160, 160, 165)


def painted(ill: float, green: tuple[int, int, int] = GREEN) -> tuple[np.ndarray, np.ndarray]:
    """A square leaf of 64 x 64 cells on a grey table, `ill` of its rows brown from the top."""
    photo, leaf = np.full((96, 96, 3), GREY, np.uint8), np.zeros((96, 96), dtype=bool)
    leaf[16:80, 16:80] = True
    photo[leaf] = green
    photo[19 : 19 + round(ill * 58), 16:80] = BROWN
    return photo, leaf


@pytest.mark.parametrize("ill", [0.0, 0.1, 0.5, 0.75])
def test_brown_parts_of_a_leaf_count_as_affected(ill: float) -> None:
    share = affected_share(*painted(ill))
    assert share == pytest.approx(round(ill * 58) / 58, abs=0.01)


def test_light_and_size_of_the_photo_hardly_matter() -> None:
    photo, leaf = painted(0.3)
    large = photo.repeat(4, axis=0).repeat(3, axis=1)
    dark = (photo * 0.7).astype(np.uint8)
    expected = affected_share(photo, leaf)
    assert affected_share(large, leaf) == pytest.approx(expected)
    assert affected_share(dark, leaf) == pytest.approx(expected, abs=0.02)


def test_without_a_leaf_or_without_green_there_is_no_share() -> None:
    photo, leaf = painted(0.3)
    assert affected_share(photo, None) is None
    assert affected_share(*painted(0.3, green=BROWN)) is None
    narrow = np.zeros_like(leaf)
    narrow[40:45, 10:80] = True
    assert affected_share(photo, narrow) is None


def test_the_rim_of_a_leaf_does_not_count() -> None:
    photo, leaf = painted(0.0)
    photo[16:18], photo[:, 16:18] = GREY, GREY
    assert affected_share(photo, leaf) == 0


def test_redness_is_the_a_axis_of_cielab() -> None:
    colours = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [128, 128, 128], [3, 2, 1]]])
    # Those of the primaries are in any table; near black it is 500 * 7.787 * (X - Y), by hand.
    expected = [80.0925, -86.1827, 79.1875, 0.0, 0.1224]
    np.testing.assert_allclose(redness(colours.astype(np.uint8))[0], expected, atol=0.02)


@pytest.mark.parametrize("kind", ["healthy", "blight", "rust"])
def test_drawn_leaves_are_as_ill_as_they_were_drawn(kind: str) -> None:
    apart = []
    for seed in range(12):
        leaf = draw_leaf(kind, seed, (480, 360))
        small = shrink(np.asarray(leaf.photo))
        share = affected_share(small, single_leaf(small, leaf_mask(small)))
        if share is not None:
            apart.append(share - leaf.lesions.sum() / leaf.leaf.sum())
    assert len(apart) >= 4
    assert abs(np.median(apart)) < 0.1


def test_a_leaf_is_single_where_it_is_told_from_its_ground() -> None:
    photo, leaf = painted(0.0)
    found = single_leaf(photo, leaf)
    assert found is not None
    np.testing.assert_array_equal(found, leaf)
    assert single_leaf(photo, None) is None
    assert single_leaf(photo, np.ones_like(leaf)) is None, "it fills the photo"
    two = leaf.copy()
    two[:, 40:56] = False
    assert single_leaf(photo, two) is None, "it is in pieces"
    noisy = np.random.default_rng(0).integers(0, 255, photo.shape).astype(np.uint8)
    assert single_leaf(noisy, leaf) is None, "its ground has many colours"
