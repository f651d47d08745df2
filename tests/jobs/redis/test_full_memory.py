"""A Redis at its `maxmemory`: nothing new is accepted, and what was accepted comes to its end."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from jobs.errors import JobNotFound, StoreDown, StoreFull
from jobs.ports import Outcome
from jobs.records.job import State
from jobs.redis import keyspace
from tests.jobs.conftest import JobHarness, a_job

DONE = Outcome(State.SUCCEEDED, result={"predictions": ["leaf " * 500]})


@contextmanager
def no_memory(harness: JobHarness) -> Iterator[None]:
    """Redis has less than it already uses: it refuses every write that could need more."""
    harness.client.config_set("maxmemory", 500_000)
    try:
        yield
    finally:
        harness.client.config_set("maxmemory", 0)


@pytest.fixture
def harness(harness: JobHarness) -> Iterator[JobHarness]:
    yield harness
    harness.client.config_set("maxmemory", 0)


def test_what_is_running_is_finished(harness: JobHarness) -> None:
    harness.enqueue()
    (claim,) = harness.queue.claim(1)
    with no_memory(harness):
        assert harness.queue.finish(claim, DONE) is State.SUCCEEDED
        job = harness.find(claim.job.id)
    assert job.result == DONE.result
    assert harness.client.ttl(keyspace.JOB + job.id) > 0
    assert not harness.client.zcard(keyspace.LEASES)


def test_what_waits_is_claimed_kept_and_given_back(harness: JobHarness) -> None:
    job = harness.enqueue()
    with no_memory(harness):
        claims = harness.queue.claim(1)
        assert harness.queue.renew(claims) == 1
        harness.queue.release(claims)
        (again,) = harness.queue.claim(1)
        time.sleep(1.05)
        harness.queue.reap()
        assert harness.find(job.id).state is State.QUEUED
        harness.queue.heartbeat("w")
        assert harness.ask(lambda store: store.workers()) == 1
        assert harness.ask(lambda store: store.cancel(job.id)).state is State.CANCELED
    assert again.attempt == 1


def test_a_new_job_is_refused_whole(harness: JobHarness) -> None:
    job = a_job()
    with no_memory(harness):
        with pytest.raises(StoreDown, match="maxmemory"):
            harness.ask(lambda store: store.enqueue(job))
        with pytest.raises(JobNotFound):
            harness.find(job.id)
    assert harness.queue.claim(1) == []


def test_room_ends_at_nine_tenths_of_the_memory(harness: JobHarness) -> None:
    harness.ask(lambda store: store.check_admission())
    used = harness.client.info("memory")["used_memory"]
    harness.client.config_set("maxmemory", int(used / 0.8))
    harness.ask(lambda store: store.check_admission())
    harness.client.config_set("maxmemory", int(used / 0.95))
    with pytest.raises(StoreFull, match="the limit is 90% of its"):
        harness.ask(lambda store: store.check_admission())
