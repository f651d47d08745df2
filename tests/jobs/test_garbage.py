"""What is made at the start is looked through neither then nor later."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from jobs.garbage import begin_start, end_start


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    gc.enable()
    gc.unfreeze()


def test_no_garbage_is_looked_for_during_the_start() -> None:
    begin_start()
    assert not gc.isenabled()
    made = [[] for _ in range(100)]  # type: ignore[var-annotated]
    end_start()
    assert gc.isenabled()
    assert not any(made[0] is one for one in gc.get_objects()), "it is looked through no more"


def test_what_becomes_garbage_after_the_start_is_found() -> None:
    class Ring:
        """Refers to itself."""

    begin_start()
    end_start()
    ring, gone = Ring(), list[int]()
    ring.itself = ring  # type: ignore[attr-defined]
    weakref.finalize(ring, gone.append, 1)
    del ring
    gc.collect()
    assert gone == [1]
