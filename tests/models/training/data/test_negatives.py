"""models/training/data/negatives.py: what is judged with, and that training did not see it."""

from pathlib import Path

import numpy as np
import pytest

from models.training.data.negatives import (
    BACKGROUND,
    backgrounds,
    empty_square,
    negatives,
    numbered,
    scene,
)
from pictures.drawn_leaves.leaves import draw_leaf
from pictures.scenes import SCENES, TRAIN_KINDS


def test_the_largest_empty_square_is_found() -> None:
    free = np.zeros((20, 20), dtype=np.bool_)
    free[2:6, 2:6] = free[8:18, 5:15] = True
    assert empty_square(free) == (5, 8, 15, 18)
    assert empty_square(free & (np.arange(20) < 5)) is None


def photos(folder: Path) -> list[str]:
    found = []
    for seed in range(8):
        draw_leaf("healthy", seed, (240, 240)).photo.save(path := folder / f"{seed}.jpg")
        found.append(str(path))
    return found


def test_crops_show_the_ground_and_not_the_leaf(tmp_path: Path) -> None:
    crops = backgrounds(photos(tmp_path), 3, 32)
    assert 0 < len(crops) <= 3
    for crop in crops:
        assert crop.shape == (32, 32, 3)
        red, green, blue = crop.reshape(-1, 3).mean(axis=0)
        assert green - (red + blue) / 2 < 12


def test_every_kind_is_there_with_seeds_that_training_never_has(tmp_path: Path) -> None:
    found = negatives(photos(tmp_path), 1, 32)
    assert set(found) == {*SCENES, BACKGROUND}
    for kind in TRAIN_KINDS:
        assert not np.array_equal(found[kind][0], scene((kind, 0), 32))


def test_kinds_are_numbered_in_turn() -> None:
    assert numbered(["a", "b"], 3, first=7) == [("a", 7), ("b", 7), ("a", 8)]


def test_without_photos_there_are_scenes_alone() -> None:
    assert set(negatives([], 1, 32)) == set(SCENES)


@pytest.mark.parametrize("each", [1, 3])
def test_as_many_of_a_kind_as_asked_for(each: int) -> None:
    assert {len(own) for own in negatives([], each, 32).values()} == {each}
