"""How many jobs may wait, in all and of one key."""

import asyncio
import math

import pytest

from jobs.errors import QueueFull, ShareUsedUp
from jobs.records.job import LOCAL
from jobs.redis import keyspace
from jobs.redis.admission import CHECK_SECONDS, AdmissionControl
from jobs.redis.connections import connect_async
from jobs.redis.store import RedisJobStore
from tests.jobs.conftest import JobHarness, a_job


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
