"""What the rest needs of the stores, as small protocols."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from jobs.records.job import LOCAL, Job, State
from jobs.records.listing import JobQuery, Page
from jobs.records.submissions import Submission, Submitted


@dataclass(frozen=True)
class Claim:
    """A job held under a lease; `attempt` is the fence that a late worker fails at."""

    job: Job

    @property
    def attempt(self) -> int:
        return self.job.attempts

    @property
    def is_suspect(self) -> bool:
        """A worker was lost over it, or its memory ran out: the next one has nothing else in
        hand."""
        return self.attempt > 1


@dataclass(frozen=True)
class Standing:
    """How a job stands: which attempt its state is of, and whether its pictures are erased."""

    state: State
    attempt: int
    erased: bool

    def is_of(self, claim: Claim, state: State) -> bool:
        """Whether this very claim has the job in this state."""
        return (self.state, self.attempt) == (state, claim.attempt)


@dataclass(frozen=True)
class Outcome:
    """How a job ended. `result` and `error` are JSON objects."""

    state: State
    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    timings_ms: dict[str, float] | None = None


class Notifier(Protocol):
    """Tells workers that there is work; a notification may be lost."""

    def notify(self) -> None:
        """Never waits and never fails."""


class JobStore(Protocol):
    """The side that accepts jobs and tells of them. Every call raises StoreDown."""

    async def check_admission(self, owner: str = LOCAL) -> None:
        """Raises QueueFull or StoreFull when nothing more can be accepted of this owner."""

    async def reserve(self, submission: Submission, digest: str = "") -> Job | None:
        """Hold a client's id or key for this request alone, for half a minute from now; the job
        when an earlier request made it. Without a digest its content is not compared yet.

        Raises BeingReceived, KeyReused, IdTaken, JobGone.
        """

    async def release_reservation(self, submission: Submission) -> None:
        """Hold it no longer."""

    async def hold_quota(self, submission: Submission, jobs: int) -> None:
        """Keep so many of the owner's jobs of today for a batch, under its token; half a minute
        after the last one was made they lapse. Raises QuotaUsedUp when there are fewer."""

    async def release_quota(self, submission: Submission) -> None:
        """Keep those that were not made no longer."""

    async def enqueue(
        self, job: Job, key_name: str = "", *, reuse: bool = False, quota: int = 0, hold: str = ""
    ) -> Submitted:
        """Record and queue the job at once, under its key; or the job that was already there; or,
        with `reuse`, an identical one that has succeeded. Neither of these counts against the
        `quota` of jobs a day; see `Submission`.

        Raises QueueFull, QuotaUsedUp, KeyReused, IdTaken, JobGone.
        """

    async def find(self, job_id: str, owner: str | None = None) -> Job:
        """Raises JobNotFound, also for another owner's, or JobGone for an expired one."""

    async def find_each(self, job_ids: Sequence[str]) -> dict[str, Job]:
        """Those of the jobs that have a record, whoever owns them, in one round trip."""

    async def owner_of(self, job_id: str) -> str | None:
        """Whose job it is or was; None for an unknown one."""

    async def list_jobs(self, owner: str, query: JobQuery) -> Page:
        """The owner's jobs, newest first."""

    async def cancel(self, job_id: str, owner: str | None = None) -> Job:
        """Cancel a queued job at once and a running one when its worker next looks.

        Raises as `find`.
        """

    async def mark_erased(self, job_id: str) -> None:
        """Have the record of a job that has ended say that its pictures are erased."""

    async def complete_from_cache(self, job: Job, cached: Job, key_name: str = "") -> Submitted:
        """Record `job` as succeeded with the result of `cached`; else as `enqueue`."""

    async def reap(self) -> None:
        """Return jobs whose worker is lost, and notify workers while work waits."""

    async def workers(self) -> int:
        """How many workers gave a sign of life in the last seconds."""


class WorkQueue(Protocol):
    """The side that takes jobs and ends them."""

    def claim(self, most: int, *, busy: bool = False) -> list[Claim]:
        """Up to `most` jobs, interactive first; one that a worker was lost over, or out of
        memory, comes alone, when its turn has come.

        `busy`: while the worker has other jobs in hand. There are none for it when the next one
        must be alone.
        """

    def standing(self, job_id: str) -> Standing | None:
        """How a job stands now; None once its record has expired."""

    def finish(self, claim: Claim, outcome: Outcome) -> State | None:
        """How the job ended: as `outcome` says, or canceled when the client did so meanwhile.

        None when the lease was lost; the outcome is then dropped.
        """

    def postpone(self, claim: Claim, in_all: float) -> bool:
        """Have a job wait for what is away and then be claimed again, without counting this
        attempt; or canceled, when the client wished so meanwhile.

        False when the lease was lost, or the job has waited for `in_all` seconds: then it is to
        end.
        """

    def retry(self, claim: Claim) -> bool:
        """Have a job that the worker could not go on with run once more, alone, in its owner's
        turn; or canceled, when the client wished so meanwhile.

        False when the lease was lost, or the job is out of attempts: then it is to end.
        """

    def release(self, claims: Sequence[Claim]) -> None:
        """Give jobs back unstarted."""

    def renew(self, claims: Sequence[Claim]) -> int:
        """Prolong leases; how many are still held."""

    def count_waiting(self) -> int:
        """How many jobs wait."""

    def reap(self) -> None:
        """As `JobStore.reap`."""

    def heartbeat(self, worker: str) -> None:
        """A sign of life."""

    def deregister(self, worker: str) -> None:
        """Take the sign of life back."""


class BlobStore(Protocol):
    """Photos and results by job and name, for use from several threads.

    Every call raises BlobsFailed.
    """

    def put(self, job_id: str, name: str, data: bytes) -> None:
        """Whole or not at all, and safe from a loss of power when it returns."""

    def put_all(self, job_id: str, blobs: Mapping[str, bytes]) -> None:
        """As `put` for each, in less time."""

    def get(self, job_id: str, name: str) -> bytes:
        """Raises BlobMissing."""

    def has(self, job_id: str, name: str) -> bool:
        """Whether `get` would find it."""

    def delete(self, job_id: str, name: str) -> None:
        """Missing is fine."""

    def delete_each(self, job_ids: Sequence[str], name: str) -> None:
        """The blob of that name of each of these jobs."""

    def erase(self, job_id: str) -> None:
        """Everything of a job; nothing is fine."""

    def erase_each(self, job_ids: Sequence[str]) -> None:
        """As `erase` for each, in less time."""

    def list_jobs(self, shard: str) -> list[str]:
        """The jobs that have blobs and whose ids begin with this character, in any order."""

    def remove_partial_writes(self) -> int:
        """Remove what interrupted writes left; how many there were."""

    def check(self) -> None:
        """Raises BlobsFailed when nothing could be stored now."""
