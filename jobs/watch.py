"""Waiting for jobs: one subscription a process feeds every waiter."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from redis.asyncio import Redis
from redis.exceptions import RedisError

from jobs import wire
from jobs.job import Job
from jobs.ports import JobStore

log = logging.getLogger(__name__)
_REREAD_SECONDS = 2.0  # published messages can be lost; the record cannot
_RECONNECT_SECONDS = 0.5


class JobWatch:
    """Tells waiters of state changes. `redis` must be a client of its own."""

    def __init__(self, redis: "Redis", store: JobStore) -> None:
        self._redis, self._store = redis, store
        self._waiting: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._stopping = False

    async def wait(self, job_id: str, seconds: float) -> Job:
        """The job once it is terminal, or as it is when the time is up. Raises JobNotFound."""
        changed = asyncio.Event()
        self._waiting[job_id].add(changed)
        end = asyncio.get_running_loop().time() + seconds
        try:
            while True:
                changed.clear()
                job = await self._store.find(job_id)
                left = end - asyncio.get_running_loop().time()
                if job.state.is_terminal or left <= 0:
                    return job
                with suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), min(left, _REREAD_SECONDS))
        finally:
            self._forget(job_id, changed)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Listen while the context lasts, through every restart of Redis."""
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            self._stopping = True  # a cancellation that meets a time-out in the client is lost
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        while not self._stopping:
            try:
                await self._listen()
            except (RedisError, OSError) as error:
                log.warning("job events interrupted: %s", error)
                await asyncio.sleep(_RECONNECT_SECONDS)

    async def _listen(self) -> None:
        async with self._redis.pubsub(ignore_subscribe_messages=True) as channel:
            await channel.subscribe(wire.EVENTS)
            while not self._stopping:
                message = await channel.get_message(timeout=1.0)
                if message:
                    for changed in self._waiting.get(message["data"], ()):
                        changed.set()

    def _forget(self, job_id: str, changed: asyncio.Event) -> None:
        self._waiting[job_id].discard(changed)
        if not self._waiting[job_id]:
            del self._waiting[job_id]
