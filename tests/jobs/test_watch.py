"""Waiting for a job's end."""

import asyncio

import pytest

from jobs.connections import connect_async
from jobs.errors import JobNotFound
from jobs.job import Job, State
from jobs.ports import Outcome
from jobs.store import RedisJobStore
from jobs.watch import JobWatch
from tests.jobs.conftest import Desk


def _wait(desk: Desk, job_id: str, seconds: float, finish_after: float | None = None) -> Job:
    async def run() -> Job:
        redis = connect_async(desk.url)
        watch = JobWatch(redis, RedisJobStore(redis, desk.bell, 5, 3))
        if finish_after is not None:
            asyncio.get_running_loop().call_later(finish_after, _finish_one, desk)
        try:
            async with watch.listening():
                return await watch.wait(job_id, seconds)
        finally:
            await redis.aclose()

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
