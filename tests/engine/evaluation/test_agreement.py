"""Lin's concordance and the limits of agreement."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.evaluation.agreement import agreement

SHARES = st.lists(st.floats(0, 1), min_size=3, max_size=20).filter(lambda x: np.std(x) > 1e-3)


def test_agreement_of_an_example_by_hand() -> None:
    found = agreement([1.0, 2.0, 3.0], [2.0, 3.0, 4.0])
    # cov = 2/3, both variances 2/3, means 1 apart: (4/3) / (4/3 + 1)
    assert found.concordance == pytest.approx(4 / 7)
    assert (found.count, found.mean_error, found.low, found.high) == (3, -1, -1, -1)


def test_limits_are_1_96_deviations_around_the_mean_error() -> None:
    found = agreement([0.1, 0.5], [0.0, 0.6])
    assert found.mean_error == pytest.approx(0)
    assert found.high == pytest.approx(1.96 * np.std([0.1, -0.1], ddof=1))
    assert found.low == pytest.approx(-found.high)


@given(SHARES)
def test_the_same_values_agree_and_turned_ones_do_the_opposite(values: list[float]) -> None:
    x = np.array(values)
    assert agreement(x, x).concordance == pytest.approx(1)
    assert agreement(2 * x.mean() - x, x).concordance == pytest.approx(-1)
    assert agreement(np.full_like(x, 0.5), x).concordance == pytest.approx(0)


@given(SHARES, st.floats(0.1, 1))
def test_a_constant_error_costs_concordance_though_not_correlation(
    values: list[float], error: float
) -> None:
    x = np.array(values)
    found = agreement(x + error, x)
    assert found.concordance < 1
    assert found.mean_error == pytest.approx(error)
    assert found.high - found.low == pytest.approx(0, abs=1e-6)


def test_two_values_are_needed_and_they_must_differ() -> None:
    assert math.isnan(agreement([0.5, 0.5], [0.5, 0.5]).concordance)
    for found, true in (([0.5], [0.5]), ([0.5, 0.6], [0.5, 0.6, 0.7])):
        with pytest.raises(ValueError, match="needed are 2 or more of each"):
            agreement(found, true)
