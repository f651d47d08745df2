"""The queue of record: each sentence holds on a real Redis."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from jobs.errors import JobGone, JobNotFound, QueueFull, ShareUsedUp, StoreDown
from jobs.metrics import Counters
from jobs.ports import Claim, Outcome
from jobs.records.job import LOCAL, Job, QueuePosition, State
from jobs.records.submissions import Submitted
from jobs.redis import keyspace
from jobs.redis.admission import CHECK_SECONDS, AdmissionControl
from jobs.redis.connections import connect_async
from jobs.redis.queue import MeteredQueue
from tests.jobs.conftest import Desk, a_job

DAY = 86_400.0
DONE = Outcome(State.SUCCEEDED, result={"predictions": []}, timings_ms={"decode": 1.5})


def test_an_accepted_job_is_queued_and_found(desk: Desk) -> None:
    job = desk.enqueue(client_ref="field 7")
    assert job.state is State.QUEUED
    assert job.options.client_ref == "field 7"
    assert desk.find(job.id) == job
    assert desk.notifier.notified == 1


def test_an_unknown_job_is_not_found(desk: Desk) -> None:
    with pytest.raises(JobNotFound, match="nope"):
        desk.find("nope")


def test_the_same_id_twice_is_one_job(desk: Desk) -> None:
    job = a_job()
    for _ in range(2):
        desk.ask(lambda store: store.enqueue(job))
    assert len(desk.queue.claim(10)) == 1


def test_a_burst_of_jobs_sends_one_notification(desk: Desk) -> None:
    for _ in range(4):
        desk.enqueue()
    assert desk.notifier.notified == 1


def test_a_job_after_an_empty_claim_rings_at_once(desk: Desk) -> None:
    desk.enqueue()
    desk.queue.claim(8)
    desk.enqueue()
    assert desk.notifier.notified == 2


def test_a_full_queue_refuses_and_names_the_limit(desk: Desk) -> None:
    for _ in range(5):
        desk.enqueue()
    with pytest.raises(QueueFull, match="5 jobs are waiting; the limit is 5"):
        desk.enqueue()
    with pytest.raises(QueueFull):
        desk.ask(lambda store: store.check_admission())


def test_room_is_asked_for_once_in_a_while_but_a_refusal_is_never_kept(desk: Desk) -> None:
    now = [0.0]

    async def look() -> None:
        redis = connect_async(desk.url)
        room = AdmissionControl(redis, 5, lambda: now[0])
        await room.check(LOCAL)
        desk.client.zadd(keyspace.INTERACTIVE, {f"job {number}": number for number in range(5)})
        await room.check(LOCAL)
        with pytest.raises(QueueFull):  # there was room for one more
            await room.check(LOCAL)
        now[0] = CHECK_SECONDS
        for _ in range(2):
            with pytest.raises(QueueFull):
                await room.check(LOCAL)
        desk.client.delete(keyspace.INTERACTIVE)
        await room.check(LOCAL)
        await redis.aclose()

    asyncio.run(look())


def test_one_key_never_takes_the_last_room_from_another(desk: Desk) -> None:
    for priority in ("interactive", "bulk", "bulk"):
        desk.enqueue(owner="bulk sender", priority=priority)
    with pytest.raises(ShareUsedUp, match="3 jobs of this key are waiting; the limit is 2"):
        desk.enqueue(owner="bulk sender")
    with pytest.raises(ShareUsedUp):
        desk.ask(lambda store: store.check_admission("bulk sender"))
    desk.ask(lambda store: store.check_admission("phone"))
    desk.enqueue(owner="phone")
    desk.queue.claim(8)
    desk.enqueue(owner="bulk sender")


def test_a_key_whose_jobs_are_all_canceled_has_its_share_again(desk: Desk) -> None:
    jobs = [desk.enqueue(owner="phone") for _ in range(3)]
    for job in jobs:
        desk.ask(lambda store, job=job: store.cancel(job.id))  # type: ignore[misc]
    for _ in range(3):
        desk.enqueue(owner="phone")


def test_jobs_are_claimed_in_order_interactive_before_bulk(desk: Desk) -> None:
    bulk = desk.enqueue(priority="bulk")
    first, second = desk.enqueue(), desk.enqueue()
    claimed = [claim.job.id for claim in desk.queue.claim(8)]
    assert claimed == [first.id, second.id, bulk.id]


def test_a_claim_takes_no_more_than_asked_and_rings_for_the_rest(desk: Desk) -> None:
    for _ in range(3):
        desk.enqueue()
    before = desk.notifier.notified
    assert len(desk.queue.claim(2)) == 2
    assert desk.notifier.notified == before + 1


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
    assert not desk.client.zcard(keyspace.LEASES)


def test_a_job_that_an_older_version_accepted_is_finished(desk: Desk) -> None:
    accepted = desk.enqueue()
    desk.client.hdel(keyspace.JOB + accepted.id, "key", "digest")
    (claim,) = desk.queue.claim(1)
    assert desk.queue.finish(claim, DONE) is State.SUCCEEDED
    assert desk.find(accepted.id).state is State.SUCCEEDED


def test_a_job_is_finished_only_once(desk: Desk) -> None:
    desk.enqueue()
    (claim,) = desk.queue.claim(1)
    assert desk.queue.finish(claim, DONE)
    assert desk.queue.finish(claim, Outcome(State.FAILED, error={})) is None
    assert desk.find(claim.job.id).state is State.SUCCEEDED


def test_a_record_never_expires_before_its_end(desk: Desk) -> None:
    job = desk.enqueue(ttl=60)
    assert desk.client.ttl(keyspace.JOB + job.id) == -1
    (claim,) = desk.queue.claim(1)
    desk.queue.finish(claim, DONE)
    assert 0 < desk.client.ttl(keyspace.JOB + job.id) <= 60


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


def lose_worker(desk: Desk, *claims: Claim) -> None:
    desk.client.zadd(keyspace.LEASES, {claim.job.id: 0 for claim in claims})
    desk.queue.reap()


def claimed(desk: Desk, *, busy: bool = False) -> list[str]:
    return [claim.job.id for claim in desk.queue.claim(8, busy=busy)]


def test_a_job_that_cost_a_worker_its_life_is_claimed_alone_behind_its_owners_others(
    desk: Desk,
) -> None:
    desk.enqueue()
    (lost,) = desk.queue.claim(1)
    other = desk.enqueue()
    lose_worker(desk, lost)
    last = desk.enqueue()
    assert claimed(desk) == [other.id]
    assert claimed(desk, busy=True) == [], "it must be alone, and nothing overtakes it"
    (alone,) = desk.queue.claim(8)
    assert (alone.job.id, alone.is_suspect) == (lost.job.id, True)
    assert claimed(desk, busy=True) == [last.id]


def test_jobs_that_cost_workers_their_lives_keep_others_waiting_by_turns_alone(desk: Desk) -> None:
    """However many one key has of them."""
    for _ in range(2):
        desk.enqueue(owner="attacker")
    lost = desk.queue.claim(8)
    honest = [desk.enqueue(owner="phone").id for _ in range(2)]
    lose_worker(desk, *lost)
    order = [job_id for _ in range(4) for job_id in claimed(desk)]
    assert sorted(order) == sorted([*honest, *(claim.job.id for claim in lost)])
    assert order.index(honest[0]) <= 1, "of jobs in the same turn either may be first"


def test_what_an_older_version_put_before_all_others_takes_its_turn(desk: Desk) -> None:
    desk.enqueue()
    (lost,) = desk.queue.claim(1)
    other = desk.enqueue()
    desk.client.hset(keyspace.JOB + lost.job.id, "state", "queued")
    desk.client.zrem(keyspace.LEASES, lost.job.id)
    desk.client.zadd(keyspace.RETRY, {lost.job.id: 1})
    assert claimed(desk) == [other.id]
    (alone,) = desk.queue.claim(8)
    assert (alone.job.id, alone.attempt) == (lost.job.id, 2)


def test_a_job_that_must_be_alone_must_be_so_when_it_was_given_back(desk: Desk) -> None:
    desk.enqueue()
    (lost,) = desk.queue.claim(1)
    lose_worker(desk, lost)
    desk.queue.release(desk.queue.claim(1))
    desk.enqueue()
    (alone,) = desk.queue.claim(8)
    assert (alone.job.id, alone.attempt) == (lost.job.id, 2)


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


def test_owners_take_turns_however_many_jobs_each_has(desk: Desk) -> None:
    flood = [desk.enqueue(owner="bulk sender") for _ in range(3)]
    late = desk.enqueue(owner="phone")
    order = [claim.job.id for claim in desk.queue.claim(8)]
    assert order.index(late.id) <= 1
    assert [job_id for job_id in order if job_id != late.id] == [job.id for job in flood]


def test_a_queued_job_tells_its_place(desk: Desk) -> None:
    bulk = desk.enqueue(priority="bulk")
    first, second = desk.enqueue(), desk.enqueue()
    assert first.queue is not None
    assert first.queue.position == 0
    places = [desk.find(job.id).queue for job in (first, second, bulk)]
    assert [place.position for place in places if place] == [0, 1, 2]


def test_the_eta_follows_the_measured_pace(desk: Desk) -> None:
    desk.client.hset(keyspace.PACE, mapping={"last": 0, "interval": 2000})
    desk.enqueue()
    place = desk.enqueue().queue
    assert place is not None
    assert place.eta_seconds == 4.0


def test_a_queued_job_is_canceled_at_once_and_never_claimed(desk: Desk) -> None:
    job = desk.enqueue()
    assert desk.ask(lambda store: store.cancel(job.id)).state is State.CANCELED
    assert desk.queue.claim(8) == []


def test_a_running_job_is_canceled_when_its_worker_finishes(desk: Desk) -> None:
    job = desk.enqueue()
    (claim,) = desk.queue.claim(1)
    assert desk.ask(lambda store: store.cancel(job.id)).state is State.RUNNING
    assert desk.queue.finish(claim, DONE) is State.CANCELED
    assert desk.find(job.id).result is None


def test_a_running_job_whose_worker_is_lost_stays_canceled(desk: Desk) -> None:
    job = desk.enqueue()
    desk.queue.claim(1)
    desk.ask(lambda store: store.cancel(job.id))
    time.sleep(1.1)
    desk.queue.reap()
    assert desk.find(job.id).state is State.CANCELED


def test_canceling_a_finished_job_changes_nothing(desk: Desk) -> None:
    job = desk.enqueue()
    (claim,) = desk.queue.claim(1)
    desk.queue.finish(claim, DONE)
    assert desk.ask(lambda store: store.cancel(job.id)).state is State.SUCCEEDED
    with pytest.raises(JobNotFound):
        desk.ask(lambda store: store.cancel("nope"))


def test_an_expired_record_leaves_a_tombstone(desk: Desk) -> None:
    job = desk.enqueue(ttl=60)
    (claim,) = desk.queue.claim(1)
    desk.queue.finish(claim, DONE)
    desk.client.delete(keyspace.JOB + job.id)  # as its expiry does
    with pytest.raises(JobGone, match="expired at 20"):
        desk.find(job.id)
    assert desk.client.ttl(keyspace.GONE + job.id) > 60 + 6 * 86_400


def test_a_finished_job_is_reused_for_its_owner_alone(desk: Desk) -> None:
    def sent_again(job: Job) -> Submitted:
        return desk.ask(lambda store: store.enqueue(job, reuse=True))

    first = sent_again(a_job())
    assert not first.from_cache
    assert not sent_again(a_job()).from_cache, "it has not ended"
    (claim,) = desk.queue.claim(1)
    desk.queue.finish(claim, DONE)
    waiting = desk.queue.count_waiting()
    assert sent_again(a_job()) == Submitted(desk.find(first.job.id), from_cache=True)
    assert desk.queue.count_waiting() == waiting
    for other in (a_job(owner="another"), a_job(alpha=0.9), a_job(model="other")):
        assert not sent_again(other).from_cache
    assert not desk.ask(lambda store: store.enqueue(a_job())).from_cache, "that was not asked for"


def test_a_job_whose_record_is_gone_is_not_reused(desk: Desk) -> None:
    desk.enqueue()
    (claim,) = desk.queue.claim(1)
    desk.queue.finish(claim, DONE)
    desk.client.delete(keyspace.JOB + claim.job.id)  # as its expiry does
    assert not desk.ask(lambda store: store.enqueue(a_job(), reuse=True)).from_cache


@pytest.mark.parametrize("priority", ["interactive", "bulk"])
def test_what_is_told_of_a_new_job_is_what_its_record_tells(desk: Desk, priority: str) -> None:
    for other in ("interactive", "bulk"):
        desk.enqueue(priority=other)
    desk.client.hset(keyspace.PACE, "interval", "250")
    job = desk.enqueue(priority=priority, ttl=90, client_ref="plot 1")
    assert job == desk.find(job.id)
    position = 1 if priority == "interactive" else 2
    assert job.queue == QueuePosition(position=position, eta_seconds=(position + 1) * 0.25)


def test_a_job_completed_from_the_cache_has_the_other_ones_result(desk: Desk) -> None:
    desk.enqueue()
    (claim,) = desk.queue.claim(1)
    desk.queue.finish(claim, DONE)
    from_cache, again = desk.find(claim.job.id), a_job(client_ref="again")
    job = desk.ask(lambda store: store.complete_from_cache(again, from_cache)).job
    assert (job.id, job.state, job.cached) == (again.id, State.SUCCEEDED, True)
    assert job.result == from_cache.result
    assert job.options.client_ref == "again"


def test_a_released_job_waits_at_the_head_with_its_attempt_given_back(desk: Desk) -> None:
    first = desk.enqueue()
    desk.enqueue()
    desk.queue.release(desk.queue.claim(1))
    (claim,) = desk.queue.claim(1)
    assert claim.job.id == first.id
    assert claim.attempt == 1


def milliseconds_postponed(desk: Desk, job_id: str) -> float:
    due: Any = desk.client.zscore(keyspace.DELAYED, job_id)
    seconds, _ = desk.client.time()
    return float(due) - seconds * 1000


def test_a_postponed_job_is_claimed_again_and_waits_ever_longer(desk: Desk) -> None:
    first = desk.enqueue()
    (claim,) = desk.queue.claim(1)
    assert desk.queue.postpone(claim, DAY)
    assert 0 < milliseconds_postponed(desk, first.id) <= 3_000
    assert desk.find(first.id).queue is None
    second = desk.enqueue()
    assert [held.job.id for held in desk.queue.claim(8)] == [second.id]
    desk.client.zadd(keyspace.DELAYED, {first.id: 0})
    (back,) = desk.queue.claim(8)
    assert (back.job.id, back.attempt) == (first.id, 1)
    desk.client.hincrby(keyspace.JOB + first.id, "postponed_at", -3_600_000)
    assert desk.queue.postpone(back, DAY)
    assert 50_000 < milliseconds_postponed(desk, first.id) <= 61_000


def test_a_job_that_was_postponed_for_a_day_is_to_end(desk: Desk) -> None:
    job = desk.enqueue()
    desk.client.hset(keyspace.JOB + job.id, "postponed_at", 1)
    (claim,) = desk.queue.claim(1)
    assert not desk.queue.postpone(claim, DAY)
    assert desk.queue.finish(claim, Outcome(State.FAILED, error={})) is State.FAILED


def test_nobody_postpones_what_somebody_else_holds(desk: Desk) -> None:
    desk.enqueue()
    (late,) = desk.queue.claim(1)
    desk.client.zadd(keyspace.LEASES, {late.job.id: 0})
    desk.queue.reap()
    (held,) = desk.queue.claim(1)
    assert not desk.queue.postpone(late, DAY)
    assert desk.queue.finish(held, DONE)


def test_a_job_that_is_tried_again_runs_alone_and_is_out_of_attempts_then(desk: Desk) -> None:
    first, second = desk.enqueue(), desk.enqueue()
    claim, other = desk.queue.claim(8)
    assert desk.queue.retry(claim)
    assert not desk.queue.retry(claim), "it is no longer held"
    assert desk.queue.claim(8, busy=True) == []
    desk.queue.finish(other, DONE)
    (again,) = desk.queue.claim(8)
    assert (other.job.id, again.job.id, again.attempt) == (second.id, first.id, 2)
    assert again.is_suspect
    assert desk.queue.retry(again)
    (last,) = desk.queue.claim(8)
    assert not desk.queue.retry(last)
    assert desk.queue.finish(last, Outcome(State.FAILED, error={})) is State.FAILED


@pytest.mark.parametrize("how", ["postpone", "retry", "release"])
def test_a_canceled_job_that_is_given_back_is_never_run(desk: Desk, how: str) -> None:
    job = desk.enqueue()
    (claim,) = desk.queue.claim(1)
    desk.ask(lambda store: store.cancel(job.id))
    if how == "postpone":
        desk.queue.postpone(claim, DAY)
    elif how == "retry":
        desk.queue.retry(claim)
    else:
        desk.queue.release([claim])
    assert desk.find(job.id).state is State.CANCELED
    assert desk.queue.claim(8) == []


def test_a_postponed_job_is_canceled_at_once_and_counts_against_the_bound(desk: Desk) -> None:
    job = desk.enqueue()
    desk.queue.postpone(desk.queue.claim(1)[0], DAY)
    for _ in range(4):
        desk.enqueue()
    with pytest.raises(QueueFull):
        desk.enqueue()
    assert desk.ask(lambda store: store.cancel(job.id)).state is State.CANCELED
    assert not desk.client.exists(keyspace.DELAYED)
    desk.enqueue()


def test_a_job_past_its_deadline_expires_unrun(desk: Desk) -> None:
    job = desk.enqueue(deadline=0.05)
    time.sleep(0.1)
    assert desk.queue.claim(8) == []
    assert desk.find(job.id).state is State.EXPIRED


def test_reaping_rings_while_work_waits(desk: Desk) -> None:
    desk.enqueue()
    desk.client.delete(keyspace.NOTIFIED)  # the notification was lost, and its pause is over
    desk.queue.reap()
    assert desk.notifier.notified == 2


def test_the_clocks_of_other_machines_do_not_matter(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The API's is decades behind, the worker's a day ahead."""
    past = dict.fromkeys(("created_at", "expires_at"), datetime(2001, 1, 1, tzinfo=UTC))
    asked = a_job(deadline=60, ttl=600).model_copy(update=past)
    job = desk.ask(lambda store: store.enqueue(asked)).job
    now = desk.client.time()[0]
    assert abs(job.created_at.timestamp() - now) < 30
    assert (job.expires_at - job.created_at).total_seconds() == 600
    monkeypatch.setattr(time, "time", lambda: now + 86_400.0)
    counters = Counters()
    queue = MeteredQueue(desk.client, desk.notifier, 30, 3, counters)
    (claim,) = queue.claim(1)
    queue.reap()
    queue.heartbeat("w")
    assert desk.find(job.id).state is State.RUNNING
    assert desk.ask(lambda store: store.workers()) == 1
    assert queue.finish(claim, DONE) is State.SUCCEEDED
    assert 0 <= counters.take()["job_stage_seconds|total|sum"] < 60
    assert desk.client.ttl(keyspace.JOB + job.id) <= 600


