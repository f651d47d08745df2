"""pictures/segmentation/masks.py: what lies within, and what can be reached."""

import numpy as np
import pytest

from pictures.segmentation.masks import Mask, connected, fill_holes


def flooded(free: Mask, seeds: Mask) -> Mask:
    """One pixel after the other."""
    reached = seeds & free
    waiting = [(int(y), int(x)) for y, x in np.argwhere(reached)]
    while waiting:
        y, x = waiting.pop()
        for down, along in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
            inside = 0 <= down < free.shape[0] and 0 <= along < free.shape[1]
            if inside and free[down, along] and not reached[down, along]:
                reached[down, along] = True
                waiting.append((down, along))
    return reached


@pytest.mark.parametrize("shape", [(1, 1), (1, 17), (23, 1), (8, 8), (31, 40)])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.7, 1.0])
def test_what_can_be_reached_is_what_a_flood_reaches(shape: tuple[int, int], share: float) -> None:
    chance = np.random.default_rng(0)
    for _ in range(10):
        free, seeds = chance.random(shape) < share, chance.random(shape) < 0.05
        np.testing.assert_array_equal(connected(free, seeds), flooded(free, seeds))


def test_the_end_of_a_row_does_not_lead_to_the_next_one() -> None:
    free = np.ones((2, 4), np.bool_)
    free[0, :3] = free[1, 1:] = False
    seeds = np.zeros_like(free)
    seeds[0, 3] = True
    np.testing.assert_array_equal(connected(free, seeds), seeds)


def test_a_long_way_round_is_gone_to_its_end() -> None:
    free = np.ones((41, 40), np.bool_)
    free[1::4, :-1] = free[3::4, 1:] = False
    seeds = np.zeros_like(free)
    seeds[0, 0] = True
    np.testing.assert_array_equal(connected(free, seeds), free)


def test_holes_are_filled_and_bays_are_not() -> None:
    mask = np.zeros((9, 9), np.bool_)
    mask[1:8, 1:8] = True
    mask[3:5, 3:5] = False  # a hole
    mask[6, 5:9] = False  # a bay
    filled = fill_holes(mask)
    assert filled[3:5, 3:5].all()
    assert not filled[6, 5:].any()
