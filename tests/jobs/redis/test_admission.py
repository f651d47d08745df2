"""A Redis at its `maxmemory`: nothing new is accepted, and what was accepted comes to its end."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from jobs.errors import JobNotFound, StoreDown, StoreFull
from jobs.ports import Outcome
from jobs.records.job import State
from jobs.redis import keyspace
from tests.jobs.conftest import Desk, a_job

DONE = Outcome(State.SUCCEEDED, result={"predictions": ["leaf " * 500]})


@contextmanager
def no_memory(desk: Desk) -> Iterator[None]:
    """Redis has less than it already uses: it refuses every write that could need more."""
    desk.client.config_set("maxmemory", 500_000)
    try:
        yield
    finally:
        desk.client.config_set("maxmemory", 0)


@pytest.fixture
def desk(desk: Desk) -> Iterator[Desk]:
    yield desk
    desk.client.config_set("maxmemory", 0)


def test_what_is_running_is_finished(desk: Desk) -> None:
    desk.enqueue()
    (claim,) = desk.queue.claim(1)
    with no_memory(desk):
        assert desk.queue.finish(claim, DONE) is State.SUCCEEDED
        job = desk.find(claim.job.id)
    assert job.result == DONE.result
    assert desk.client.ttl(keyspace.JOB + job.id) > 0
    assert not desk.client.zcard(keyspace.LEASES)


def test_what_waits_is_claimed_kept_and_given_back(desk: Desk) -> None:
    job = desk.enqueue()
    with no_memory(desk):
        claims = desk.queue.claim(1)
        assert desk.queue.renew(claims) == 1
        desk.queue.release(claims)
        (again,) = desk.queue.claim(1)
        time.sleep(1.05)
        desk.queue.reap()
        assert desk.find(job.id).state is State.QUEUED
        desk.queue.heartbeat("w")
        assert desk.ask(lambda store: store.workers()) == 1
        assert desk.ask(lambda store: store.cancel(job.id)).state is State.CANCELED
    assert again.attempt == 1


def test_a_new_job_is_refused_whole(desk: Desk) -> None:
    job = a_job()
    with no_memory(desk):
        with pytest.raises(StoreDown, match="maxmemory"):
            desk.ask(lambda store: store.enqueue(job))
        with pytest.raises(JobNotFound):
            desk.find(job.id)
    assert desk.queue.claim(1) == []


def test_room_ends_at_nine_tenths_of_the_memory(desk: Desk) -> None:
    desk.ask(lambda store: store.check_admission())
    used = desk.client.info("memory")["used_memory"]
    desk.client.config_set("maxmemory", int(used / 0.8))
    desk.ask(lambda store: store.check_admission())
    desk.client.config_set("maxmemory", int(used / 0.95))
    with pytest.raises(StoreFull, match="the limit is 90% of its"):
        desk.ask(lambda store: store.check_admission())
