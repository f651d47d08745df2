"""How many jobs may wait, and whether there is room for one more."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from cachetools import TTLCache
from redis.asyncio import Redis

from jobs import wire
from jobs.errors import QueueFull, ShareUsedUp
from jobs.job import LOCAL
from jobs.memory import Memory
from jobs.scripts import source

SECONDS = 0.1
_OWNERS = 1_000


class Room:
    """`bound` is the most jobs that may wait, of all owners together; of one with a key, as many as
    there is room left for others.

    The script that records a job decides. `check` spares a client the sending of a photo in vain;
    for a tenth of a second it does not ask again, as long as there was room for as many more.
    """

    def __init__(
        self, redis: "Redis", bound: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._bound, self._memory = bound, Memory(redis)
        self._script = redis.register_script(source("room"))
        self._more: TTLCache[str, Iterator[int]] = TTLCache(_OWNERS, SECONDS, clock)

    async def check(self, owner: str) -> None:
        """Raises StoreFull, and as `refuse`."""
        await self._memory.check()
        if next(self._more.get(owner, iter(())), None) is None:
            answer = await self._script(args=[wire.PREFIX, owner, *self.arguments(owner)])
            self.refuse(answer)
            self._more[owner] = iter(range(int(answer[1])))

    def arguments(self, owner: str) -> list[int]:
        """By which scripts tell whether there is room."""
        return [self._bound, int(owner != LOCAL)]

    def refuse(self, answer: list[Any]) -> None:
        """Raises QueueFull or ShareUsedUp for what the prelude calls a refusal."""
        if answer[0] not in ("full", "share"):
            return
        why, waiting, own, interval = answer
        pace = float(interval) / 1000 or 0.1
        if why == "share":
            raise ShareUsedUp(own, waiting, self._bound, pace)
        raise QueueFull(waiting, self._bound, pace)
