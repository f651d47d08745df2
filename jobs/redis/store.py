"""The JobStore in Redis: what the API needs. It never blocks the event loop."""

from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis

from jobs.errors import CropShieldError, JobGone, JobNotFound, QuotaUsedUp
from jobs.ports import Notifier
from jobs.records import submissions
from jobs.records.job import LOCAL, Job, utc_from_ms
from jobs.records.listing import JobQuery, Page
from jobs.records.submissions import Submission, Submitted
from jobs.redis import keyspace, serialization
from jobs.redis.admission import AdmissionControl
from jobs.redis.connections import raises_store_down
from jobs.redis.queue import reap_arguments
from jobs.redis.replication import Replication
from jobs.redis.replies import accepted_job, known_id, queue_position
from jobs.redis.scripts import load_script

ALIVE_SECONDS = 10
RESERVATION_SECONDS = 30  # how long a dead API process blocks the key of a photo that it received
_LOOKED_AT = 1_000  # jobs examined for one page


class RedisJobStore:
    """See `jobs.ports.JobStore`; for `bound`, `jobs.redis.admission.AdmissionControl`."""

    def __init__(
        self,
        redis: "Redis",
        notifier: Notifier,
        bound: int,
        max_attempts: int,
        replication: Replication | None = None,
    ) -> None:
        self._redis, self._notifier = redis, notifier
        self._admission = AdmissionControl(redis, bound)
        self._replication = replication or Replication(redis)
        names = (
            "reserve",
            "release_reservation",
            "hold_quota",
            "enqueue",
            "complete_from_cache",
            "list_jobs",
            "read_jobs",
            "cancel",
            "mark_erased",
            "reap",
        )
        self._scripts = {name: redis.register_script(load_script(name)) for name in names}
        self._reap_arguments = reap_arguments(max_attempts)

    @raises_store_down
    async def check_admission(self, owner: str = LOCAL) -> None:
        await self._admission.check(owner)
        await self._replication.check()

    @raises_store_down
    async def reserve(self, submission: Submission, digest: str = "") -> Job | None:
        job_id, slot = submission.job_id or "", submission.slot
        args = [keyspace.PREFIX, job_id, submission.owner, submission.key_name, digest]
        args += [slot, submission.token, str(RESERVATION_SECONDS * 1000)]
        reply = await self._scripts["reserve"](args=args)
        known = known_id(reply, job_id)
        return await self.find(known) if known else None

    @raises_store_down
    async def release_reservation(self, submission: Submission) -> None:
        await self._scripts["release_reservation"](
            args=[keyspace.PREFIX, submission.slot, submission.token]
        )

    @raises_store_down
    async def hold_quota(self, submission: Submission, jobs: int) -> None:
        quota, token = submission.quota, submission.hold_token
        args: list[str | int] = [keyspace.PREFIX, submission.owner, quota, jobs, token]
        _refuse_quota(submission.quota, await self._scripts["hold_quota"](args=args))

    @raises_store_down
    async def release_quota(self, submission: Submission) -> None:
        await self._redis.hdel(keyspace.HELD + submission.owner, submission.hold_token)

    @raises_store_down
    async def enqueue(
        self, job: Job, key_name: str = "", *, reuse: bool = False, quota: int = 0, hold: str = ""
    ) -> Submitted:
        options = job.options
        deadline = "" if options.deadline is None else int(options.deadline * 1000)
        cached = submissions.result_fingerprint(job) if reuse else ""
        where = keyspace.queue_key(options.priority), deadline, cached
        fields = serialization.flat(serialization.accepted_fields(job))
        admission = self._admission.arguments(job.owner)
        args = [*_new(job, key_name), *admission, *where, quota, hold, *fields]
        what, *more = reply = await self._scripts["enqueue"](args=args)
        self._admission.refuse(reply)
        _refuse_quota(quota, reply)
        if what == "cached":
            return Submitted(
                serialization.read_job(more[0], serialization.paired(more[1])), from_cache=True
            )
        if what != "new":
            return await self._submitted(job, reply)
        room, notify, *since = more
        self._admission.note_room(job.owner, room)
        if notify:
            self._notifier.notify()
        return Submitted(accepted_job(job, *since))

    async def confirm(self, job_id: str) -> None:
        await self._replication.confirm(keyspace.JOB + job_id)

    @raises_store_down
    async def find(self, job_id: str, owner: str | None = None) -> Job:
        (job,) = await self._read([job_id])
        if job is None:
            raise await self._missing(job_id, owner)
        if owner not in (None, job.owner):
            raise JobNotFound(job_id)
        return job

    @raises_store_down
    async def find_each(self, job_ids: Sequence[str]) -> dict[str, Job]:
        jobs = await self._read(job_ids)
        return {job.id: job for job in jobs if job}

    async def _read(self, job_ids: Sequence[str]) -> list[Job | None]:
        """The jobs with their positions in the queue; None for an id without a record."""
        interval, *found = await self._scripts["read_jobs"](args=[keyspace.PREFIX, *job_ids])
        records = zip(job_ids, found[::2], found[1::2], strict=True)
        return [_placed(*record, interval) for record in records]

    @raises_store_down
    async def list_jobs(self, owner: str, query: JobQuery) -> Page:
        start = "+inf" if query.cursor is None else f"({query.cursor!r}"
        since = query.since.timestamp() * 1000 if query.since else "-inf"
        count = [start, since, query.limit, _LOOKED_AT]
        filters = [query.state or "", query.client_ref or ""]
        cursor, *ids = await self._scripts["list_jobs"](
            args=[keyspace.PREFIX, owner, *count, *filters]
        )
        async with self._redis.pipeline(transaction=False) as pipe:
            for job_id in ids:
                pipe.hgetall(keyspace.JOB + job_id)
            records = await pipe.execute()
        found = zip(ids, records, strict=True)  # a record may have expired in between
        jobs = tuple(serialization.read_job(job_id, fields) for job_id, fields in found if fields)
        return Page(jobs, float(cursor) if cursor else None)

    @raises_store_down
    async def cancel(self, job_id: str, owner: str | None = None) -> Job:
        await self.find(job_id, owner)
        await self._scripts["cancel"](args=[keyspace.PREFIX, job_id])
        return await self.find(job_id)

    @raises_store_down
    async def mark_erased(self, job_id: str) -> None:
        await self._scripts["mark_erased"](args=[keyspace.PREFIX, job_id])

    @raises_store_down
    async def complete_from_cache(self, job: Job, cached: Job, key_name: str = "") -> Submitted:
        fields = serialization.accepted_fields(job) | {"attempts": str(cached.attempts)}
        fields |= serialization.outcome_fields(cached.result, None, {})
        reply = await self._scripts["complete_from_cache"](
            args=[*_new(job, key_name), *serialization.flat(fields)]
        )
        return await self._submitted(job, reply)

    @raises_store_down
    async def owner_of(self, job_id: str) -> str | None:
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.hget(keyspace.JOB + job_id, "owner")
            pipe.get(keyspace.GONE + job_id)
            owner, gone = await pipe.execute()
        return owner or str(gone or "").partition(" ")[2] or None

    @raises_store_down
    async def reap(self) -> None:
        notify, *_ = await self._scripts["reap"](args=self._reap_arguments)
        if notify:
            self._notifier.notify()

    @raises_store_down
    async def workers(self) -> int:
        seconds, _ = await self._redis.time()
        return int(await self._redis.zcount(keyspace.WORKERS, seconds - ALIVE_SECONDS, "+inf"))

    async def _submitted(self, job: Job, reply: Any) -> Submitted:
        known = known_id(reply, job.id)
        return Submitted(await self.find(known or job.id), replayed=known is not None)

    async def _missing(self, job_id: str, owner: str | None) -> CropShieldError:
        """The error for an id without a record."""
        expired, _, whose = str(await self._redis.get(keyspace.GONE + job_id) or "").partition(" ")
        if expired and owner in (None, whose):
            return JobGone(job_id, utc_from_ms(float(expired)))
        return JobNotFound(job_id)


def _placed(
    job_id: str, fields: Sequence[str], before: int | None, interval: str | None
) -> Job | None:
    """The job of a record, if there is one; `before`: how many are served first while it waits."""
    if not fields:
        return None
    job = serialization.read_job(job_id, serialization.paired(fields))
    if before is None:
        return job
    return job.model_copy(update={"queue": queue_position(before, interval)})


def _refuse_quota(quota: int, reply: list[Any]) -> None:
    """Raises QuotaUsedUp where a script says so."""
    if reply[0] == "quota":
        raise QuotaUsedUp(quota, int(reply[1]) / 1000)


def _new(job: Job, key_name: str) -> list[Any]:
    """The arguments that every script which records a job begins with."""
    return [
        keyspace.PREFIX,
        job.id,
        job.owner,
        key_name,
        submissions.submission_digest(job),
        job.options.ttl * 1000,
    ]
