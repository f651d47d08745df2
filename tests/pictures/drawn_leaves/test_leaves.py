"""Drawn leaves: reproducible, with lesions exactly where the masks say."""

import time

import numpy as np
import pytest
from numpy.typing import NDArray

from pictures.drawn_leaves.leaves import KINDS, DrawnLeaf, draw_leaf

SICK = tuple(kind for kind in KINDS if kind != "healthy")
SMALL = (320, 240)
SEEDS = range(9)  # every outline on every ground


def _pixels(leaf: DrawnLeaf) -> NDArray[np.float32]:
    return np.asarray(leaf.photo, dtype=np.float32)


def _change(kind: str, seed: int) -> tuple[DrawnLeaf, NDArray[np.float32]]:
    """A sick leaf and how much each of its pixels differs from its healthy twin's."""
    sick, healthy = draw_leaf(kind, seed, SMALL), draw_leaf("healthy", seed, SMALL)
    return sick, np.abs(_pixels(sick) - _pixels(healthy)).max(axis=-1)


def test_there_are_at_least_six_kinds() -> None:
    assert {"healthy", "spots", "blight", "rust", "mosaic", "scab"} <= set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_pixels(kind: str) -> None:
    one, two = draw_leaf(kind, 4, SMALL), draw_leaf(kind, 4, SMALL)
    assert one.photo.tobytes() == two.photo.tobytes()
    assert np.array_equal(one.lesions, two.lesions)


def test_another_seed_gives_another_leaf() -> None:
    photos = {draw_leaf("spots", seed, SMALL).photo.tobytes() for seed in SEEDS}
    assert len(photos) == len(SEEDS)


@pytest.mark.parametrize("size", [(640, 480), (480, 640), (224, 224), (97, 61), (32, 32)])
def test_photo_and_masks_have_the_size_asked_for(size: tuple[int, int]) -> None:
    leaf = draw_leaf("blight", 2, size)
    assert leaf.photo.mode == "RGB"
    assert leaf.photo.size == size
    assert leaf.lesions.shape == leaf.leaf.shape == (size[1], size[0])
    assert leaf.lesions.dtype == leaf.leaf.dtype == np.bool_


@pytest.mark.parametrize("seed", SEEDS)
def test_the_leaf_fills_a_good_part_of_the_photo_and_not_all_of_it(seed: int) -> None:
    assert 0.12 < draw_leaf("healthy", seed, SMALL).leaf.mean() < 0.85


@pytest.mark.parametrize("seed", SEEDS)
def test_a_healthy_leaf_has_no_lesions(seed: int) -> None:
    assert not draw_leaf("healthy", seed, SMALL).lesions.any()


@pytest.mark.parametrize("kind", SICK)
def test_lesions_lie_on_the_leaf_and_leave_some_of_it_green(kind: str) -> None:
    for seed in SEEDS:
        leaf = draw_leaf(kind, seed, SMALL)
        assert leaf.lesions.any()
        assert not (leaf.lesions & ~leaf.leaf).any()
        assert leaf.lesions.sum() < 0.75 * leaf.leaf.sum()


@pytest.mark.parametrize("kind", SICK)
def test_lesions_differ_in_colour_from_the_leaf_around_them(kind: str) -> None:
    for seed in SEEDS:
        leaf, change = _change(kind, seed)
        assert np.median(change[leaf.lesions]) > 20.0
        assert change[leaf.leaf & ~leaf.lesions].mean() < change[leaf.lesions].mean() / 2.0


@pytest.mark.parametrize("kind", SICK)
def test_nothing_beside_the_leaf_tells_that_it_is_sick(kind: str) -> None:
    for seed in SEEDS:
        leaf, change = _change(kind, seed)
        assert change[~leaf.leaf].mean() < 0.5


def test_an_unknown_kind_is_named_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"'measles'.*healthy, spots.*mosaic"):
        draw_leaf("measles")


def test_a_leaf_is_drawn_in_a_fraction_of_a_second() -> None:
    started = time.process_time()
    for seed in range(3):
        draw_leaf("rust", seed)
    assert time.process_time() - started < 3 * 0.6
