"""Waiting for a job's end."""

import asyncio
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import redis
from redis.asyncio import BlockingConnectionPool, Redis

from cli.serve import private_redis
from jobs.errors import JobNotFound, NewerRecord
from jobs.ports import Outcome
from jobs.records.job import Job, State
from jobs.redis import keyspace
from jobs.redis.connections import connect_async
from jobs.redis.store import RedisJobStore
from jobs.redis.watch import JobWatch
from tests.conftest import wait_until_redis_answers
from tests.jobs.conftest import JobHarness, a_job


def _wait(
    harness: JobHarness, job_id: str, seconds: float, finish_after: float | None = None
) -> Job:
    async def run() -> Job:
        client = connect_async(harness.url)
        watch = JobWatch(client, RedisJobStore(client, harness.notifier, 5, 3))
        if finish_after is not None:
            asyncio.get_running_loop().call_later(finish_after, _finish_one, harness)
        try:
            async with watch.listening():
                return await watch.wait(job_id, seconds)
        finally:
            await client.aclose()

    return asyncio.run(run())


async def _subscribed(watch: JobWatch) -> None:
    while not watch._is_subscribed:
        await asyncio.sleep(0.01)


def _finish_one(harness: JobHarness) -> None:
    (claim,) = harness.queue.claim(1)
    harness.queue.finish(claim, Outcome(State.SUCCEEDED, result={}))


def test_a_waiter_gets_the_job_when_it_ends(harness: JobHarness) -> None:
    job = harness.enqueue()
    assert _wait(harness, job.id, 20, finish_after=0.3).state is State.SUCCEEDED


def test_a_waiter_gets_the_job_as_it_is_when_time_is_up(harness: JobHarness) -> None:
    job = harness.enqueue()
    assert _wait(harness, job.id, 0.2).state is State.QUEUED


class _CountingStore(RedisJobStore):
    """Counts the round trips for records."""

    reads = 0

    async def find_each(self, job_ids: Sequence[str]) -> dict[str, Job]:
        self.reads += 1
        return await super().find_each(job_ids)


@pytest.mark.parametrize("ended_before", [True, False])
def test_a_job_that_is_known_is_read_only_once_it_has_changed(
    harness: JobHarness, monkeypatch: pytest.MonkeyPatch, *, ended_before: bool
) -> None:
    """Also where it changed before the wait began, as between the answer of Redis and this."""
    monkeypatch.setattr("jobs.redis.watch._REREAD_SECONDS", 600)
    known = harness.enqueue()

    async def run() -> tuple[Job, int]:
        client, listener = connect_async(harness.url), connect_async(harness.url)
        store = _CountingStore(client, harness.notifier, 5, 3)
        watch = JobWatch(listener, store)
        async with watch.listening():
            await _subscribed(watch)
            if ended_before:
                await asyncio.to_thread(_finish_one, harness)
                while not watch._may_have_changed(known.id):
                    await asyncio.sleep(0.01)
            else:
                asyncio.get_running_loop().call_later(0.3, _finish_one, harness)
            job = await watch.wait(known.id, 20, known=known)
        for each in (client, listener):
            await each.aclose()
        return job, store.reads

    job, reads = asyncio.run(run())
    assert job.state is State.SUCCEEDED
    assert reads == 1


def test_who_sees_a_job_end_knows_it_for_its_owner_alone(harness: JobHarness) -> None:
    old, new = harness.enqueue(), harness.enqueue()

    async def run() -> None:
        client, listener = connect_async(harness.url), connect_async(harness.url)
        watch = JobWatch(listener, RedisJobStore(client, harness.notifier, 5, 3))
        async with watch.listening():
            await _subscribed(watch)
            await asyncio.to_thread(_finish_one, harness)
            await watch.wait(old.id, 20)
            asyncio.get_running_loop().call_later(0.3, _finish_one, harness)
            ended = await watch.wait(new.id, 500, known=new)
            assert ended == watch.just_ended(new.id, new.owner)
            assert watch.just_ended(new.id, "somebody") is None
            assert watch.just_ended(old.id, old.owner) is None  # it may be about to expire
        for each in (client, listener):
            await each.aclose()

    asyncio.run(run())


