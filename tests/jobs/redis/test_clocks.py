"""Clocks that are wrong, or are set while jobs wait and run, cost no job."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from jobs.metrics import Counters
from jobs.records.job import State
from jobs.redis import keyspace
from jobs.redis.queue import MeteredQueue
from tests.jobs.conftest import JobHarness, a_job
from tests.jobs.redis.conftest import DAY, DONE, milliseconds_postponed

HOUR = 3_600_000


def set_clock(harness: JobHarness, by: int) -> None:
    """As if the clock of Redis had been moved by so many milliseconds just now: what stands in the
    store was written when it showed another time."""
    harness.queue.reap()
    for key in (keyspace.LEASES, keyspace.DELAYED, keyspace.STANDBY):
        written: Any = harness.client.zrange(key, 0, -1)
        for member in written:
            harness.client.zincrby(key, -by, member)
    signs: Any = harness.client.zrange(keyspace.WORKERS, 0, -1)
    for worker in signs:
        harness.client.zincrby(keyspace.WORKERS, -by / 1000, worker)
    seconds, microseconds = harness.client.time()
    harness.client.set(keyspace.CLOCK, seconds * 1000 + microseconds // 1000 - by)


def test_the_clocks_of_other_machines_do_not_matter(
    harness: JobHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The API's is decades behind, the worker's a day ahead."""
    past = dict.fromkeys(("created_at", "expires_at"), datetime(2001, 1, 1, tzinfo=UTC))
    asked = a_job(deadline=60, ttl=600).model_copy(update=past)
    job = harness.ask(lambda store: store.enqueue(asked)).job
    now = harness.client.time()[0]
    assert abs(job.created_at.timestamp() - now) < 30
    assert (job.expires_at - job.created_at).total_seconds() == 600
    monkeypatch.setattr(time, "time", lambda: now + 86_400.0)
    counters = Counters()
    queue = MeteredQueue(harness.client, harness.notifier, 30, 3, counters)
    (claim,) = queue.claim(1)
    queue.reap()
    queue.heartbeat("w")
    assert harness.find(job.id).state is State.RUNNING
    assert harness.ask(lambda store: store.workers()) == 1
    assert queue.finish(claim, DONE) is State.SUCCEEDED
    assert 0 <= counters.take()["job_stage_seconds|total|sum"] < 60
    assert harness.client.ttl(keyspace.JOB + job.id) <= 600


def test_the_clock_of_redis_goes_back_and_a_killed_workers_job_waits_for_its_lease_alone(
    harness: JobHarness,
) -> None:
    harness.enqueue()
    (lost,) = harness.queue.claim(1)
    harness.queue.heartbeat("killed")
    set_clock(harness, -HOUR)
    harness.queue.reap()
    assert harness.ask(lambda store: store.workers()) == 0
    time.sleep(1.1)
    harness.queue.reap()
    assert harness.find(lost.job.id).state is State.QUEUED


def test_the_clock_of_redis_goes_back_and_a_postponed_job_waits_no_longer(
    harness: JobHarness,
) -> None:
    job = harness.enqueue()
    harness.queue.postpone(harness.queue.claim(1)[0], DAY)
    set_clock(harness, -HOUR)
    harness.queue.reap()
    assert milliseconds_postponed(harness, job.id) <= 3_000


def test_the_clock_of_redis_goes_back_and_no_job_waits_for_one_that_died_standing_by(
    harness: JobHarness,
) -> None:
    harness.queue._scripts["stand_by"](args=[keyspace.PREFIX, "dead", 1000])
    set_clock(harness, -HOUR)
    harness.queue.reap()
    harness.enqueue()
    assert harness.notifier.notified == 1


def test_time_that_redis_did_not_see_costs_no_lease(harness: JobHarness) -> None:
    """Its clock goes forward, or it was away."""
    harness.enqueue()
    (claim,) = harness.queue.claim(1)
    set_clock(harness, HOUR)
    harness.queue.reap()
    assert harness.find(claim.job.id).state is State.RUNNING
    assert harness.queue.renew([claim]) == 1
    assert harness.queue.finish(claim, DONE) is State.SUCCEEDED


def test_a_clock_that_goes_back_measures_no_pace_below_zero(harness: JobHarness) -> None:
    job = harness.enqueue()
    (claim,) = harness.queue.claim(1)
    harness.client.hset(keyspace.JOB + job.id, "started_at", harness.client.time()[0] * 1000 + HOUR)
    harness.queue.finish(claim, DONE)
    assert float(harness.client.hget(keyspace.PACE, "interval") or -1) >= 0
