"""The queue of record: each sentence holds on a real Redis."""

import asyncio
import json
import math
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from jobs.errors import JobGone, JobNotFound, NewerRecord, QueueFull, ShareUsedUp, StoreDown
from jobs.metrics import Counters
from jobs.ports import Claim, Outcome
from jobs.records.job import LOCAL, Job, QueuePosition, State
from jobs.records.submissions import Submitted
from jobs.redis import keyspace
from jobs.redis.admission import CHECK_SECONDS, AdmissionControl
from jobs.redis.connections import connect_async
from jobs.redis.queue import MeteredQueue
from jobs.redis.store import RedisJobStore
from tests.jobs.conftest import JobHarness, a_job

DAY = 86_400.0
DONE = Outcome(State.SUCCEEDED, result={"predictions": []}, timings_ms={"decode": 1.5})


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


def test_a_full_queue_refuses_and_names_the_limit(harness: JobHarness) -> None:
    for _ in range(5):
        harness.enqueue()
    with pytest.raises(QueueFull, match="5 jobs are waiting; the limit is 5"):
        harness.enqueue()
    with pytest.raises(QueueFull):
        harness.ask(lambda store: store.check_admission())


def test_room_is_asked_for_once_in_a_while_but_a_refusal_is_never_kept(harness: JobHarness) -> None:
    now = [0.0]

    async def look() -> None:
        redis = connect_async(harness.url)
        room = AdmissionControl(redis, 5, lambda: now[0])
        await room.check(LOCAL)
        harness.client.zadd(keyspace.INTERACTIVE, {f"job {number}": number for number in range(5)})
        await room.check(LOCAL)
        with pytest.raises(QueueFull):  # there was room for one more
            await room.check(LOCAL)
        now[0] = CHECK_SECONDS
        for _ in range(2):
            with pytest.raises(QueueFull):
                await room.check(LOCAL)
        harness.client.delete(keyspace.INTERACTIVE)
        await room.check(LOCAL)
        await redis.aclose()

    asyncio.run(look())


def test_a_job_that_is_recorded_tells_how_much_room_it_leaves(harness: JobHarness) -> None:
    async def run() -> None:
        redis = connect_async(harness.url)
        store = RedisJobStore(redis, harness.notifier, 5, 3)
        store._admission = AdmissionControl(redis, 5, lambda: 0.0)
        await store.enqueue(a_job())
        harness.client.zadd(keyspace.INTERACTIVE, {f"job {number}": number for number in range(5)})
        await store.check_admission()
        with pytest.raises(QueueFull):  # there was room for one more
            await store.check_admission()
        await redis.aclose()

    asyncio.run(run())


def test_while_one_asks_for_room_others_go_by_what_was_known(harness: JobHarness) -> None:
    async def run() -> None:
        redis, now = connect_async(harness.url), [0.0]
        room = AdmissionControl(redis, 9, lambda: now[0])
        await room.check(LOCAL)  # there was room for three more
        harness.client.zadd(keyspace.INTERACTIVE, {f"job {number}": number for number in range(9)})
        now[0] = CHECK_SECONDS
        room._memory._next_check = math.inf  # nothing else is asked for in between
        checks = [room.check(LOCAL) for _ in range(3)]
        refused, *others = await asyncio.gather(*checks, return_exceptions=True)
        assert isinstance(refused, QueueFull)
        assert others == [None, None]
        with pytest.raises(QueueFull):
            await room.check(LOCAL)
        await redis.aclose()

    asyncio.run(run())


def test_one_key_never_takes_the_last_room_from_another(harness: JobHarness) -> None:
    for priority in ("interactive", "bulk", "bulk"):
        harness.enqueue(owner="bulk sender", priority=priority)
    with pytest.raises(ShareUsedUp, match="3 jobs of this key are waiting; the limit is 2"):
        harness.enqueue(owner="bulk sender")
    with pytest.raises(ShareUsedUp):
        harness.ask(lambda store: store.check_admission("bulk sender"))
    harness.ask(lambda store: store.check_admission("phone"))
    harness.enqueue(owner="phone")
    harness.queue.claim(8)
    harness.enqueue(owner="bulk sender")