HOUR = 3_600_000


def set_clock(desk: Desk, by: int) -> None:
    """As if the clock of Redis had been moved by so many milliseconds just now: what stands in the
    store was written when it showed another time."""
    desk.queue.reap()
    for key in (keyspace.LEASES, keyspace.DELAYED):
        written: Any = desk.client.zrange(key, 0, -1)
        for job_id in written:
            desk.client.zincrby(key, -by, job_id)
    signs: Any = desk.client.zrange(keyspace.WORKERS, 0, -1)
    for worker in signs:
        desk.client.zincrby(keyspace.WORKERS, -by / 1000, worker)
    seconds, microseconds = desk.client.time()
    desk.client.set(keyspace.CLOCK, seconds * 1000 + microseconds // 1000 - by)


def test_the_clock_of_redis_goes_back_and_a_killed_workers_job_waits_for_its_lease_alone(
    desk: Desk,
) -> None:
    desk.enqueue()
    (lost,) = desk.queue.claim(1)
    desk.queue.heartbeat("killed")
    set_clock(desk, -HOUR)
    desk.queue.reap()
    assert desk.ask(lambda store: store.workers()) == 0
    time.sleep(1.1)
    desk.queue.reap()
    assert desk.find(lost.job.id).state is State.QUEUED


def test_the_clock_of_redis_goes_back_and_a_postponed_job_waits_no_longer(desk: Desk) -> None:
    job = desk.enqueue()
    desk.queue.postpone(desk.queue.claim(1)[0], DAY)
    set_clock(desk, -HOUR)
    desk.queue.reap()
    assert milliseconds_postponed(desk, job.id) <= 3_000


def test_time_that_redis_did_not_see_costs_no_lease(desk: Desk) -> None:
    """Its clock goes forward, or it was away."""
    desk.enqueue()
    (claim,) = desk.queue.claim(1)
    set_clock(desk, HOUR)
    desk.queue.reap()
    assert desk.find(claim.job.id).state is State.RUNNING
    assert desk.queue.renew([claim]) == 1
    assert desk.queue.finish(claim, DONE) is State.SUCCEEDED


def test_a_clock_that_goes_back_measures_no_pace_below_zero(desk: Desk) -> None:
    job = desk.enqueue()
    (claim,) = desk.queue.claim(1)
    desk.client.hset(keyspace.JOB + job.id, "started_at", desk.client.time()[0] * 1000 + HOUR)
    desk.queue.finish(claim, DONE)
    assert float(desk.client.hget(keyspace.PACE, "interval") or -1) >= 0


def test_workers_are_counted_by_their_signs_of_life(desk: Desk) -> None:
    desk.queue.heartbeat("a")
    desk.queue.heartbeat("b")
    desk.queue.deregister("b")
    assert desk.ask(lambda store: store.workers()) == 1


def test_a_redis_that_is_gone_is_store_down() -> None:
    with pytest.raises(StoreDown):
        Desk("unix:///nonexistent/redis.sock").find("x")
