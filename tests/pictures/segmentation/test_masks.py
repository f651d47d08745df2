"""pictures/segmentation/masks.py: what lies within, and what can be reached."""

import numpy as np
import pytest

from pictures.segmentation.masks import Mask, connected_parts, fill_holes


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
def test_a_part_is_what_a_flood_reaches_from_any_of_its_pixels(
    shape: tuple[int, int], share: float
) -> None:
    mask = np.random.default_rng(0).random(shape) < share
    labels, boxes = connected_parts(mask)
    assert labels.shape == shape
    assert set(labels[mask].tolist()) == set(range(1, len(boxes)))
    assert not labels[~mask].any()
    for number in range(1, len(boxes)):
        part = labels == number
        seed = np.zeros_like(mask)
        seed.flat[part.argmax()] = True
        np.testing.assert_array_equal(part, flooded(mask, seed))


def test_parts_are_numbered_row_by_row_with_the_box_around_each() -> None:
    mask = np.zeros((5, 7), np.bool_)
    mask[0, 2:5] = mask[1, 5] = mask[2:5, 0:2] = True  # the second touches the first at a corner
    labels, boxes = connected_parts(mask)
    assert [labels[0, 2], labels[1, 5], labels[4, 1]] == [1, 2, 3]
    assert boxes[1:].tolist() == [[2, 0, 3, 1], [5, 1, 1, 1], [0, 2, 2, 3]]


def test_holes_are_filled_and_bays_are_not() -> None:
    mask = np.zeros((9, 9), np.bool_)
    mask[1:8, 1:8] = True
    mask[3:5, 3:5] = False  # a hole
    mask[6, 5:9] = False  # a bay
    filled = fill_holes(mask)
    assert filled[3:5, 3:5].all()
    assert not filled[6, 5:].any()
