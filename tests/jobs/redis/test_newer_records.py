"""Jobs that a newer version recorded wait for a newer worker."""

import json

import pytest

from jobs.errors import NewerRecord
from jobs.redis import keyspace
from tests.jobs.conftest import JobHarness
from tests.jobs.redis.conftest import milliseconds_postponed


def recorded_by_a_newer_version(harness: JobHarness) -> str:
    """The id of a job with an option that this version does not know."""
    job = harness.enqueue()
    options = job.options.model_dump(mode="json") | {"sharpen": 2}
    harness.client.hset(keyspace.JOB + job.id, "options", json.dumps(options))
    return job.id


def test_a_job_with_an_option_of_a_newer_version_waits_for_a_newer_worker(
    harness: JobHarness,
) -> None:
    newer, other = recorded_by_a_newer_version(harness), harness.enqueue()
    assert [claim.job.id for claim in harness.queue.claim(8)] == [other.id]
    assert harness.client.hmget(keyspace.JOB + newer, "state", "attempts") == ["queued", "0"]
    assert milliseconds_postponed(harness, newer) > 0


def test_a_job_that_no_worker_can_read_for_a_day_fails_and_says_why(harness: JobHarness) -> None:
    newer = recorded_by_a_newer_version(harness)
    harness.client.hset(keyspace.JOB + newer, "postponed_at", 1)
    assert harness.queue.claim(8) == []
    state, error = harness.client.hmget(keyspace.JOB + newer, "state", "error")
    assert state == "failed"
    assert "options.sharpen: Extra inputs are not permitted" in str(error)


def test_an_api_process_that_cannot_read_a_job_says_so_and_may_be_asked_again(
    harness: JobHarness,
) -> None:
    newer = recorded_by_a_newer_version(harness)
    with pytest.raises(NewerRecord, match="which a newer CropShield may have recorded"):
        harness.find(newer)
