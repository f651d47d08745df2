"""States are a table."""

import itertools

import pytest

from jobs.errors import WrongTransition
from jobs.records.job import State, check_transition

TERMINAL = {State.SUCCEEDED, State.FAILED, State.CANCELED, State.EXPIRED}
ALLOWED = {
    ("queued", "running"),
    ("queued", "canceled"),
    ("queued", "expired"),
    ("running", "succeeded"),
    ("running", "failed"),
    ("running", "canceled"),
    ("running", "queued"),
}


def test_only_the_changes_of_the_contract_are_allowed() -> None:
    for old, new in itertools.product(State, State):
        if (old.value, new.value) in ALLOWED:
            check_transition(old, new)
        else:
            with pytest.raises(WrongTransition, match=f"from {old.value} to {new.value}"):
                check_transition(old, new)


def test_terminal_states_have_no_way_out() -> None:
    assert {state for state in State if state.is_terminal} == TERMINAL
