"""What clients may ask for is what the engine can do."""

from typing import get_args

from engine.methods import METHODS
from jobs.options import MethodName


def test_methods_that_may_be_asked_for_are_those_of_the_engine() -> None:
    assert set(get_args(MethodName)) == set(METHODS)
