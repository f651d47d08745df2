"""What is confirmed is on a replica, whoever has written it."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest
import redis

from benchmarks.chaos.redis_group import RedisGroup, until
from jobs.blobs import blob_names
from jobs.blobs.disk import DiskBlobs
from jobs.blobs.redis import RedisBlobs
from jobs.blobs.sweeper import Sweeper
from jobs.errors import BlobsFailed, NotReplicated
from jobs.metrics import Counters
from jobs.ports import Outcome
from jobs.records.job import State
from jobs.redis.connections import connect, connect_async
from jobs.redis.replication import Replication
from tests.jobs.conftest import JobHarness
from tests.redis_groups import replicated
from tests.redis_servers import redis_servers

__all__ = ["replicated"]
SERVERS = redis_servers()
Call = Callable[[Replication], Coroutine[None, None, None]]


def ask(url: str, call: Call, needed: int = 1) -> None:
    """By a connection that has written nothing."""

    async def run() -> None:
        client = connect_async(url)
        try:
            await call(Replication(client, needed))
        finally:
            await client.aclose()

    asyncio.run(run())


@pytest.mark.parametrize("replicated", SERVERS.values(), ids=SERVERS, indirect=True)
def test_what_another_connection_wrote_is_confirmed_once_the_replica_has_it(
    replicated: RedisGroup,
) -> None:
    primary, replica = replicated.ports
    url = replicated.url_of(primary)
    replicated.pause(replica)
    with redis.Redis.from_url(url) as client:
        client.set("leaf", 1)
    with pytest.raises(NotReplicated, match="0 Redis replicas have this; 1 must"):
        ask(url, lambda replication: replication.confirm("leaf"))
    replicated.resume(replica)
    ask(url, lambda replication: replication.confirm("leaf"))
    with redis.Redis(port=replica) as copy:
        assert copy.get("leaf") == b"1"


def test_what_the_primary_has_not_got_is_not_confirmed(replicated: RedisGroup) -> None:
    url = replicated.url_of(replicated.ports[0])
    with pytest.raises(NotReplicated):
        ask(url, lambda replication: replication.confirm("leaf"))
    ask(url, lambda replication: replication.confirm())


def test_a_replica_that_is_away_is_noticed_before_anything_is_written(
    replicated: RedisGroup,
) -> None:
    primary, replica = replicated.ports
    ask(replicated.url_of(primary), Replication.check)
    with pytest.raises(NotReplicated, match="1 Redis replicas have this; 2 must"):
        ask(replicated.url_of(primary), Replication.check, needed=2)
    replicated.kill(replica)
    until(lambda: not replicated.following(primary), "the primary has noticed")
    with pytest.raises(NotReplicated):
        ask(replicated.url_of(primary), Replication.check)


def test_without_replicas_redis_is_asked_nothing() -> None:
    nowhere = "redis://127.0.0.1:9/0"
    ask(nowhere, Replication.check, needed=0)
    ask(nowhere, lambda replication: replication.confirm("leaf"), needed=0)


def test_a_blob_in_redis_is_stored_once_the_replica_has_it(replicated: RedisGroup) -> None:
    primary, replica = replicated.ports
    blobs = RedisBlobs(connect(replicated.url_of(primary), decode=False), 1)
    blobs.put("abc", "photo.jpg", b"1")
    replicated.pause(replica)
    with pytest.raises(BlobsFailed, match="0 Redis replicas have this"):
        blobs.put("abc", "photo.jpg", b"2")
    replicated.resume(replica)


def test_the_photo_of_a_job_whose_end_may_be_lost_stays(
    replicated: RedisGroup, tmp_path: Path
) -> None:
    primary, replica = replicated.ports
    harness, blobs = JobHarness(replicated.url_of(primary)), DiskBlobs(tmp_path / "blobs")
    job = harness.enqueue()
    blobs.put(job.id, blob_names.ORIGINAL, b"1")
    sweeper = Sweeper(harness.client, blobs, Counters(), 600, replicas=1)
    sweeper.run()
    (claim,) = harness.queue.claim(1)
    replicated.pause(replica)
    harness.queue.finish(claim, Outcome(State.SUCCEEDED, result={}))
    with pytest.raises(NotReplicated):
        sweeper.run()
    assert blobs.has(job.id, blob_names.ORIGINAL)
    replicated.resume(replica)
    sweeper.run()
    assert not blobs.has(job.id, blob_names.ORIGINAL)
    harness.client.close()
