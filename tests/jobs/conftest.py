"""Both sides of the queue on one real Redis."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
from redis import Redis

from jobs.blobs import open_blobs
from jobs.ports import BlobStore
from jobs.records.job import LOCAL, ImageFacts, Job, ModelFacts, State, new_id
from jobs.records.options import JobOptions
from jobs.redis.connections import connect, connect_async
from jobs.redis.queue import RedisWorkQueue
from jobs.redis.store import RedisJobStore
from jobs.settings import SharedSettings
from tests.redis_servers import redis_servers
from tests.s3 import KEYS, make_bucket

STORES = ("disk", "redis", "s3")
T = TypeVar("T")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What talks to the scripts must hold on every Redis that is to be had."""
    if "redis_server" in metafunc.fixturenames:
        found = redis_servers()
        metafunc.parametrize(
            "redis_server",
            list(found.values()),
            ids=[f"redis-{version}" for version in found],
            indirect=True,
            scope="session",
        )


class CountingNotifier:
    """Counts the notifications that would be sent."""

    def __init__(self) -> None:
        self.notified = 0

    def notify(self) -> None:
        self.notified += 1


class JobHarness:
    """A store and a worker's queue; `bound` 5, lease 1 s, 3 attempts."""

    def __init__(self, url: str) -> None:
        self.notifier = CountingNotifier()
        self.url = url
        self.client: Redis = connect(url)
        self.queue = RedisWorkQueue(self.client, self.notifier, 1, 3)

    def ask(self, call: Callable[[RedisJobStore], Coroutine[Any, Any, T]]) -> T:
        """Run one call of the store on an event loop of its own."""

        async def run() -> T:
            redis = connect_async(self.url)
            try:
                return await call(RedisJobStore(redis, self.notifier, 5, 3))
            finally:
                await redis.aclose()

        return asyncio.run(run())

    def enqueue(self, owner: str = LOCAL, **options: Any) -> Job:
        job = a_job(owner, **options)
        return self.ask(lambda store: store.enqueue(job)).job

    def find(self, job_id: str) -> Job:
        return self.ask(lambda store: store.find(job_id))


def a_job(owner: str = LOCAL, **options: Any) -> Job:
    now, chosen = datetime.now(UTC), JobOptions(**options)
    return Job(
        id=new_id(),
        state=State.QUEUED,
        owner=owner,
        created_at=now,
        expires_at=now,
        model=ModelFacts(id=chosen.model, version="1", weights_sha256="00"),
        options=chosen,
        image=ImageFacts(width=4, height=3, format="JPEG", sha256="00"),
    )


@pytest.fixture
def harness(redis_url: str) -> Iterator[JobHarness]:
    harness = JobHarness(redis_url)
    yield harness
    harness.client.close()


@pytest.fixture(params=STORES)
def settings(
    request: pytest.FixtureRequest, home: Path, monkeypatch: pytest.MonkeyPatch
) -> SharedSettings:
    """Of each real store; it is empty."""
    url = request.getfixturevalue("redis_url")
    if request.param != "s3":
        return SharedSettings(home=home, redis_url=url, blobs=request.param)
    address, bucket = request.getfixturevalue("s3_address"), f"leaves-{new_id()}"
    make_bucket(address, bucket)
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    return SharedSettings(redis_url=url, blobs=f"s3://{bucket}/a/b", s3_endpoint=address)


@pytest.fixture
def blobs(settings: SharedSettings) -> BlobStore:
    return open_blobs(settings)
