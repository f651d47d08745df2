"""A canceled job is never explained, whoever has it."""

import pytest

from jobs.errors import JobNotFound, QueueFull
from jobs.records.job import State
from jobs.redis import keyspace
from tests.jobs.conftest import JobHarness
from tests.jobs.redis.conftest import DAY, DONE, end_leases


def test_a_queued_job_is_canceled_at_once_and_never_claimed(harness: JobHarness) -> None:
    job = harness.enqueue()
    assert harness.ask(lambda store: store.cancel(job.id)).state is State.CANCELED
    assert harness.queue.claim(8) == []


def test_a_running_job_is_canceled_when_its_worker_finishes(harness: JobHarness) -> None:
    job = harness.enqueue()
    (claim,) = harness.queue.claim(1)
    assert harness.ask(lambda store: store.cancel(job.id)).state is State.RUNNING
    assert harness.queue.finish(claim, DONE) is State.CANCELED
    assert harness.find(job.id).result is None


def test_a_running_job_whose_worker_is_lost_stays_canceled(harness: JobHarness) -> None:
    job = harness.enqueue()
    harness.queue.claim(1)
    harness.ask(lambda store: store.cancel(job.id))
    end_leases(harness)
    harness.queue.reap()
    assert harness.find(job.id).state is State.CANCELED


def test_canceling_a_finished_job_changes_nothing(harness: JobHarness) -> None:
    job = harness.enqueue()
    (claim,) = harness.queue.claim(1)
    harness.queue.finish(claim, DONE)
    assert harness.ask(lambda store: store.cancel(job.id)).state is State.SUCCEEDED
    with pytest.raises(JobNotFound):
        harness.ask(lambda store: store.cancel("nope"))


@pytest.mark.parametrize("how", ["postpone", "retry", "release"])
def test_a_canceled_job_that_is_given_back_is_never_run(harness: JobHarness, how: str) -> None:
    job = harness.enqueue()
    (claim,) = harness.queue.claim(1)
    harness.ask(lambda store: store.cancel(job.id))
    if how == "postpone":
        harness.queue.postpone(claim, DAY)
    elif how == "retry":
        harness.queue.retry(claim)
    else:
        harness.queue.release([claim])
    assert harness.find(job.id).state is State.CANCELED
    assert harness.queue.claim(8) == []


def test_a_postponed_job_is_canceled_at_once_and_counts_against_the_bound(
    harness: JobHarness,
) -> None:
    job = harness.enqueue()
    harness.queue.postpone(harness.queue.claim(1)[0], DAY)
    for _ in range(4):
        harness.enqueue()
    with pytest.raises(QueueFull):
        harness.enqueue()
    assert harness.ask(lambda store: store.cancel(job.id)).state is State.CANCELED
    assert not harness.client.exists(keyspace.DELAYED)
    harness.enqueue()