def test_a_key_whose_jobs_are_all_canceled_has_its_share_again(harness: JobHarness) -> None:
    jobs = [harness.enqueue(owner="phone") for _ in range(3)]
    for job in jobs:
        harness.ask(lambda store, job=job: store.cancel(job.id))  # type: ignore[misc]
    for _ in range(3):
        harness.enqueue(owner="phone")


def test_jobs_are_claimed_in_order_interactive_before_bulk(harness: JobHarness) -> None:
    bulk = harness.enqueue(priority="bulk")
    first, second = harness.enqueue(), harness.enqueue()
    claimed = [claim.job.id for claim in harness.queue.claim(8)]
    assert claimed == [first.id, second.id, bulk.id]


def test_a_claim_that_finds_nothing_writes_nothing(harness: JobHarness) -> None:
    def written() -> int:
        return int(harness.client.info("persistence")["aof_current_size"])

    harness.enqueue()
    assert len(harness.queue.claim(1)) == 1
    assert harness.queue.claim(1) == []
    before = written()
    assert before
    assert harness.queue.claim(1) == []
    assert harness.queue.claim(1, busy=True) == []
    assert written() == before


def test_a_claim_takes_no_more_than_asked_and_notifies_for_the_rest(harness: JobHarness) -> None:
    for _ in range(3):
        harness.enqueue()
    before = harness.notifier.notified
    assert len(harness.queue.claim(2)) == 2
    assert harness.notifier.notified == before + 1


def test_a_claimed_job_is_running_on_its_first_attempt(harness: JobHarness) -> None:
    harness.enqueue()
    (claim,) = harness.queue.claim(1)
    assert claim.job.state is State.RUNNING
    assert claim.attempt == 1
    assert claim.job.started_at is not None


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
    time.sleep(0.7)
    assert harness.queue.renew(claims) == 1
    time.sleep(0.7)
    harness.queue.reap()
    assert harness.find(claims[0].job.id).state is State.RUNNING


def lose_worker(harness: JobHarness, *claims: Claim) -> None:
    harness.client.zadd(keyspace.LEASES, {claim.job.id: 0 for claim in claims})
    harness.queue.reap()


def claimed(harness: JobHarness, *, busy: bool = False) -> list[str]:
    return [claim.job.id for claim in harness.queue.claim(8, busy=busy)]


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


def test_a_job_fails_after_the_last_attempt(harness: JobHarness) -> None:
    job = harness.enqueue()
    for _ in range(3):
        harness.queue.claim(1)
        time.sleep(1.05)
        harness.ask(lambda store: store.reap())
    ended = harness.find(job.id)
    assert ended.state is State.FAILED
    assert ended.error is not None
    assert ended.error["type"] == "/problems/worker-lost"
    assert harness.queue.claim(1) == []


def test_owners_take_turns_however_many_jobs_each_has(harness: JobHarness) -> None:
    flood = [harness.enqueue(owner="bulk sender") for _ in range(3)]
    late = harness.enqueue(owner="phone")
    order = [claim.job.id for claim in harness.queue.claim(8)]
    assert order.index(late.id) <= 1
    assert [job_id for job_id in order if job_id != late.id] == [job.id for job in flood]


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
    time.sleep(1.1)
    harness.queue.reap()
    assert harness.find(job.id).state is State.CANCELED


def test_canceling_a_finished_job_changes_nothing(harness: JobHarness) -> None:
    job = harness.enqueue()
    (claim,) = harness.queue.claim(1)
    harness.queue.finish(claim, DONE)
    assert harness.ask(lambda store: store.cancel(job.id)).state is State.SUCCEEDED
    with pytest.raises(JobNotFound):
        harness.ask(lambda store: store.cancel("nope"))


