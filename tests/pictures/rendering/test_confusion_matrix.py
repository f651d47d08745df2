"""A confusion matrix that can be read."""

import numpy as np

from pictures.rendering.confusion_matrix import _CELL, confusion_picture


def test_a_full_row_is_bright_and_an_empty_cell_dark() -> None:
    picture = confusion_picture([[5, 0], [1, 1]], ["Apple__scab", "Apple__healthy"])
    edge = picture.shape[0] - 8 - 2 * _CELL
    corner = picture[edge:, edge:].astype(int).sum(axis=2)
    right, wrong, half = (corner[2, 2], corner[2, _CELL + 2], corner[_CELL + 2, 2])
    assert right > half > wrong


def test_the_picture_is_as_large_as_its_classes_need() -> None:
    small = confusion_picture(np.eye(2), ["a", "b"])
    large = confusion_picture(np.eye(5), ["a", "b", "c", "d", "Tomato__yellow_leaf_curl_virus"])
    assert large.shape[0] - small.shape[0] > 3 * _CELL
    assert small.shape[0] == small.shape[1]
