"""A worker that dies or hangs costs no job, and a job that kills workers no other."""

import time

from jobs.ports import Claim
from jobs.records.job import State
from jobs.redis import keyspace
from jobs.redis.queue import RedisWorkQueue
from tests.jobs.conftest import JobHarness
from tests.jobs.redis.conftest import DONE, end_leases


def lose_worker(harness: JobHarness, *claims: Claim) -> None:
    harness.client.zadd(keyspace.LEASES, {claim.job.id: 0 for claim in claims})
    harness.queue.reap()


def claimed(harness: JobHarness, *, busy: bool = False) -> list[str]:
    return [claim.job.id for claim in harness.queue.claim(8, busy=busy)]


def test_a_lost_lease_returns_the_job_and_drops_the_late_result(harness: JobHarness) -> None:
    harness.enqueue()
    (late,) = harness.queue.claim(1)
    time.sleep(1.1)
    harness.queue.reap()
    assert harness.find(late.job.id).state is State.QUEUED
    (again,) = harness.queue.claim(1)
    assert again.attempt == 2
    assert not harness.queue.finish(late, DONE)
    assert harness.queue.finish(again, DONE)


def test_a_renewed_lease_is_kept(harness: JobHarness) -> None:
    harness.enqueue()
    claims = harness.queue.claim(1)
    end_leases(harness)
    patient = RedisWorkQueue(harness.client, harness.notifier, 600, 3)  # on however busy a machine
    assert patient.renew(claims) == 1
    harness.queue.reap()
    assert harness.find(claims[0].job.id).state is State.RUNNING


def test_a_job_fails_after_the_last_attempt(harness: JobHarness) -> None:
    job = harness.enqueue()
    for _ in range(3):
        harness.queue.claim(1)
        end_leases(harness)
        harness.ask(lambda store: store.reap())
    ended = harness.find(job.id)
    assert ended.state is State.FAILED
    assert ended.error is not None
    assert ended.error["type"] == "/problems/worker-lost"
    assert harness.queue.claim(1) == []


def test_a_job_that_cost_a_worker_its_life_is_claimed_alone_behind_its_owners_others(
    harness: JobHarness,
) -> None:
    harness.enqueue()
    (lost,) = harness.queue.claim(1)
    other = harness.enqueue()
    lose_worker(harness, lost)
    last = harness.enqueue()
    assert claimed(harness) == [other.id]
    assert claimed(harness, busy=True) == [], "it must be alone, and nothing overtakes it"
    (alone,) = harness.queue.claim(8)
    assert (alone.job.id, alone.is_suspect) == (lost.job.id, True)
    assert claimed(harness, busy=True) == [last.id]


def test_jobs_that_cost_workers_their_lives_keep_others_waiting_by_turns_alone(
    harness: JobHarness,
) -> None:
    """However many one key has of them."""
    for _ in range(2):
        harness.enqueue(owner="attacker")
    lost = harness.queue.claim(8)
    honest = [harness.enqueue(owner="phone").id for _ in range(2)]
    lose_worker(harness, *lost)
    order = [job_id for _ in range(4) for job_id in claimed(harness)]
    assert sorted(order) == sorted([*honest, *(claim.job.id for claim in lost)])
    assert order.index(honest[0]) <= 1, "of jobs in the same turn either may be first"


def test_what_an_older_version_put_before_all_others_takes_its_turn(harness: JobHarness) -> None:
    harness.enqueue()
    (lost,) = harness.queue.claim(1)
    other = harness.enqueue()
    harness.client.hset(keyspace.JOB + lost.job.id, "state", "queued")
    harness.client.zrem(keyspace.LEASES, lost.job.id)
    harness.client.zadd(keyspace.RETRY, {lost.job.id: 1})
    assert claimed(harness) == [other.id]
    (alone,) = harness.queue.claim(8)
    assert (alone.job.id, alone.attempt) == (lost.job.id, 2)


def test_a_job_that_must_be_alone_must_be_so_when_it_was_given_back(harness: JobHarness) -> None:
    harness.enqueue()
    (lost,) = harness.queue.claim(1)
    lose_worker(harness, lost)
    harness.queue.release(harness.queue.claim(1))
    harness.enqueue()
    (alone,) = harness.queue.claim(8)
    assert (alone.job.id, alone.attempt) == (lost.job.id, 2)


def test_reaping_notifies_while_work_waits(harness: JobHarness) -> None:
    harness.enqueue()
    harness.client.delete(keyspace.NOTIFIED)  # the notification was lost, and its pause is over
    harness.queue.reap()
    assert harness.notifier.notified == 2


def test_workers_are_counted_by_their_signs_of_life(harness: JobHarness) -> None:
    harness.queue.heartbeat("a")
    harness.queue.heartbeat("b")
    harness.queue.deregister("b")
    assert harness.ask(lambda store: store.workers()) == 1
