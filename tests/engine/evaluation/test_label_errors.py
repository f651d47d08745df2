"""Labels that are likely wrong."""

import numpy as np
import pytest

from engine.evaluation.label_errors import likely_label_errors


def _confident(classes: np.ndarray, count: int, share: float = 0.9) -> np.ndarray:
    made = np.full((len(classes), count), (1 - share) / (count - 1), np.float32)
    made[np.arange(len(classes)), classes] = share
    return made


def test_swapped_labels_are_found_and_no_other() -> None:
    truth = np.arange(60) % 3
    labels = truth.copy()
    labels[[4, 20]] = (truth[[4, 20]] + 1) % 3
    found = likely_label_errors(_confident(truth, 3), labels)
    assert {error.index for error in found} == {4, 20}
    assert all(error.likely == truth[error.index] for error in found)
    assert found[0].margin == pytest.approx(0.85)


def test_an_unsure_mistake_is_no_reason_to_doubt_a_label() -> None:
    truth = np.arange(30) % 3
    confidences = _confident(truth, 3)
    confidences[0] = [0.3, 0.4, 0.3]
    assert likely_label_errors(confidences, truth) == []


def test_the_clearest_comes_first() -> None:
    truth = np.zeros(20, int)
    labels = truth.copy()
    labels[:2] = 1
    labels[10:] = truth[10:] = 1
    confidences = _confident(truth, 2, 0.8)
    confidences[1] = [0.99, 0.01]
    assert [error.index for error in likely_label_errors(confidences, labels)] == [1, 0]


def test_a_class_without_photos_is_never_likely() -> None:
    labels = np.array([0, 0, 1, 1])
    confidences = np.array([[0, 0, 1]] + [[1, 0, 0]] + 2 * [[0, 1, 0]], np.float32) * 0.999
    assert likely_label_errors(confidences, labels) == []
