"""The JobStore in Redis: what the API process needs, without ever blocking its event loop."""

from typing import Any

from redis.asyncio import Redis

from jobs.errors import CropShieldError, JobGone, JobNotFound
from jobs.ports import Bell
from jobs.records import submissions
from jobs.records.job import LOCAL, Job, State, moment
from jobs.records.listing import Page, Wanted
from jobs.records.submissions import Submission, Submitted
from jobs.redis import keyspace, serialization
from jobs.redis.admission import Room
from jobs.redis.connections import reported
from jobs.redis.queue import reap_arguments
from jobs.redis.replies import accepted, known_id, place
from jobs.redis.scripts import source

ALIVE_SECONDS = 10
HOLD_SECONDS = 30  # an API process that dies while it receives a photo blocks its key no longer
_LOOKED_AT = 1_000  # jobs, for one page


class RedisJobStore:
    """See `jobs.ports.JobStore`; of the `bound`, `jobs.redis.admission.Room`."""

    def __init__(self, redis: "Redis", bell: Bell, bound: int, max_attempts: int) -> None:
        self._redis, self._bell, self._room = redis, bell, Room(redis, bound)
        names = ("reserve", "free", "enqueue", "adopt", "list", "cancel", "erase", "reap")
        self._scripts = {name: redis.register_script(source(name)) for name in names}
        self._reap_arguments = reap_arguments(max_attempts)

    @reported
    async def check_room(self, owner: str = LOCAL) -> None:
        await self._room.check(owner)

    @reported
    async def reserve(self, submission: Submission, digest: str = "") -> Job | None:
        job_id, slot = submission.job_id or "", submission.slot
        args = [keyspace.PREFIX, job_id, submission.owner, submission.key_name, digest]
        args += [slot, submission.token, str(HOLD_SECONDS * 1000)]
        answer = await self._scripts["reserve"](args=args)
        known = known_id(answer, job_id)
        return await self.find(known) if known else None

    @reported
    async def free(self, submission: Submission) -> None:
        await self._scripts["free"](args=[keyspace.PREFIX, submission.slot, submission.token])

    @reported
    async def enqueue(self, job: Job, key_name: str = "", *, reuse: bool = False) -> Submitted:
        options = job.options
        deadline = "" if options.deadline is None else int(options.deadline * 1000)
        twin = submissions.fingerprint(job) if reuse else ""
        where = keyspace.queue_key(options.priority), deadline, twin
        fields = serialization.flat(serialization.accepted_fields(job))
        args = [*_new(job, key_name), *self._room.arguments(job.owner), *where, *fields]
        what, *more = answer = await self._scripts["enqueue"](args=args)
        self._room.refuse(answer)
        if what == "twin":
            return Submitted(
                serialization.read_job(more[0], serialization.paired(more[1])), twin=True
            )
        if what != "new":
            return await self._submitted(job, answer)
        ring, *since = more
        if ring:
            self._bell.ring()
        return Submitted(accepted(job, *since))

    @reported
    async def find(self, job_id: str, owner: str | None = None) -> Job:
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.hgetall(keyspace.JOB + job_id)
            pipe.hget(keyspace.PACE, "interval")
            for queue in keyspace.QUEUES:
                pipe.zcard(queue)
                pipe.zrank(queue, job_id)
            fields, interval, *counts = await pipe.execute()
        if not fields:
            raise await self._missing(job_id, owner)
        job = serialization.read_job(job_id, fields)
        if owner not in (None, job.owner):
            raise JobNotFound(job_id)
        if job.state is not State.QUEUED:
            return job
        return job.model_copy(update={"queue": place(counts, interval)})

    @reported
    async def page(self, owner: str, wanted: Wanted) -> Page:
        start = "+inf" if wanted.cursor is None else f"({wanted.cursor!r}"
        since = wanted.since.timestamp() * 1000 if wanted.since else "-inf"
        count = [start, since, wanted.limit, _LOOKED_AT]
        filters = [wanted.state or "", wanted.client_ref or ""]
        cursor, *ids = await self._scripts["list"](args=[keyspace.PREFIX, owner, *count, *filters])
        async with self._redis.pipeline(transaction=False) as pipe:
            for job_id in ids:
                pipe.hgetall(keyspace.JOB + job_id)
            records = await pipe.execute()
        found = zip(ids, records, strict=True)  # a record may expire in between
        jobs = tuple(serialization.read_job(job_id, fields) for job_id, fields in found if fields)
        return Page(jobs, float(cursor) if cursor else None)

    @reported
    async def cancel(self, job_id: str, owner: str | None = None) -> Job:
        await self.find(job_id, owner)
        await self._scripts["cancel"](args=[keyspace.PREFIX, job_id])
        return await self.find(job_id)

    @reported
    async def note_erased(self, job_id: str) -> None:
        await self._scripts["erase"](args=[keyspace.PREFIX, job_id])

    @reported
    async def adopt(self, job: Job, twin: Job, key_name: str = "") -> Submitted:
        fields = serialization.accepted_fields(job) | {"attempts": str(twin.attempts)}
        fields |= serialization.outcome_fields(twin.result, None, {})
        answer = await self._scripts["adopt"](
            args=[*_new(job, key_name), *serialization.flat(fields)]
        )
        return await self._submitted(job, answer)

    @reported
    async def owner_of(self, job_id: str) -> str | None:
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.hget(keyspace.JOB + job_id, "owner")
            pipe.get(keyspace.GONE + job_id)
            owner, gone = await pipe.execute()
        return owner or str(gone or "").partition(" ")[2] or None

    @reported
    async def reap(self) -> None:
        ring, *_ = await self._scripts["reap"](args=self._reap_arguments)
        if ring:
            self._bell.ring()

    @reported
    async def workers(self) -> int:
        seconds, _ = await self._redis.time()
        return int(await self._redis.zcount(keyspace.WORKERS, seconds - ALIVE_SECONDS, "+inf"))

    async def _submitted(self, job: Job, answer: Any) -> Submitted:
        known = known_id(answer, job.id)
        return Submitted(await self.find(known or job.id), replayed=known is not None)

    async def _missing(self, job_id: str, owner: str | None) -> CropShieldError:
        """The error for an id without a record."""
        expired, _, whose = str(await self._redis.get(keyspace.GONE + job_id) or "").partition(" ")
        if expired and owner in (None, whose):
            return JobGone(job_id, moment(float(expired)))
        return JobNotFound(job_id)


def _new(job: Job, key_name: str) -> list[Any]:
    """What the scripts that record a job begin with."""
    return [
        keyspace.PREFIX,
        job.id,
        job.owner,
        key_name,
        submissions.digest(job),
        job.options.ttl * 1000,
    ]
