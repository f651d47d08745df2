"""A worker gives a job back: released, postponed, or to be tried again."""

from jobs.ports import Outcome
from jobs.records.job import State
from jobs.redis import keyspace
from tests.jobs.conftest import JobHarness
from tests.jobs.redis.conftest import DAY, DONE, milliseconds_postponed


def test_a_released_job_waits_at_the_head_with_its_attempt_given_back(harness: JobHarness) -> None:
    first = harness.enqueue()
    harness.enqueue()
    harness.queue.release(harness.queue.claim(1))
    (claim,) = harness.queue.claim(1)
    assert claim.job.id == first.id
    assert claim.attempt == 1


def test_a_postponed_job_is_claimed_again_and_waits_ever_longer(harness: JobHarness) -> None:
    first = harness.enqueue()
    (claim,) = harness.queue.claim(1)
    assert harness.queue.postpone(claim, DAY)
    assert 0 < milliseconds_postponed(harness, first.id) <= 3_000
    assert harness.find(first.id).queue is None
    second = harness.enqueue()
    assert [held.job.id for held in harness.queue.claim(8)] == [second.id]
    harness.client.zadd(keyspace.DELAYED, {first.id: 0})
    (back,) = harness.queue.claim(8)
    assert (back.job.id, back.attempt) == (first.id, 1)
    harness.client.hincrby(keyspace.JOB + first.id, "postponed_at", -3_600_000)
    assert harness.queue.postpone(back, DAY)
    assert 50_000 < milliseconds_postponed(harness, first.id) <= 61_000


def test_a_job_that_was_postponed_for_a_day_is_to_end(harness: JobHarness) -> None:
    job = harness.enqueue()
    harness.client.hset(keyspace.JOB + job.id, "postponed_at", 1)
    (claim,) = harness.queue.claim(1)
    assert not harness.queue.postpone(claim, DAY)
    assert harness.queue.finish(claim, Outcome(State.FAILED, error={})) is State.FAILED


def test_nobody_postpones_what_somebody_else_holds(harness: JobHarness) -> None:
    harness.enqueue()
    (late,) = harness.queue.claim(1)
    harness.client.zadd(keyspace.LEASES, {late.job.id: 0})
    harness.queue.reap()
    (held,) = harness.queue.claim(1)
    assert not harness.queue.postpone(late, DAY)
    assert harness.queue.finish(held, DONE)


def test_a_job_that_is_tried_again_runs_alone_and_is_out_of_attempts_then(
    harness: JobHarness,
) -> None:
    first, second = harness.enqueue(), harness.enqueue()
    claim, other = harness.queue.claim(8)
    assert harness.queue.retry(claim)
    assert not harness.queue.retry(claim), "it is no longer held"
    assert harness.queue.claim(8, busy=True) == []
    harness.queue.finish(other, DONE)
    (again,) = harness.queue.claim(8)
    assert (other.job.id, again.job.id, again.attempt) == (second.id, first.id, 2)
    assert again.is_suspect
    assert harness.queue.retry(again)
    (last,) = harness.queue.claim(8)
    assert not harness.queue.retry(last)
    assert harness.queue.finish(last, Outcome(State.FAILED, error={})) is State.FAILED
