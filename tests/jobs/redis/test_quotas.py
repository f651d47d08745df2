"""A key makes as many jobs a day as its quota allows, however many requests come at once."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from redis.asyncio import Redis

from jobs.batches import BatchService
from jobs.blobs.disk import DiskBlobs
from jobs.errors import QuotaUsedUp
from jobs.records.batch import Batch, BatchPhoto
from jobs.records.job import Job
from jobs.records.options import JobOptions
from jobs.records.submissions import Submission
from jobs.redis import keyspace
from jobs.redis.batches import BatchStore
from jobs.redis.connections import connect_async
from jobs.redis.store import RedisJobStore
from jobs.service import JobService
from jobs.webhooks.outbox import WebhookOutbox
from models.catalog import Catalog
from tests.jobs.conftest import CountingNotifier, JobHarness, a_job

ADA = "cs_ada"


class Door:
    """What a process that accepts photos has."""

    def __init__(self, redis: "Redis", folder: Any) -> None:
        self.store = RedisJobStore(redis, CountingNotifier(), 10_000, 2)
        blobs, webhooks = DiskBlobs(folder), WebhookOutbox(redis)
        self.blobs = blobs
        self.jobs = JobService(self.store, blobs, Catalog(), webhooks, 10**7)
        self.batches = BatchService(BatchStore(redis), self.jobs)


@pytest.fixture
def at_the_door(redis_url: str, home: Any) -> Callable[[Callable[[Door], Awaitable[Any]]], Any]:
    def run(call: Callable[[Door], Awaitable[Any]]) -> Any:
        async def with_redis() -> Any:
            redis = connect_async(redis_url)
            try:
                return await call(Door(redis, home))
            finally:
                await redis.aclose()

        return asyncio.run(with_redis())

    return run


def made(answers: list[Any]) -> int:
    refused = [answer for answer in answers if isinstance(answer, QuotaUsedUp)]
    others = [answer for answer in answers if isinstance(answer, BaseException)]
    assert len(refused) == len(others), others
    return len(answers) - len(refused)


async def at_once(calls: list[Awaitable[Any]]) -> list[Any]:
    return await asyncio.gather(*calls, return_exceptions=True)


def test_of_many_photos_at_once_as_many_are_taken_as_the_quota_allows(
    at_the_door: Any, leaf_jpeg: bytes
) -> None:
    async def submit(door: Door) -> list[Any]:
        submission = [Submission(ADA, quota=3, reuse=False) for _ in range(8)]
        return await at_once([door.jobs.submit(leaf_jpeg, JobOptions(), one) for one in submission])

    assert made(at_the_door(submit)) == 3


def test_a_photo_that_is_refused_is_not_kept(at_the_door: Any, home: Any, leaf_jpeg: bytes) -> None:
    async def submit(door: Door) -> None:
        for _ in range(2):
            await door.jobs.submit(leaf_jpeg, JobOptions(), Submission(ADA, quota=1, reuse=False))

    with pytest.raises(QuotaUsedUp, match="may make 1 jobs a day") as refused:
        at_the_door(submit)
    assert 0 < refused.value.retry_after <= 86_400
    assert len(list(home.glob("???/*"))) == 1


def batch_of(count: int, photo: bytes, key: str | None = None) -> Callable[[Door], Awaitable[Any]]:
    async def read() -> bytes:
        return photo

    async def submit(door: Door) -> tuple[Batch, bool]:
        submission = Submission(ADA, key=key, quota=6)
        photos = [BatchPhoto(f"{number}.jpg", read) for number in range(count)]
        return await door.batches.submit(photos, JobOptions(), submission, reuse=False)

    return submit


def test_of_many_batches_at_once_one_is_taken_whole_and_the_others_make_no_job(
    at_the_door: Any, leaf_jpeg: bytes, harness: JobHarness
) -> None:
    async def submit(door: Door) -> list[Any]:
        return await at_once([batch_of(4, leaf_jpeg)(door) for _ in range(8)])

    answers = at_the_door(submit)
    assert made(answers) == 1
    (batch,) = (answer[0] for answer in answers if not isinstance(answer, QuotaUsedUp))
    assert len(batch.job_ids) == 4
    assert harness.queue.count_waiting() == 4
    assert not harness.client.exists(keyspace.HELD + ADA)


def test_single_photos_take_nothing_that_a_batch_holds(at_the_door: Any, leaf_jpeg: bytes) -> None:
    async def submit(door: Door) -> list[Any]:
        singles = [Submission(ADA, quota=6, reuse=False) for _ in range(8)]
        return await at_once(
            [
                batch_of(4, leaf_jpeg)(door),
                *(door.jobs.submit(leaf_jpeg, JobOptions(), one) for one in singles),
            ]
        )

    batch, *singles = at_the_door(submit)
    jobs = 0 if isinstance(batch, QuotaUsedUp) else len(batch[0].job_ids)
    assert jobs in (0, 4), "all of it or none"
    assert made(singles) + jobs == 6


def test_what_a_dead_process_held_lapses(
    at_the_door: Any, harness: JobHarness, leaf_jpeg: bytes
) -> None:
    harness.client.hset(keyspace.HELD + ADA, "token of the dead", "6 1")
    assert at_the_door(batch_of(6, leaf_jpeg))


def test_a_batch_that_is_sent_again_after_a_crash_needs_not_wait_for_what_it_held(
    at_the_door: Any, harness: JobHarness, leaf_jpeg: bytes
) -> None:
    token = Submission(ADA, key="key").hold_token
    harness.client.hset(keyspace.HELD + ADA, token, "6 4000000000000")
    batch, _ = at_the_door(batch_of(6, leaf_jpeg, "key"))
    assert len(batch.job_ids) == 6


def test_the_photos_of_a_batch_that_were_refused_cost_nothing(
    at_the_door: Any, leaf_jpeg: bytes
) -> None:
    async def submit(door: Door) -> Any:
        await batch_of(6, b"no photo")(door)
        return await batch_of(6, leaf_jpeg)(door)

    batch, _ = at_the_door(submit)
    assert len(batch.job_ids) == 6


def test_a_batch_that_is_sent_again_costs_nothing(at_the_door: Any, leaf_jpeg: bytes) -> None:
    async def submit(door: Door) -> Any:
        first, _ = await batch_of(6, leaf_jpeg, "key")(door)
        return first, await batch_of(6, leaf_jpeg, "key")(door)

    first, (again, replayed) = at_the_door(submit)
    assert replayed
    assert again.job_ids == first.job_ids


def test_a_known_job_is_answered_when_the_quota_is_used_up(at_the_door: Any) -> None:
    job: Job = a_job(ADA)

    async def twice(door: Door) -> list[Any]:
        return [await door.store.enqueue(job, quota=1) for _ in range(2)]

    first, again = at_the_door(twice)
    assert again.replayed
    assert again.job.id == first.job.id
