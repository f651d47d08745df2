"""Feedback in Redis, kept for retraining when the jobs themselves are long gone."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from redis.asyncio import Redis

from jobs.records.feedback import Feedback
from jobs.redis.connections import raises_store_down
from jobs.redis.keyspace import FEEDBACK, FEEDBACK_ORDER, JOB
from jobs.redis.replication import Replication

_PAGE = 500


class FeedbackStore:
    """One opinion a job, the last one given, for `days` days. Every call raises StoreDown."""

    def __init__(self, redis: "Redis", days: float, replication: Replication | None = None) -> None:
        self._redis: Any = redis
        self._replication = replication or Replication(redis)
        self._kept = timedelta(days=days)

    @raises_store_down
    async def save(self, owner: str, feedback: Feedback) -> None:
        """Replaces what was said about the job before. Raises NotReplicated."""
        records, order = _keys(owner)
        until = (feedback.given_at - self._kept).timestamp()
        outlived = await self._redis.zrangebyscore(order, "-inf", until)
        async with self._redis.pipeline() as pipe:
            pipe.hset(records, feedback.job_id, feedback.model_dump_json())
            pipe.zadd(order, {feedback.job_id: feedback.given_at.timestamp()})
            if outlived:
                pipe.hdel(records, *outlived)
                pipe.zrem(order, *outlived)
            pipe.expire(records, self._kept)
            pipe.expire(order, self._kept)
            await pipe.execute()
        await self._replication.confirm(records)

    async def all(self, owner: str) -> AsyncIterator[tuple[Feedback, bool]]:
        """The owner's feedback, the oldest first, and whether each job still has its photo."""
        ids = await self._ids(owner)
        for start in range(0, len(ids), _PAGE):
            for found in await self._page(owner, ids[start : start + _PAGE]):
                yield found

    @raises_store_down
    async def _ids(self, owner: str) -> list[str]:
        found: list[str] = await self._redis.zrange(_keys(owner)[1], 0, -1)
        return found

    @raises_store_down
    async def _page(self, owner: str, ids: list[str]) -> list[tuple[Feedback, bool]]:
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.hmget(_keys(owner)[0], ids)
            for job_id in ids:
                pipe.hmget(JOB + job_id, "state", "erased")
            records, *jobs = await pipe.execute()
        return [
            (Feedback.model_validate_json(record), state is not None and not erased)
            for record, (state, erased) in zip(records, jobs, strict=True)
            if record
        ]


def _keys(owner: str) -> tuple[str, str]:
    """The keys of the records by job, and of the jobs by time."""
    return FEEDBACK + owner, FEEDBACK_ORDER + owner
