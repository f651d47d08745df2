"""The JobStore in Redis: what the API process needs, without ever blocking its event loop."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from redis.asyncio import Redis
from redis.exceptions import RedisError

from jobs import wire
from jobs.errors import CropShieldError, JobGone, JobNotFound, QueueFull, StoreDown
from jobs.job import Job, Place, State, moment
from jobs.ports import Bell
from jobs.queue import reap_arguments
from jobs.scripts import source

P = ParamSpec("P")
T = TypeVar("T")
QUEUES = (wire.RETRY, wire.INTERACTIVE, wire.BULK)  # in the order in which they are served
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
        names = ("enqueue", "adopt", "cancel", "reap")
        self._scripts = {name: redis.register_script(source(name)) for name in names}
        self._reap_arguments = reap_arguments(max_attempts)

    @_reported
    async def check_room(self) -> None:
        waiting, pace = await self._waiting()
        if sum(waiting) >= self._bound:
            raise QueueFull(sum(waiting), self._bound, pace or 0.1)

    @_reported
    async def enqueue(self, job: Job) -> Job:
        options = job.options
        deadline = "" if options.deadline is None else int(options.deadline * 1000)
        queue, ttl = wire.queue_key(options.priority), options.ttl * 1000
        fixed: list[Any] = [wire.PREFIX, job.id, self._bound, queue, job.owner, ttl, deadline]
        fields = wire.flat(wire.accepted_fields(job))
        answer = await self._scripts["enqueue"](args=[*fixed, *fields])
        if answer[0] == "full":
            raise QueueFull(answer[1], self._bound, float(answer[2]) / 1000)
        if answer[0] == "queued" and answer[1]:
            self._bell.ring()
        return await self.find(job.id)

    @_reported
    async def find(self, job_id: str) -> Job:
        fields: dict[Any, Any] = await self._redis.hgetall(wire.JOB + job_id)
        if not fields:
            raise await self._missing(job_id)
        job = wire.read_job(job_id, fields)
        if job.state is not State.QUEUED:
            return job
        return job.model_copy(update={"queue": await self._place(job)})

    @_reported
    async def cancel(self, job_id: str) -> Job:
        await self._scripts["cancel"](args=[wire.PREFIX, job_id])
        return await self.find(job_id)

    @_reported
    async def finished_twin(self, job: Job) -> Job | None:
        twin_id = await self._redis.get(wire.CACHE + wire.fingerprint(job))
        fields: dict[Any, Any] = await self._redis.hgetall(wire.JOB + str(twin_id))
        return wire.read_job(str(twin_id), fields) if fields else None

    @_reported
    async def adopt(self, job: Job, twin: Job) -> Job:
        fields = wire.accepted_fields(job) | {"attempts": str(twin.attempts)}
        fields |= wire.outcome_fields(twin.result, None, {})
        fixed: list[Any] = [wire.PREFIX, job.id, job.owner, job.options.ttl * 1000]
        await self._scripts["adopt"](args=[*fixed, *wire.flat(fields)])
        return await self.find(job.id)

    @_reported
    async def reap(self) -> None:
        ring, *_ = await self._scripts["reap"](args=self._reap_arguments)
        if ring:
            self._bell.ring()

    @_reported
    async def workers(self) -> int:
        seconds, _ = await self._redis.time()
        return int(await self._redis.zcount(wire.WORKERS, seconds - ALIVE_SECONDS, "+inf"))

    async def _waiting(self) -> tuple[list[int], float | None]:
        """How many wait in each of QUEUES, and the seconds that the service takes for a job."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for queue in QUEUES:
                pipe.zcard(queue)
            pipe.hget(wire.PACE, "interval")
            *waiting, interval = await pipe.execute()
        return waiting, float(interval or 0) / 1000 or None

    async def _place(self, job: Job) -> Place | None:
        """None when the job has meanwhile been claimed."""
        waiting, pace = await self._waiting()
        for i, queue in enumerate(QUEUES):
            rank: Any = await self._redis.zrank(queue, job.id)
            if rank is not None:
                position = sum(waiting[:i]) + int(rank)
                eta = None if pace is None else round((position + 1) * pace, 2)
                return Place(position=position, eta_seconds=eta)
        return None

    async def _missing(self, job_id: str) -> CropShieldError:
        """The error for an id without a record."""
        expired = await self._redis.get(wire.GONE + job_id)
        return JobGone(job_id, moment(float(expired))) if expired else JobNotFound(job_id)
