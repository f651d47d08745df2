"""Rate limits and daily quotas of API keys, decided by one script on Redis time."""

from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from jobs.auth.api_keys import ApiKey
from jobs.errors import QuotaUsedUp, RateExceeded, TooSoon
from jobs.redis import keyspace
from jobs.redis.connections import raises_store_down
from jobs.redis.scripts import load_script

MINUTE, DAY = 60, 86_400  # seconds, of the rate and of the quota


@dataclass(frozen=True)
class Allowance:
    """What a key has left: requests of this minute, jobs of this day (UTC), seconds of the day."""

    requests: int
    jobs: int
    day_seconds: int


class RateLimiter:
    """See `ApiKey.rate` and `ApiKey.quota`. Raises StoreDown while Redis does not answer."""

    def __init__(self, redis: "Redis") -> None:
        self._script = redis.register_script(load_script("rate_limit"))

    @raises_store_down
    async def admit(self, key: ApiKey, *, makes_job: bool) -> tuple[Allowance, TooSoon | None]:
        """Count one request. Returns what is left, and the error if the request is over the
        limit."""
        rate, quota = key.rate or 0, key.quota or 0
        arguments: list[Any] = [keyspace.PREFIX, key.id, rate, quota, int(makes_job)]
        refused, wait, requests, jobs, day = await self._script(args=arguments)
        left = Allowance(int(requests), max(int(jobs), 0), -(-int(day) // 1000))
        if refused == "rate":
            return left, RateExceeded(rate, int(wait) / 1000)
        if refused == "quota":
            return left, QuotaUsedUp(quota, int(wait) / 1000)
        return left, None
