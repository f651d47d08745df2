"""A job is recorded and queued at once, and its place in the queue is told."""

import pytest

from jobs.errors import JobNotFound, StoreDown
from jobs.records.job import QueuePosition, State
from jobs.redis import keyspace
from tests.jobs.conftest import JobHarness, a_job


def test_an_accepted_job_is_queued_and_found(harness: JobHarness) -> None:
    job = harness.enqueue(client_ref="field 7")
    assert job.state is State.QUEUED
    assert job.options.client_ref == "field 7"
    assert harness.find(job.id) == job
    assert harness.notifier.notified == 1


def test_an_unknown_job_is_not_found(harness: JobHarness) -> None:
    with pytest.raises(JobNotFound, match="nope"):
        harness.find("nope")


def test_the_same_id_twice_is_one_job(harness: JobHarness) -> None:
    job = a_job()
    for _ in range(2):
        harness.ask(lambda store: store.enqueue(job))
    assert len(harness.queue.claim(10)) == 1


def test_a_burst_of_jobs_sends_one_notification(harness: JobHarness) -> None:
    for _ in range(4):
        harness.enqueue()
    assert harness.notifier.notified == 1


def test_a_job_after_an_empty_claim_notifies_at_once(harness: JobHarness) -> None:
    harness.enqueue()
    harness.queue.claim(8)
    harness.enqueue()
    assert harness.notifier.notified == 2


@pytest.mark.parametrize("priority", ["interactive", "bulk"])
def test_what_is_told_of_a_new_job_is_what_its_record_tells(
    harness: JobHarness, priority: str
) -> None:
    for other in ("interactive", "bulk"):
        harness.enqueue(priority=other)
    harness.client.hset(keyspace.PACE, "interval", "250")
    job = harness.enqueue(priority=priority, ttl=90, client_ref="plot 1")
    assert job == harness.find(job.id)
    position = 1 if priority == "interactive" else 2
    assert job.queue == QueuePosition(position=position, eta_seconds=(position + 1) * 0.25)


def test_a_queued_job_tells_its_place(harness: JobHarness) -> None:
    bulk = harness.enqueue(priority="bulk")
    first, second = harness.enqueue(), harness.enqueue()
    assert first.queue is not None
    assert first.queue.position == 0
    places = [harness.find(job.id).queue for job in (first, second, bulk)]
    assert [place.position for place in places if place] == [0, 1, 2]


def test_the_eta_follows_the_measured_pace(harness: JobHarness) -> None:
    harness.client.hset(keyspace.PACE, mapping={"last": 0, "interval": 2000})
    harness.enqueue()
    place = harness.enqueue().queue
    assert place is not None
    assert place.eta_seconds == 4.0


def test_a_redis_that_is_gone_is_store_down() -> None:
    with pytest.raises(StoreDown):
        JobHarness("unix:///nonexistent/redis.sock").find("x")
