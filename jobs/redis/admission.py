"""Whether more jobs are accepted: the bound of the queue, and the memory that Redis has left."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cachetools import LRUCache
from redis.asyncio import Redis

from jobs.errors import QueueFull, ShareUsedUp, StoreFull
from jobs.records.job import LOCAL
from jobs.redis import keyspace
from jobs.redis.scripts import load_script

CHECK_SECONDS = 0.1
_OWNERS = 1_000
MEMORY_SHARE = 0.9  # of `maxmemory`; the rest is for the results of jobs that were accepted
_MEMORY_CHECK_SECONDS = 1.0


class MemoryLimit:
    """The memory of Redis, read once a second at most. Without `maxmemory` it is never full."""

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis
        self._used, self._limit, self._next_check = 0, 0, 0.0

    async def check(self) -> None:
        """Raises StoreFull above MEMORY_SHARE; RedisError."""
        if time.monotonic() >= self._next_check:
            found = await self._redis.info("memory")
            self._used, self._limit = int(found["used_memory"]), int(found["maxmemory"])
            self._next_check = time.monotonic() + _MEMORY_CHECK_SECONDS
        if self._limit and self._used > MEMORY_SHARE * self._limit:
            raise StoreFull(self._used, self._limit, MEMORY_SHARE)


@dataclass
class _Room:
    """For how many more jobs there was room, by the clock of `AdmissionControl`."""

    jobs: int = 0
    asked_at: float = -math.inf

    def take(self, now: float) -> bool:
        """Whether there is room for one more that need not be asked for."""
        if self.jobs <= 0 or now - self.asked_at >= CHECK_SECONDS:
            return False
        self.jobs -= 1
        return True


class AdmissionControl:
    """`bound` is the most jobs that may wait, of all owners together. An owner with a key may have
    as many as there is room left for others.

    The script that records a job decides. `check` refuses early, before a photo is sent, by the
    room that there was at most a tenth of a second ago, which each recorded job tells anew. When
    that is older, one request asks Redis, and the others meanwhile use the last known figure.
    """

    def __init__(
        self, redis: "Redis", bound: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._bound, self._memory = bound, MemoryLimit(redis)
        self._script = redis.register_script(load_script("check_admission"))
        self._clock = clock
        self._room: LRUCache[str, _Room] = LRUCache(_OWNERS)

    async def check(self, owner: str) -> None:
        """Raises StoreFull, and as `refuse`."""
        await self._memory.check()
        room = self._room.setdefault(owner, _Room())
        if room.take(self._clock()):
            return
        room.asked_at = self._clock()
        try:
            reply = await self._script(args=[keyspace.PREFIX, owner, *self.arguments(owner)])
            self.refuse(reply)
        except Exception:
            self.note_room(owner, 0)  # the next one asks again
            raise
        self.note_room(owner, int(reply[1]))

    def note_room(self, owner: str, jobs: int) -> None:
        """For so many more jobs of this owner there is room now."""
        self._room[owner] = _Room(jobs, self._clock())

    def arguments(self, owner: str) -> list[int]:
        """The arguments by which scripts decide whether there is room."""
        return [self._bound, int(owner != LOCAL)]

    def refuse(self, reply: list[Any]) -> None:
        """Raises QueueFull or ShareUsedUp for a refusal of a script."""
        if reply[0] not in ("full", "share"):
            return
        why, waiting, own, interval = reply
        pace = float(interval) / 1000 or 0.1
        if why == "share":
            raise ShareUsedUp(own, waiting, self._bound, pace)
        raise QueueFull(waiting, self._bound, pace)
