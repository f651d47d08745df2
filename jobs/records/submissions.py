"""Handing in a photo, perhaps for the second time: how it is known again."""

import hashlib
from dataclasses import dataclass, field

from jobs.records.job import LOCAL, Job, new_id


@dataclass(frozen=True)
class Submission:
    """One request that hands in a photo.

    A photo is known again by the `job_id` that the client chose, or by its Idempotency-Key; the id
    wins over the key. With neither, every request is a job of its own. `reuse` lets the finished
    result of an identical job be taken. `request_id` is kept with the job. `token` tells this
    request from another one of the same. `quota`: how many jobs a day the owner may make, 0 for any
    number; `hold`: the token under which some of them are held for a batch.
    """

    owner: str = LOCAL
    job_id: str | None = None
    key: str | None = None
    reuse: bool = True
    request_id: str | None = None
    token: str = field(default_factory=new_id)
    quota: int = 0
    hold: str = ""

    @property
    def key_name(self) -> str:
        """What the store calls the key, which is scoped to its owner; empty without one."""
        if self.key is None or self.job_id is not None:
            return ""
        return hashlib.sha256(f"{self.owner}\n{self.key}".encode()).hexdigest()

    @property
    def slot(self) -> str:
        """What one request at a time may hold; empty where a resend is not known again."""
        return self.job_id or self.key_name

    @property
    def hold_token(self) -> str:
        """Under which jobs of the quota are held for it; the same when it is sent again."""
        return self.slot or self.token


@dataclass(frozen=True)
class Submitted:
    """The job; `replayed` when an earlier request had already made it. `from_cache`: it is another
    job of the same owner, photo, model and options, which has succeeded; nothing was queued."""

    job: Job
    replayed: bool = False
    from_cache: bool = False


NOT_IN_RESULT = frozenset(
    {"model", "class_name", "client_ref", "priority", "deadline", "ttl", "callback_url"}
)
"""Options that change no result. The model is in the fingerprint by its weights, the class by its
index. Every other option, those to come included, tells results apart."""


def result_fingerprint(job: Job) -> str:
    """Alike for jobs of one owner whose results would be the same: photo, model, options."""
    parts = [job.owner, job.image.sha256, job.model.model_dump_json()]
    parts.append(job.options.model_dump_json(exclude=set(NOT_IN_RESULT)))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def submission_digest(job: Job) -> str:
    """Alike for photos sent twice with the same options, however the defaults were spelled."""
    options = job.options.model_dump_json(exclude_defaults=True)
    return hashlib.sha256(f"{job.image.sha256}\n{options}".encode()).hexdigest()
