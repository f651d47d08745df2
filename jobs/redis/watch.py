"""Waiting for jobs: one subscription feeds all waiters of a process."""

import asyncio
import hashlib
import logging
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import chain, islice

from cachetools import TTLCache
from redis.asyncio import Redis
from redis.exceptions import RedisError

from jobs.errors import NewerRecord, StoreDown
from jobs.ports import JobStore
from jobs.records.job import Job
from jobs.redis import keyspace

log = logging.getLogger(__name__)
_REREAD_SECONDS = 2.0  # published messages can be lost; the record cannot
_AT_ONCE = 100  # records in one round trip
_REREADS_A_SECOND = 250  # of all waiters together; with more waiters each rereads less often
_RECONNECT_SECONDS = 0.5
_REMEMBERED, _REMEMBERED_SECONDS = 10_000, 10.0  # changed jobs
_KEPT = 1_000  # jobs that have ended, for as long; less than the shortest time to live


def version(job: Job) -> str:
    """A text that differs after every visible change of a job, also of its position in the
    queue."""
    return hashlib.sha256(job.model_dump_json().encode()).hexdigest()[:16]


class _SharedReads:
    """Reads records for all waiters together: a hundred in one round trip, and one round trip at a
    time. Requests that come during one share the next."""

    def __init__(self, store: JobStore) -> None:
        self._store = store
        self._wanted: dict[str, asyncio.Future[Job | None]] = {}
        self._reading: asyncio.Task[None] | None = None

    async def read(self, job_id: str, owner: str | None = None) -> Job:
        """Raises as `JobStore.find`."""
        future = self._wanted.get(job_id)
        if future is None:
            future = self._wanted[job_id] = asyncio.get_running_loop().create_future()
            future.add_done_callback(_retrieve)
            self._reading = self._reading or asyncio.create_task(self._read_all())
        job = await asyncio.shield(future)  # others wait for the same read
        if job is None or owner not in (None, job.owner):
            return await self._store.find(job_id, owner)  # raises the reason why there is none
        return job

    async def _read_all(self) -> None:
        try:
            while self._wanted:
                some = {job_id: self._wanted[job_id] for job_id in islice(self._wanted, _AT_ONCE)}
                for job_id in some:
                    del self._wanted[job_id]
                await self._read(some)
        finally:
            self._reading = None

    async def _read(self, some: Mapping[str, "asyncio.Future[Job | None]"]) -> None:
        try:
            found = await self._store.find_each(list(some))
        except (NewerRecord, KeyError) as error:  # which must not fail the others
            log.warning("records cannot be read together; each is now read alone: %s", error)
            found = {}
        except StoreDown as error:
            for future in some.values():
                future.set_exception(error)
            return
        for job_id, future in some.items():
            future.set_result(found.get(job_id))


def _retrieve(future: "asyncio.Future[Job | None]") -> None:
    """Ignore an error when everybody who waited has gone."""
    if not future.cancelled():
        future.exception()


