"""The queue of record: each sentence holds on a real Redis."""

import time

import pytest

from jobs import wire
from jobs.errors import JobNotFound, QueueFull, StoreDown
from jobs.job import State
from jobs.ports import Outcome
from tests.jobs.conftest import Desk, a_job

DONE = Outcome(State.SUCCEEDED, result={"predictions": []}, timings_ms={"decode": 1.5})


def test_an_accepted_job_is_queued_and_found(desk: Desk) -> None:
    job = desk.enqueue(client_ref="field 7")
    assert job.state is State.QUEUED
    assert job.options.client_ref == "field 7"
    assert desk.find(job.id) == job
    assert desk.bell.rung == 1


def test_an_unknown_job_is_not_found(desk: Desk) -> None:
    with pytest.raises(JobNotFound, match="nope"):
        desk.find("nope")


def test_the_same_id_twice_is_one_job(desk: Desk) -> None:
    job = a_job()
    for _ in range(2):
        desk.ask(lambda store: store.enqueue(job))
    assert len(desk.queue.claim(10)) == 1


def test_a_burst_of_jobs_sends_one_ticket(desk: Desk) -> None:
    for _ in range(4):
        desk.enqueue()
    assert desk.bell.rung == 1


def test_a_job_after_an_empty_claim_rings_at_once(desk: Desk) -> None:
    desk.enqueue()
    desk.queue.claim(8)
    desk.enqueue()
    assert desk.bell.rung == 2


def test_a_full_queue_refuses_and_names_the_limit(desk: Desk) -> None:
    for _ in range(5):
        desk.enqueue()
    with pytest.raises(QueueFull, match="5 jobs are waiting; the limit is 5"):
        desk.enqueue()
    with pytest.raises(QueueFull):
        desk.ask(lambda store: store.check_room())


def test_jobs_are_claimed_in_order_interactive_before_bulk(desk: Desk) -> None:
    bulk = desk.enqueue(priority="bulk")
    first, second = desk.enqueue(), desk.enqueue()
    claimed = [claim.job.id for claim in desk.queue.claim(8)]
    assert claimed == [first.id, second.id, bulk.id]


def test_a_claim_takes_no_more_than_asked_and_rings_for_the_rest(desk: Desk) -> None:
    for _ in range(3):
        desk.enqueue()
    before = desk.bell.rung
    assert len(desk.queue.claim(2)) == 2
    assert desk.bell.rung == before + 1


def test_a_claimed_job_is_running_on_its_first_attempt(desk: Desk) -> None:
    desk.enqueue()
    (claim,) = desk.queue.claim(1)
    assert claim.job.state is State.RUNNING
    assert claim.attempt == 1
    assert claim.job.started_at is not None


def test_a_finished_job_tells_result_and_times(desk: Desk) -> None:
    desk.enqueue()
    (claim,) = desk.queue.claim(1)
    assert desk.queue.finish(claim, DONE)
    job = desk.find(claim.job.id)
    assert job.state is State.SUCCEEDED
    assert job.result == {"predictions": []}
    assert set(job.timings_ms) == {"decode", "queued", "total"}
    assert not desk.client.zcard(wire.LEASES)


def test_a_job_is_finished_only_once(desk: Desk) -> None:
    desk.enqueue()
    (claim,) = desk.queue.claim(1)
    assert desk.queue.finish(claim, DONE)
    assert not desk.queue.finish(claim, Outcome(State.FAILED, error={}))
    assert desk.find(claim.job.id).state is State.SUCCEEDED


def test_a_record_never_expires_before_its_end(desk: Desk) -> None:
    job = desk.enqueue(ttl=60)
    assert desk.client.ttl(wire.JOB + job.id) == -1
    (claim,) = desk.queue.claim(1)
    desk.queue.finish(claim, DONE)
    assert 0 < desk.client.ttl(wire.JOB + job.id) <= 60


def test_a_lost_lease_returns_the_job_and_drops_the_late_result(desk: Desk) -> None:
    desk.enqueue()
    (late,) = desk.queue.claim(1)
    time.sleep(1.1)
    desk.queue.reap()
    assert desk.find(late.job.id).state is State.QUEUED
    (again,) = desk.queue.claim(1)
    assert again.attempt == 2
    assert not desk.queue.finish(late, DONE)
    assert desk.queue.finish(again, DONE)


def test_a_renewed_lease_is_kept(desk: Desk) -> None:
    desk.enqueue()
    claims = desk.queue.claim(1)
    time.sleep(0.7)
    assert desk.queue.renew(claims) == 1
    time.sleep(0.7)
    desk.queue.reap()
    assert desk.find(claims[0].job.id).state is State.RUNNING


def test_a_job_that_cost_a_worker_its_life_is_claimed_alone(desk: Desk) -> None:
    desk.enqueue()
    (lost,) = desk.queue.claim(1)
    desk.enqueue()
    time.sleep(1.1)
    desk.queue.reap()
    assert [claim.job.id for claim in desk.queue.claim(8)] == [lost.job.id]


def test_a_job_fails_after_the_last_attempt(desk: Desk) -> None:
    job = desk.enqueue()
    for _ in range(3):
        desk.queue.claim(1)
        time.sleep(1.05)
        desk.ask(lambda store: store.reap())
    ended = desk.find(job.id)
    assert ended.state is State.FAILED
    assert ended.error is not None
    assert ended.error["type"] == "/problems/worker-lost"
    assert desk.queue.claim(1) == []


def test_a_released_job_waits_at_the_head_with_its_attempt_given_back(desk: Desk) -> None:
    first = desk.enqueue()
    desk.enqueue()
    desk.queue.release(desk.queue.claim(1))
    (claim,) = desk.queue.claim(1)
    assert claim.job.id == first.id
    assert claim.attempt == 1


def test_a_job_past_its_deadline_expires_unrun(desk: Desk) -> None:
    job = desk.enqueue(deadline=0.05)
    time.sleep(0.1)
    assert desk.queue.claim(8) == []
    assert desk.find(job.id).state is State.EXPIRED


def test_reaping_rings_while_work_waits(desk: Desk) -> None:
    desk.enqueue()
    desk.client.delete(wire.BELL)  # the ticket was lost, and the bell has fallen silent
    desk.queue.reap()
    assert desk.bell.rung == 2


def test_workers_are_counted_by_their_signs_of_life(desk: Desk) -> None:
    desk.queue.announce("a")
    desk.queue.announce("b")
    desk.queue.retire("b")
    assert desk.ask(lambda store: store.workers()) == 1


def test_a_redis_that_is_gone_is_store_down() -> None:
    with pytest.raises(StoreDown):
        Desk("unix:///nonexistent/redis.sock").find("x")
