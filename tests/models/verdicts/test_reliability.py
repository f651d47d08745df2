"""Accuracy by confidence, against cases worked out by hand."""

import numpy as np
import pytest

from models.verdicts.reliability import (
    ReliabilityBin,
    expected_calibration_error,
    reliability_diagram,
)


def test_every_prediction_falls_into_the_tenth_of_its_confidence() -> None:
    confidence = np.array([0.75] * 4 + [0.5, 1.0])
    right = np.array([True, True, True, False, False, True])
    found = reliability_diagram(confidence, right)
    assert [one.photos for one in found] == [0, 0, 0, 0, 1, 0, 0, 4, 0, 1]
    assert found[7] == ReliabilityBin(4, 0.75, 0.75)
    assert found[4] == ReliabilityBin(1, 0.5, 0.0)


def test_no_confidence_at_all_falls_into_the_first_bin() -> None:
    assert reliability_diagram(np.array([0.0]), np.array([False]))[0].photos == 1


def test_calibration_error_is_the_gap_between_confidence_and_accuracy() -> None:
    """Ten photos at 0.9 of which five are right, ten at 0.5 of which five are right."""
    confidence = np.array([0.9] * 10 + [0.5] * 10)
    right = np.array(([True] * 5 + [False] * 5) * 2)
    assert expected_calibration_error(confidence, right) == pytest.approx(0.2)


def test_gaps_in_one_bin_cancel_and_those_of_two_do_not() -> None:
    right = np.array([True, False])
    assert expected_calibration_error(np.array([0.51, 0.49]), right, bins=1) == 0
    assert expected_calibration_error(np.array([0.0, 1.0]), right) == 1