def test_a_waiter_hears_of_an_end_that_came_while_the_subscription_was_cut(
    harness: JobHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.redis.watch._REREAD_SECONDS", 600)
    known = harness.enqueue()

    def cut_and_finish() -> None:
        """At once: the event loop has no time to subscribe again before the end."""
        harness.client.client_kill_filter(_type="pubsub")
        _finish_one(harness)

    async def run() -> Job:
        client, listener = connect_async(harness.url), connect_async(harness.url)
        watch = JobWatch(listener, RedisJobStore(client, harness.notifier, 5, 3))
        async with watch.listening():
            await _subscribed(watch)
            asyncio.get_running_loop().call_later(0.3, cut_and_finish)
            job = await watch.wait(known.id, 500, known=known)
        for each in (client, listener):
            await each.aclose()
        return job

    assert asyncio.run(run()).state is State.SUCCEEDED


def test_waiting_for_an_unknown_job_fails_at_once(harness: JobHarness) -> None:
    with pytest.raises(JobNotFound):
        _wait(harness, "nope", 20)


async def _follow(watch: JobWatch, job_id: str, heartbeat: float = 15.0) -> list[State]:
    return [job.state async for job in watch.changes(job_id, "", heartbeat) if job]


def test_thousands_wait_on_one_subscription(harness: JobHarness) -> None:
    jobs = [harness.enqueue() for _ in range(5)]

    async def run() -> list[list[State]]:
        client = connect_async(harness.url)
        watch = JobWatch(client, RedisJobStore(client, harness.notifier, 5, 3))
        async with watch.listening():
            following = [asyncio.create_task(_follow(watch, job.id)) for job in jobs * 400]
            await asyncio.sleep(0.5)
            for _ in jobs:
                await asyncio.to_thread(_finish_one, harness)
            seen = await asyncio.gather(*following)
        assert watch.waiting == 0
        await client.aclose()
        return seen

    seen = asyncio.run(run())
    assert len(seen) == 2000
    assert {states[-1] for states in seen} == {State.SUCCEEDED}


class CountedStore(RedisJobStore):
    """Counts its round trips for records."""

    trips = 0

    async def find_each(self, job_ids: Sequence[str]) -> dict[str, Job]:
        self.trips += 1
        return await super().find_each(job_ids)

    async def find(self, job_id: str, owner: str | None = None) -> Job:
        self.trips += 1
        return await super().find(job_id, owner)


@pytest.mark.parametrize(("follows", "reads"), [(False, [1, 2]), (True, [2, 3])])
def test_only_who_follows_every_change_looks_when_a_job_starts(
    harness: JobHarness, monkeypatch: pytest.MonkeyPatch, follows: bool, reads: list[int]
) -> None:
    monkeypatch.setattr("jobs.redis.watch._REREAD_SECONDS", 600.0)
    job, started = harness.enqueue(), asyncio.Event()
    tell = JobWatch._tell

    def noted(self: JobWatch, *message: str) -> None:
        tell(self, *message)
        started.set()

    monkeypatch.setattr(JobWatch, "_tell", noted)

    async def run() -> list[int]:
        client = connect_async(harness.url)
        store = CountedStore(client, harness.notifier, 5, 3)
        watch = JobWatch(client, store)
        async with watch.listening():
            await _subscribed(watch)
            looks = _follow(watch, job.id) if follows else watch.wait(job.id, 500)
            looking = asyncio.ensure_future(looks)
            await _until_looked(store, 1)
            (claim,) = await asyncio.to_thread(harness.queue.claim, 1)
            await started.wait()
            await _until_looked(store, reads[0])
            await asyncio.sleep(0.3)  # in which nobody else looks
            at_start = store.trips
            harness.queue.finish(claim, Outcome(State.SUCCEEDED, result={}))
            await looking
        await client.aclose()
        return [at_start, store.trips]

    assert asyncio.run(run()) == reads


async def _until_looked(store: CountedStore, trips: int) -> None:
    while store.trips < trips:
        await asyncio.sleep(0.01)


def one_connection(url: str) -> "Redis":
    """A client whose callers wait for its connection for next to nothing."""
    pool = BlockingConnectionPool.from_url(
        url, max_connections=1, timeout=0.001, decode_responses=True
    )
    return Redis.from_pool(pool)


def test_whoever_waits_needs_no_connection_of_its_own(harness: JobHarness) -> None:
    """Nor is anybody told that the store is down because many wait."""

    async def run() -> tuple[list[Job], int]:
        client, listener = one_connection(harness.url), connect_async(harness.url)
        store = CountedStore(client, harness.notifier, 1000, 3)
        jobs = [(await store.enqueue(a_job())).job for _ in range(300)]
        watch = JobWatch(listener, store)
        async with watch.listening():
            waiting = [watch.wait(job.id, 0.5) for job in jobs for _ in range(3)]
            found = await asyncio.gather(*waiting)
        await client.aclose()
        await listener.aclose()
        return found, store.trips

    found, trips = asyncio.run(run())
    assert {job.state for job in found} == {State.QUEUED}
    assert len({job.id for job in found}) == 300
    assert trips < 100


def test_a_reader_who_leaves_takes_nothing_from_the_others(harness: JobHarness) -> None:
    job = harness.enqueue()

    async def run() -> Job:
        client = connect_async(harness.url)
        watch = JobWatch(client, RedisJobStore(client, harness.notifier, 5, 3))
        impatient = asyncio.create_task(watch.wait(job.id, 20))
        patient = asyncio.create_task(watch.wait(job.id, 0))
        await asyncio.sleep(0)
        impatient.cancel()
        try:
            return await patient
        finally:
            await client.aclose()

    assert asyncio.run(run()).id == job.id


def test_one_record_that_cannot_be_read_keeps_nobody_else_waiting(harness: JobHarness) -> None:
    broken, whole = harness.enqueue(), harness.enqueue()
    harness.client.hset(keyspace.JOB + broken.id, "options", '{"top_k": 99}')

    async def run() -> list[Job | BaseException]:
        client = connect_async(harness.url)
        watch = JobWatch(client, RedisJobStore(client, harness.notifier, 5, 3))
        waits = (watch.wait(job.id, 0) for job in (broken, whole))
        found = await asyncio.gather(*waits, return_exceptions=True)
        await client.aclose()
        return found

    refused, found = asyncio.run(run())
    assert isinstance(refused, NewerRecord)
    assert isinstance(found, Job)


@contextmanager
def redis_in(home: Path) -> Iterator[str]:
    """A Redis that keeps what it is told; its URL. It is killed at the end."""
    socket = private_redis.socket_path(home)
    argv = private_redis.command(private_redis.find_server(), home, socket)
    with subprocess.Popen(argv) as process, redis.Redis.from_url(f"unix://{socket}") as client:
        try:
            wait_until_redis_answers(client)
            yield f"unix://{socket}"
        finally:
            process.kill()


def test_a_follower_outlives_a_restart_of_redis(tmp_path: Path) -> None:
    async def follow(servers: ExitStack) -> list[State]:
        harness = JobHarness(servers.enter_context(redis_in(tmp_path)))
        job = await asyncio.to_thread(harness.enqueue)
        client = connect_async(harness.url)
        watch = JobWatch(client, RedisJobStore(client, harness.notifier, 5, 3))
        told: list[Job | None] = []
        async with watch.listening():
            async for change in watch.changes(job.id, "", 0.2):
                told.append(change)
                if len(told) == 1:
                    servers.close()
                if len(told) == 4:
                    servers.enter_context(redis_in(tmp_path))
                    _finish_one(harness)
        harness.client.close()
        await client.aclose()
        assert told[1:4] == [None, None, None]
        return [change.state for change in told if change]

    with ExitStack() as servers:
        assert asyncio.run(follow(servers)) == [State.QUEUED, State.SUCCEEDED]
