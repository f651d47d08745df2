"""Waiting for a job's end."""

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import redis

from cli.serve import private_redis
from jobs.errors import JobNotFound
from jobs.ports import Outcome
from jobs.records.job import Job, State
from jobs.redis.connections import connect_async
from jobs.redis.store import RedisJobStore
from jobs.redis.watch import JobWatch
from tests.conftest import _until_it_answers
from tests.jobs.conftest import Desk


def _wait(desk: Desk, job_id: str, seconds: float, finish_after: float | None = None) -> Job:
    async def run() -> Job:
        client = connect_async(desk.url)
        watch = JobWatch(client, RedisJobStore(client, desk.notifier, 5, 3))
        if finish_after is not None:
            asyncio.get_running_loop().call_later(finish_after, _finish_one, desk)
        try:
            async with watch.listening():
                return await watch.wait(job_id, seconds)
        finally:
            await client.aclose()

    return asyncio.run(run())


def _finish_one(desk: Desk) -> None:
    (claim,) = desk.queue.claim(1)
    desk.queue.finish(claim, Outcome(State.SUCCEEDED, result={}))


def test_a_waiter_gets_the_job_when_it_ends(desk: Desk) -> None:
    job = desk.enqueue()
    assert _wait(desk, job.id, 20, finish_after=0.3).state is State.SUCCEEDED


def test_a_waiter_gets_the_job_as_it_is_when_time_is_up(desk: Desk) -> None:
    job = desk.enqueue()
    assert _wait(desk, job.id, 0.2).state is State.QUEUED


def test_waiting_for_an_unknown_job_fails_at_once(desk: Desk) -> None:
    with pytest.raises(JobNotFound):
        _wait(desk, "nope", 20)


async def _follow(watch: JobWatch, job_id: str, heartbeat: float = 15.0) -> list[State]:
    return [job.state async for job in watch.changes(job_id, "", heartbeat) if job]


def test_thousands_wait_on_one_subscription(desk: Desk) -> None:
    jobs = [desk.enqueue() for _ in range(5)]

    async def run() -> list[list[State]]:
        client = connect_async(desk.url)
        watch = JobWatch(client, RedisJobStore(client, desk.notifier, 5, 3))
        async with watch.listening():
            following = [asyncio.create_task(_follow(watch, job.id)) for job in jobs * 400]
            await asyncio.sleep(0.5)
            for _ in jobs:
                await asyncio.to_thread(_finish_one, desk)
            seen = await asyncio.gather(*following)
        assert watch.waiting == 0
        await client.aclose()
        return seen

    seen = asyncio.run(run())
    assert len(seen) == 2000
    assert {states[-1] for states in seen} == {State.SUCCEEDED}


@contextmanager
def redis_in(home: Path) -> Iterator[str]:
    """A Redis that keeps what it is told; its URL. It is killed at the end."""
    socket = private_redis.socket_path(home)
    argv = private_redis.command(private_redis.find_server(), home, socket)
    with subprocess.Popen(argv) as process, redis.Redis.from_url(f"unix://{socket}") as client:
        try:
            _until_it_answers(client)
            yield f"unix://{socket}"
        finally:
            process.kill()


def test_a_follower_outlives_a_restart_of_redis(tmp_path: Path) -> None:
    async def follow(servers: ExitStack) -> list[State]:
        desk = Desk(servers.enter_context(redis_in(tmp_path)))
        job = await asyncio.to_thread(desk.enqueue)
        client = connect_async(desk.url)
        watch = JobWatch(client, RedisJobStore(client, desk.notifier, 5, 3))
        told: list[Job | None] = []
        async with watch.listening():
            async for change in watch.changes(job.id, "", 0.2):
                told.append(change)
                if len(told) == 1:
                    servers.close()
                if len(told) == 4:
                    servers.enter_context(redis_in(tmp_path))
                    _finish_one(desk)
        desk.client.close()
        await client.aclose()
        assert told[1:4] == [None, None, None]
        return [change.state for change in told if change]

    with ExitStack() as servers:
        assert asyncio.run(follow(servers)) == [State.QUEUED, State.SUCCEEDED]
