"""pictures/segmentation/leaf_mask.py: found leaves against the ones that were drawn."""

import numpy as np
import pytest
from PIL import Image, ImageFilter

from pictures.drawn_leaves.leaves import KINDS, draw_leaf
from pictures.segmentation.leaf_mask import SIDE, leaf_mask, main_part, tidy


def leaf_on(ground: tuple[int, int, int], noise: float = 8.0) -> tuple[np.ndarray, np.ndarray]:
    """An oval leaf with a brown lesion on a speckled ground, and where the leaf is."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    leaf = ((y - 0.5) / 0.35) ** 2 + ((x - 0.5) / 0.28) ** 2 < 1
    lesion = ((y - 0.45) / 0.08) ** 2 + ((x - 0.55) / 0.08) ** 2 < 1
    picture = np.where(leaf[..., None], (70, 130, 55), ground).astype(float)
    picture[lesion] = (110, 70, 40)
    picture += rng.normal(0, noise, (SIDE, SIDE, 1))
    return picture.clip(0, 255).astype(np.uint8), leaf


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    return float((one & other).sum() / (one | other).sum())


@pytest.mark.parametrize(
    "ground", [(150, 150, 155), (205, 200, 200), (5, 5, 5), (120, 95, 75), (90, 70, 50)]
)
def test_a_leaf_is_found_on_tables_and_on_soil(ground: tuple[int, int, int]) -> None:
    photo, leaf = leaf_on(ground)
    found = leaf_mask(photo)
    assert found is not None
    assert overlap(found, leaf) > 0.9


def test_a_photo_full_of_leaf_is_leaf_everywhere() -> None:
    photo, _ = leaf_on((70, 130, 55))
    found = leaf_mask(photo)
    assert found is not None
    assert found.mean() > 0.98


def test_a_photo_without_a_leaf_has_no_mask() -> None:
    grey = np.random.default_rng(0).normal(150, 3, (90, 90, 1)).repeat(3, axis=2)
    assert leaf_mask(grey.astype(np.uint8)) is None


@pytest.mark.parametrize("share", [0.03, 0.3, 0.5, 0.7, 0.97])
def test_specks_and_gaps_go_as_by_rank_filters(share: float) -> None:
    rng = np.random.default_rng(round(100 * share))
    blocks = np.kron(rng.random((12, 12)) < share, np.ones((8, 8), bool))
    mask = blocks ^ (rng.random((SIDE, SIDE)) < 0.1)
    grey = Image.fromarray(mask.astype(np.uint8) * 255).filter(ImageFilter.MedianFilter(5))
    closed = grey.filter(ImageFilter.MaxFilter(7)).filter(ImageFilter.MinFilter(7))
    assert np.array_equal(tidy(mask), np.asarray(closed) > 127)


def test_drawn_leaves_are_found_on_every_ground() -> None:
    overlaps = []
    for seed in range(18):
        drawn = draw_leaf(KINDS[seed % len(KINDS)], seed=seed, size=(192, 144))
        found = leaf_mask(np.asarray(drawn.photo))
        small = Image.fromarray(drawn.leaf).convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
        overlaps.append(0.0 if found is None else overlap(found, np.asarray(small) > 127))
    assert float(np.median(overlaps)) > 0.85


def test_the_main_part_is_the_one_with_the_most_inside() -> None:
    mask = np.zeros((SIDE, SIDE), bool)
    mask[10:40, 10:40] = mask[40:44, 20:24] = True
    thin = np.zeros_like(mask)
    thin[60:66] = True
    np.testing.assert_array_equal(main_part(mask | thin), mask)
