"""Submissions of photos, and how a repeated one is recognised."""

import hashlib
from dataclasses import dataclass, field

from jobs.records.job import LOCAL, Job, new_id


@dataclass(frozen=True)
class Submission:
    """One request that submits a photo.

    A repeated submission is recognised by the `job_id` that the client chose, or by its
    Idempotency-Key; the id wins over the key. With neither, every request makes a new job. `reuse`
    allows the finished result of an identical job. `request_id` is kept with the job. `token` tells
    this request from its repeats. `quota`: how many jobs a day the owner may make, 0 for any
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
        """The name of the key in the store, which is scoped to its owner; empty without a key."""
        if self.key is None or self.job_id is not None:
            return ""
        return hashlib.sha256(f"{self.owner}\n{self.key}".encode()).hexdigest()

    @property
    def slot(self) -> str:
        """What only one request at a time may reserve; empty where a repeat is not recognised."""
        return self.job_id or self.key_name

    @property
    def hold_token(self) -> str:
        """The token under which quota is held; the same when the batch is sent again."""
        return self.slot or self.token


@dataclass(frozen=True)
class Submitted:
    """The job. `replayed`: an earlier request had already made it. `from_cache`: it is another job
    of the same owner, photo, model and options, which has succeeded; nothing was queued."""

    job: Job
    replayed: bool = False
    from_cache: bool = False


NOT_IN_RESULT = frozenset(
    {"model", "class_name", "client_ref", "priority", "deadline", "ttl", "callback_url"}
)
"""Options that change no result. The model is in the fingerprint by its weights, the class by its
index. Every other option, those to come included, tells results apart."""


def result_fingerprint(job: Job) -> str:
    """Equal for jobs of one owner whose results would be the same: photo, model, options."""
    parts = [job.owner, job.image.sha256, job.model.model_dump_json()]
    parts.append(job.options.model_dump_json(exclude=set(NOT_IN_RESULT)))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def submission_digest(job: Job) -> str:
    """Equal for the same photo with the same options, however the defaults were spelled."""
    options = job.options.model_dump_json(exclude_defaults=True)
    return hashlib.sha256(f"{job.image.sha256}\n{options}".encode()).hexdigest()
