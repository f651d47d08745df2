"""A worker that gets no notifications."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from jobs.records.job import State
from tests.jobs.conftest import Desk
from tests.workers.test_pipeline import Bench
from workers.poll_fallback import PollFallback


@pytest.fixture
def bench(desk: Desk, home: Path) -> Bench:
    return Bench(desk, home)


def test_work_is_taken_without_a_notification(bench: Bench, leaf_jpeg: bytes) -> None:
    job = bench.submit(leaf_jpeg)
    poll_fallback = PollFallback(bench.desk.queue, bench.pipeline, seconds=0.01)
    poll_fallback.start()
    until(lambda: bench.ended(job).state is State.SUCCEEDED)
    again = bench.submit(leaf_jpeg)
    until(lambda: bench.ended(again).state is State.SUCCEEDED)
    poll_fallback.stop()
    bench.pipeline.close()


def test_a_stopped_watchman_takes_nothing(bench: Bench, leaf_jpeg: bytes) -> None:
    poll_fallback = PollFallback(bench.desk.queue, bench.pipeline, seconds=0.01)
    poll_fallback.stop()
    poll_fallback.start()
    job = bench.submit(leaf_jpeg)
    time.sleep(0.2)
    assert bench.ended(job).state is State.QUEUED


def until(happened: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.02)
