"""The JobStore in Redis: what the API process needs, without ever blocking its event loop."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from redis.asyncio import Redis
from redis.exceptions import RedisError

from jobs import wire
from jobs.errors import JobNotFound, QueueFull, StoreDown
from jobs.job import Job
from jobs.ports import Bell
from jobs.queue import reap_arguments
from jobs.scripts import source

P = ParamSpec("P")
T = TypeVar("T")
_LISTS = [wire.INTERACTIVE, wire.BULK, wire.RETRY]
ALIVE_SECONDS = 10


def _reported(call: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Every failure of Redis is a StoreDown."""

    @wraps(call)
    async def reported(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await call(*args, **kwargs)
        except (RedisError, OSError) as error:
            raise StoreDown(error) from error

    return reported


class RedisJobStore:
    """See `jobs.ports.JobStore`. `bound` is the most jobs that may wait."""

    def __init__(self, redis: "Redis", bell: Bell, bound: int, max_attempts: int) -> None:
        self._redis, self._bell, self._bound = redis, bell, bound
        self._enqueue = redis.register_script(source("enqueue"))
        self._reap = redis.register_script(source("reap"))
        self._reap_arguments = reap_arguments(max_attempts)

    @_reported
    async def check_room(self) -> None:
        async with self._redis.pipeline(transaction=False) as pipe:
            for name in _LISTS:
                pipe.llen(name)
            waiting = sum(await pipe.execute())
        if waiting >= self._bound:
            raise QueueFull(waiting, self._bound)

    @_reported
    async def enqueue(self, job: Job) -> Job:
        fields = wire.accepted_fields(job)
        options = job.options
        deadline = "" if options.deadline is None else int(options.deadline * 1000)
        answer = await self._enqueue(
            keys=[wire.JOB + job.id, fields["queue"], *_LISTS, wire.BELL],
            args=[job.id, self._bound, options.ttl * 1000, deadline, *_flat(fields)],
        )
        if answer[0] == "full":
            raise QueueFull(answer[1], self._bound)
        if answer[0] == "queued" and answer[1]:
            self._bell.ring()
        return await self.find(job.id)

    @_reported
    async def find(self, job_id: str) -> Job:
        fields: dict[Any, Any] = await self._redis.hgetall(wire.JOB + job_id)
        if not fields:
            raise JobNotFound(job_id)
        return wire.read_job(job_id, fields)

    @_reported
    async def reap(self) -> None:
        ring, *_ = await self._reap(*self._reap_arguments)
        if ring:
            self._bell.ring()

    @_reported
    async def workers(self) -> int:
        seconds, _ = await self._redis.time()
        return int(await self._redis.zcount(wire.WORKERS, seconds - ALIVE_SECONDS, "+inf"))


def _flat(fields: dict[str, str]) -> list[Any]:
    return [part for pair in fields.items() for part in pair]
