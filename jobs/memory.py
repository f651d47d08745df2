"""How much of its memory Redis has left for what is under way."""

import time

from redis.asyncio import Redis

from jobs.errors import StoreFull

MARK = 0.9  # of `maxmemory`; the rest is for the results of jobs that were accepted
_SECONDS = 1.0


class Memory:
    """Looked at once a second at most. A Redis without `maxmemory` is never full."""

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis
        self._used, self._limit, self._again = 0, 0, 0.0

    async def check(self) -> None:
        """Raises StoreFull above MARK; RedisError."""
        if time.monotonic() >= self._again:
            found = await self._redis.info("memory")
            self._used, self._limit = int(found["used_memory"]), int(found["maxmemory"])
            self._again = time.monotonic() + _SECONDS
        if self._limit and self._used > MARK * self._limit:
            raise StoreFull(self._used, self._limit, MARK)
