"""Scenes: no leaf anywhere, always the same, and kinds that training never sees."""

import numpy as np
import pytest

from pictures.scenes import SCENES, TRAIN_KINDS, UNSEEN_KINDS, draw_scene


@pytest.mark.parametrize("kind", SCENES)
def test_a_scene_is_that_of_its_seed_and_size(kind: str) -> None:
    one, again, other = (np.asarray(draw_scene(kind, seed, (90, 60))) for seed in (1, 1, 2))
    assert one.shape == (60, 90, 3)
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_kinds_for_judging_are_not_for_training() -> None:
    assert not set(TRAIN_KINDS) & set(UNSEEN_KINDS)
    assert set(SCENES) == {*TRAIN_KINDS, *UNSEEN_KINDS}


def test_another_kind_is_named_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="kind is 'leaf'; known are bokeh, document"):
        draw_scene("leaf")
