"""Blobs in the Redis of the records: no shared disk is needed, but memory of Redis."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from jobs.errors import BlobMissing, BlobsFailed, NotReplicated
from jobs.redis.keyspace import BLOB_JOBS, BLOBS
from jobs.redis.replication import confirm


class RedisBlobs:
    """A BlobStore with one hash for each job. `redis` must not decode what it reads.

    A hash does not expire while its job waits or runs. The script that ends the job gives record
    and hash the same time to live, so a blob never goes before its record. A sorted set lists the
    jobs that have blobs, since a hash cannot be found by a part of its name. What is put is on
    `replicas` replicas before a record can name it.
    """

    def __init__(self, redis: "Redis", replicas: int = 0) -> None:
        self._redis: Any = redis
        self._replicas = replicas

    def put(self, job_id: str, name: str, data: bytes) -> None:
        self.put_all(job_id, {name: data})

    def put_all(self, job_id: str, blobs: Mapping[str, bytes]) -> None:
        size = sum(map(len, blobs.values()))
        with _as_blobs_failed(f"cannot store {size:,} bytes"), self._redis.pipeline() as pipe:
            pipe.zadd(BLOB_JOBS, {job_id: 0})
            pipe.hset(BLOBS + job_id, mapping=dict(blobs))
            pipe.execute()
            confirm(self._redis, self._replicas, BLOBS + job_id)

    def get(self, job_id: str, name: str) -> bytes:
        with _as_blobs_failed(f"cannot read {name}"):
            data: bytes | None = self._redis.hget(BLOBS + job_id, name)
        if data is None:
            raise BlobMissing(job_id, name)
        return data

    def has(self, job_id: str, name: str) -> bool:
        with _as_blobs_failed(f"cannot look for {name}"):
            return bool(self._redis.hexists(BLOBS + job_id, name))

    def delete(self, job_id: str, name: str) -> None:
        self.delete_each([job_id], name)

    def delete_each(self, job_ids: Sequence[str], name: str) -> None:
        with (
            _as_blobs_failed(f"cannot delete {name}"),
            self._redis.pipeline(transaction=False) as pipe,
        ):
            for job_id in job_ids:
                pipe.hdel(BLOBS + job_id, name)
            pipe.execute()

    def erase(self, job_id: str) -> None:
        self.erase_each([job_id])

    def erase_each(self, job_ids: Sequence[str]) -> None:
        with (
            _as_blobs_failed(f"cannot erase {len(job_ids):,} jobs"),
            self._redis.pipeline() as pipe,
        ):
            for job_id in job_ids:
                pipe.unlink(BLOBS + job_id)
                pipe.zrem(BLOB_JOBS, job_id)
            pipe.execute()

    def list_jobs(self, shard: str) -> list[str]:
        start = shard.encode()
        with _as_blobs_failed("cannot list blobs"):
            found = self._redis.zrangebylex(BLOB_JOBS, b"[" + start, b"(" + start + b"\xff")
        return [job_id.decode() for job_id in found]

    def remove_partial_writes(self) -> int:
        """Redis stores a blob whole or not at all."""
        return 0

    def check(self) -> None:
        with _as_blobs_failed("cannot write to Redis"):
            self._redis.set(BLOBS, 1, px=1)


@contextmanager
def _as_blobs_failed(what: str) -> Iterator[None]:
    """Every failure of Redis is a BlobsFailed."""
    try:
        yield
    except (RedisError, OSError, NotReplicated) as error:
        raise BlobsFailed(f"{what}: {error}") from error
