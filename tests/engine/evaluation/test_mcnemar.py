"""Two models on the same photos."""

import numpy as np
import pytest

from engine.evaluation.metrics import mcnemar


def test_photos_are_dealt_to_whoever_got_them_right() -> None:
    first = np.array([1, 1, 1, 0, 0], bool)
    second = np.array([1, 0, 0, 1, 0], bool)
    found = mcnemar(first, second)
    assert (found.both, found.first_only, found.second_only, found.neither) == (1, 2, 1, 1)
    assert found.p_value == 1


def test_the_p_value_is_that_of_a_fair_coin() -> None:
    found = mcnemar(np.ones(10, bool), np.zeros(10, bool))
    assert found.p_value == pytest.approx(2 / 2**10)


def test_equal_models_differ_by_chance_alone() -> None:
    same = np.array([True, False, True])
    assert mcnemar(same, same).p_value == 1
