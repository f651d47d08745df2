"""A job ends once, and its record stays as long as was asked."""

import pytest

from jobs.errors import JobGone
from jobs.ports import Outcome
from jobs.records.job import State
from jobs.redis import keyspace
from tests.jobs.conftest import JobHarness
from tests.jobs.redis.conftest import DONE


def test_a_finished_job_tells_result_and_times(harness: JobHarness) -> None:
    harness.enqueue()
    (claim,) = harness.queue.claim(1)
    assert harness.queue.finish(claim, DONE)
    job = harness.find(claim.job.id)
    assert job.state is State.SUCCEEDED
    assert job.result == {"predictions": []}
    assert set(job.timings_ms) == {"decode", "queued", "total"}
    assert not harness.client.zcard(keyspace.LEASES)


def test_a_job_that_an_older_version_accepted_is_finished(harness: JobHarness) -> None:
    accepted = harness.enqueue()
    harness.client.hdel(keyspace.JOB + accepted.id, "key", "digest")
    (claim,) = harness.queue.claim(1)
    assert harness.queue.finish(claim, DONE) is State.SUCCEEDED
    assert harness.find(accepted.id).state is State.SUCCEEDED


def test_a_job_is_finished_only_once(harness: JobHarness) -> None:
    harness.enqueue()
    (claim,) = harness.queue.claim(1)
    assert harness.queue.finish(claim, DONE)
    assert harness.queue.finish(claim, Outcome(State.FAILED, error={})) is None
    assert harness.find(claim.job.id).state is State.SUCCEEDED


def test_a_record_never_expires_before_its_end(harness: JobHarness) -> None:
    job = harness.enqueue(ttl=60)
    assert harness.client.ttl(keyspace.JOB + job.id) == -1
    (claim,) = harness.queue.claim(1)
    harness.queue.finish(claim, DONE)
    assert 0 < harness.client.ttl(keyspace.JOB + job.id) <= 60


def test_an_expired_record_leaves_a_tombstone(harness: JobHarness) -> None:
    job = harness.enqueue(ttl=60)
    (claim,) = harness.queue.claim(1)
    harness.queue.finish(claim, DONE)
    harness.client.delete(keyspace.JOB + job.id)  # as its expiry does
    with pytest.raises(JobGone, match="expired at 20"):
        harness.find(job.id)
    assert harness.client.ttl(keyspace.GONE + job.id) > 60 + 6 * 86_400
