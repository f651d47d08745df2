"""Replies of the queue's scripts, as jobs and errors."""

from typing import Any

from jobs.errors import BeingReceived, IdTaken, JobGone, KeyReused
from jobs.records.job import Job, QueuePosition, utc_from_ms


def accepted_job(job: Job, now: str, position: int, interval: str | None) -> Job:
    """The job, as the enqueue script has just recorded it."""
    created = float(now)
    expires = utc_from_ms(created + job.options.ttl * 1000)
    where = queue_position(position, interval)
    return job.model_copy(
        update={"created_at": utc_from_ms(created), "expires_at": expires, "queue": where}
    )


def queue_position(before: int, interval: str | None) -> QueuePosition:
    """Where a job waits, by how many are served before it and the milliseconds a job takes."""
    pace = float(interval or 0) / 1000
    eta = round((before + 1) * pace, 2) if pace else None
    return QueuePosition(position=before, eta_seconds=eta)


def known_id(reply: Any, job_id: str) -> str | None:
    """The id of the job that a script already knew. Raises as `JobStore.reserve`."""
    what, *more = reply
    if what == "gone":
        raise JobGone(job_id, utc_from_ms(float(more[0])))
    refused = {"taken": IdTaken(job_id), "differs": KeyReused(), "busy": BeingReceived()}
    if what in refused:
        raise refused[what]
    return str(more[0]) if what == "known" else None