@dataclass(eq=False)
class _Subscriber:
    every_change: bool
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class JobWatch:
    """Tells waiters of state changes. `redis` must be a client of its own."""

    def __init__(self, redis: "Redis", store: JobStore) -> None:
        self._redis, self._records = redis, _SharedReads(store)
        self._subscribers: dict[str, set[_Subscriber]] = defaultdict(set)
        self._changed: TTLCache[str, None] = TTLCache(_REMEMBERED, _REMEMBERED_SECONDS)
        self._ended: TTLCache[str, Job] = TTLCache(_KEPT, _REMEMBERED_SECONDS)
        self._is_subscribed = self._stopping = False

    @property
    def waiting(self) -> int:
        """How many jobs are waited for."""
        return len(self._subscribers)

    async def wait(
        self, job_id: str, seconds: float, owner: str | None = None, known: Job | None = None
    ) -> Job:
        """The job once it is terminal, or as it is when the time is up. Raises as `find`.

        known: the job as it was a moment ago, which is read only if it has changed since.
        """
        clock = asyncio.get_running_loop().time
        end = clock() + seconds
        with self._subscription(job_id) as changed:
            if known is None or self._may_have_changed(job_id):
                known = await self._records.read(job_id, owner)
            while not known.state.is_terminal and (left := end - clock()) > 0:
                await self._wait_for_change(changed, left)
                changed.clear()
                known = await self._records.read(job_id, owner)
                if known.state.is_terminal:
                    self._ended[job_id] = known
            return known

    def just_ended(self, job_id: str, owner: str) -> Job | None:
        """A job of this owner that was seen to end within the last seconds. Nothing can have
        changed since, but that its pictures were erased."""
        job = self._ended.get(job_id)
        return job if job is not None and job.owner == owner else None

    async def changes(
        self, job_id: str, known_version: str, heartbeat: float
    ) -> AsyncIterator[Job | None]:
        """The job at every change until it has ended; first as it is now, unless that is the
        `known_version`. None after `heartbeat` seconds without a change, also while Redis is away.
        Raises JobNotFound for an unknown id, JobGone once the record has expired."""
        clock = asyncio.get_running_loop().time
        with self._subscription(job_id, every_change=True) as changed:
            beat = clock() + heartbeat
            while True:
                changed.clear()
                job = await self._read_job(job_id)
                if job is not None and version(job) != known_version:
                    known_version, beat = version(job), clock() + heartbeat
                    yield job
                if job is not None and job.state.is_terminal:
                    return
                await self._wait_for_change(changed, max(beat - clock(), 0))
                if clock() >= beat:
                    beat = clock() + heartbeat
                    yield None

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Listen while the context lasts; restarts of Redis do not end it."""
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            self._stopping = True  # the Redis client can lose a cancellation that meets a time-out
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
        async with self._redis.pubsub() as channel:
            await channel.subscribe(keyspace.EVENTS)
            try:
                while not self._stopping:
                    message = await channel.get_message(timeout=1.0)
                    if message and message["type"] == "message":
                        self._tell(*message["data"].split(" "))
                    elif message:
                        self._begin()
            finally:
                self._is_subscribed = False

    def _begin(self) -> None:
        """Redis has subscribed this process, maybe again, after a time in which it heard nothing:
        every job may have changed."""
        self._is_subscribed = True
        for subscriber in chain.from_iterable(self._subscribers.values()):
            subscriber.changed.set()

    def _tell(self, job_id: str, started: str = "") -> None:
        """A job has changed; `started`: no more than that a worker has claimed it."""
        if not started:
            self._changed[job_id] = None
        for subscriber in self._subscribers.get(job_id, ()):
            if subscriber.every_change or not started:
                subscriber.changed.set()

    def _may_have_changed(self, job_id: str) -> bool:
        """Whether a job that was read a moment ago may have ended since."""
        return job_id in self._changed or not self._is_subscribed

    async def _read_job(self, job_id: str) -> Job | None:
        """The job; None while Redis is away, which a waiter has the time to sit out."""
        try:
            return await self._records.read(job_id)
        except StoreDown as error:
            log.debug("cannot read job %s: %s", job_id, error)
            return None

    async def _wait_for_change(self, changed: asyncio.Event, most: float) -> None:
        """Wait for a change, for the time to reread the record, or for `most` seconds."""
        reread = max(_REREAD_SECONDS, self.waiting / _REREADS_A_SECOND)
        with suppress(TimeoutError):
            async with asyncio.timeout(min(most, reread * random.uniform(0.75, 1.25))):
                await changed.wait()

    @contextmanager
    def _subscription(self, job_id: str, *, every_change: bool = False) -> Iterator[asyncio.Event]:
        """An event that changes of the job set; without `every_change` not that it was claimed."""
        subscriber = _Subscriber(every_change)
        self._subscribers[job_id].add(subscriber)
        try:
            yield subscriber.changed
        finally:
            self._subscribers[job_id].discard(subscriber)
            if not self._subscribers[job_id]:
                del self._subscribers[job_id]
