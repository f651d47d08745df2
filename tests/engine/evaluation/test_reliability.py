"""Accuracy by confidence, against cases worked out by hand."""

import numpy as np

from engine.evaluation.metrics import ReliabilityBin, reliability_diagram


def test_every_prediction_falls_into_the_tenth_of_its_confidence() -> None:
    confidence = np.array([0.75] * 4 + [0.5, 1.0])
    right = np.array([True, True, True, False, False, True])
    found = reliability_diagram(confidence, right)
    assert [one.photos for one in found] == [0, 0, 0, 0, 1, 0, 0, 4, 0, 1]
    assert found[7] == ReliabilityBin(4, 0.75, 0.75)
    assert found[4] == ReliabilityBin(1, 0.5, 0.0)


def test_no_confidence_at_all_falls_into_the_first_bin() -> None:
    assert reliability_diagram(np.array([0.0]), np.array([False]))[0].photos == 1
