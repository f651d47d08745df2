"""Batches in Redis: their records, and which of their photos have a job."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from redis.asyncio import Redis

from jobs.records.batch import Batch
from jobs.records.job import Job
from jobs.redis import keyspace, serialization
from jobs.redis.connections import raises_store_down
from jobs.redis.replication import Replication

_TOMBSTONE = timedelta(days=7)


class BatchStore:
    """Every method raises StoreDown while Redis does not answer."""

    def __init__(self, redis: "Redis", replication: Replication | None = None) -> None:
        self._redis: Any = redis
        self._replication = replication or Replication(redis)

    @raises_store_down
    async def save(self, batch: Batch, key_name: str) -> None:
        """Keep it for its time to live and a week, for `find_by_key` as long as it lives. Raises
        NotReplicated."""
        life = timedelta(seconds=batch.ttl)
        async with self._redis.pipeline() as pipe:
            pipe.set(keyspace.BATCH + batch.id, batch.model_dump_json(), px=life + _TOMBSTONE)
            if key_name:
                pipe.set(keyspace.BATCH_KEY + key_name, batch.id, px=life)
            await pipe.execute()
        await self.confirm(batch.id)

    async def confirm(self, batch_id: str) -> None:
        """Return once the record is on as many replicas as are wanted. Raises NotReplicated."""
        await self._replication.confirm(keyspace.BATCH + batch_id)

    @raises_store_down
    async def find(self, batch_id: str) -> Batch | None:
        record = await self._redis.get(keyspace.BATCH + batch_id)
        return Batch.model_validate_json(record) if record else None

    @raises_store_down
    async def find_by_key(self, key_name: str) -> Batch | None:
        """The batch that an earlier request with the same key made."""
        batch_id = await self._redis.get(keyspace.BATCH_KEY + key_name)
        return await self.find(batch_id) if batch_id else None

    @raises_store_down
    async def count_known_keys(self, key_names: Sequence[str]) -> int:
        """With how many of these keys a job was made."""
        return int(
            await self._redis.exists(*(keyspace.IDEMPOTENCY_KEY + name for name in key_names))
        )

    @raises_store_down
    async def read_jobs(self, batch: Batch) -> dict[str, Job]:
        """Those of its jobs that still exist, without their positions in the queue."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for job_id in batch.job_ids:
                pipe.hgetall(keyspace.JOB + job_id)
            records = await pipe.execute()
        found = zip(batch.job_ids, records, strict=True)
        return {
            job_id: serialization.read_job(job_id, fields) for job_id, fields in found if fields
        }