def test_an_expired_record_leaves_a_tombstone(harness: JobHarness) -> None:
    job = harness.enqueue(ttl=60)
    (claim,) = harness.queue.claim(1)
    harness.queue.finish(claim, DONE)
    harness.client.delete(keyspace.JOB + job.id)  # as its expiry does
    with pytest.raises(JobGone, match="expired at 20"):
        harness.find(job.id)
    assert harness.client.ttl(keyspace.GONE + job.id) > 60 + 6 * 86_400


def test_a_finished_job_is_reused_for_its_owner_alone(harness: JobHarness) -> None:
    def sent_again(job: Job) -> Submitted:
        return harness.ask(lambda store: store.enqueue(job, reuse=True))

    first = sent_again(a_job())
    assert not first.from_cache
    assert not sent_again(a_job()).from_cache, "it has not ended"
    (claim,) = harness.queue.claim(1)
    harness.queue.finish(claim, DONE)
    waiting = harness.queue.count_waiting()
    assert sent_again(a_job()) == Submitted(harness.find(first.job.id), from_cache=True)
    assert harness.queue.count_waiting() == waiting
    for other in (a_job(owner="another"), a_job(alpha=0.9), a_job(model="other")):
        assert not sent_again(other).from_cache
    assert not harness.ask(lambda store: store.enqueue(a_job())).from_cache, (
        "that was not asked for"
    )


def test_a_job_whose_record_is_gone_is_not_reused(harness: JobHarness) -> None:
    harness.enqueue()
    (claim,) = harness.queue.claim(1)
    harness.queue.finish(claim, DONE)
    harness.client.delete(keyspace.JOB + claim.job.id)  # as its expiry does
    assert not harness.ask(lambda store: store.enqueue(a_job(), reuse=True)).from_cache


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


def test_a_job_completed_from_the_cache_has_the_other_ones_result(harness: JobHarness) -> None:
    harness.enqueue()
    (claim,) = harness.queue.claim(1)
    harness.queue.finish(claim, DONE)
    from_cache, again = harness.find(claim.job.id), a_job(client_ref="again")
    job = harness.ask(lambda store: store.complete_from_cache(again, from_cache)).job
    assert (job.id, job.state, job.cached) == (again.id, State.SUCCEEDED, True)
    assert job.result == from_cache.result
    assert job.options.client_ref == "again"


def test_a_released_job_waits_at_the_head_with_its_attempt_given_back(harness: JobHarness) -> None:
    first = harness.enqueue()
    harness.enqueue()
    harness.queue.release(harness.queue.claim(1))
    (claim,) = harness.queue.claim(1)
    assert claim.job.id == first.id
    assert claim.attempt == 1


def milliseconds_postponed(harness: JobHarness, job_id: str) -> float:
    due: Any = harness.client.zscore(keyspace.DELAYED, job_id)
    seconds, _ = harness.client.time()
    return float(due) - seconds * 1000


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


def test_a_job_past_its_deadline_expires_unrun(harness: JobHarness) -> None:
    job = harness.enqueue(deadline=0.05)
    time.sleep(0.1)
    assert harness.queue.claim(8) == []
    assert harness.find(job.id).state is State.EXPIRED


def test_reaping_notifies_while_work_waits(harness: JobHarness) -> None:
    harness.enqueue()
    harness.client.delete(keyspace.NOTIFIED)  # the notification was lost, and its pause is over
    harness.queue.reap()
    assert harness.notifier.notified == 2


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


def test_workers_are_counted_by_their_signs_of_life(harness: JobHarness) -> None:
    harness.queue.heartbeat("a")
    harness.queue.heartbeat("b")
    harness.queue.deregister("b")
    assert harness.ask(lambda store: store.workers()) == 1


def test_a_redis_that_is_gone_is_store_down() -> None:
    with pytest.raises(StoreDown):
        JobHarness("unix:///nonexistent/redis.sock").find("x")


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
