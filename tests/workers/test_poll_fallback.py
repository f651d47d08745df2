"""A worker that gets no notifications."""

import time

from jobs.records.job import State
from tests.workers.conftest import WorkerHarness, until
from workers.poll_fallback import PollFallback


def test_work_is_taken_without_a_notification(worker: WorkerHarness, leaf_jpeg: bytes) -> None:
    job = worker.submit(leaf_jpeg)
    poll_fallback = PollFallback(worker.harness.queue, worker.pipeline, seconds=0.01)
    poll_fallback.start()
    until(lambda: worker.ended(job).state is State.SUCCEEDED)
    again = worker.submit(leaf_jpeg)
    until(lambda: worker.ended(again).state is State.SUCCEEDED)
    poll_fallback.stop()
    worker.pipeline.close()


def test_a_stopped_poll_fallback_takes_nothing(worker: WorkerHarness, leaf_jpeg: bytes) -> None:
    poll_fallback = PollFallback(worker.harness.queue, worker.pipeline, seconds=0.01)
    poll_fallback.stop()
    poll_fallback.start()
    job = worker.submit(leaf_jpeg)
    time.sleep(0.2)
    assert worker.ended(job).state is State.QUEUED
