"""The protocols of stores and queue: what API and workers need of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from jobs.records.job import LOCAL, Job, State
from jobs.records.listing import JobQuery, Page
from jobs.records.submissions import Submission, Submitted


@dataclass(frozen=True)
class Claim:
    """A job under a lease. `attempt` is the fencing token: what an earlier attempt sends is
    dropped. `is_only_job`: no other job ran or waited, with any worker."""

    job: Job
    is_only_job: bool = False

    @property
    def attempt(self) -> int:
        return self.job.attempts

    @property
    def is_suspect(self) -> bool:
        """A worker was lost over this job, or ran out of memory, so it must run alone."""
        return self.attempt > 1


@dataclass(frozen=True)
class JobStatus:
    """The state of a job, the attempt that it belongs to, and whether the pictures are erased."""

    state: State
    attempt: int
    erased: bool

    def is_of(self, claim: Claim, state: State) -> bool:
        """Whether exactly this claim has the job in this state."""
        return (self.state, self.attempt) == (state, claim.attempt)


@dataclass(frozen=True)
class Outcome:
    """How a job ended. `result` and `error` are JSON objects."""

    state: State
    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    timings_ms: dict[str, float] | None = None


class Notifier(Protocol):
    """Tells workers that there is work. A notification may be lost."""

    def notify(self) -> None:
        """Never blocks and never raises."""


class JobStore(Protocol):
    """The accepting side: records jobs and finds them. Every call raises StoreDown."""

    async def check_admission(self, owner: str = LOCAL) -> None:
        """Raises QueueFull, StoreFull or NotReplicated when no more jobs of this owner can be
        accepted."""

    async def reserve(self, submission: Submission, digest: str = "") -> Job | None:
        """Reserve a client's id or key for this request, for half a minute. Returns the job that an
        earlier request made with it. Without a digest its content is not compared yet.

        Raises BeingReceived while another request holds it, KeyReused for other content, IdTaken
        for an id that the client cannot have, JobGone for an expired job.
        """

    async def release_reservation(self, submission: Submission) -> None:
        """End the reservation."""

    async def hold_quota(self, submission: Submission, jobs: int) -> None:
        """Hold so many of the owner's jobs of today for a batch, under its token. The hold lapses
        half a minute after the last job was made. Raises QuotaUsedUp when fewer are left."""

    async def release_quota(self, submission: Submission) -> None:
        """Release what was held and not used."""

    async def enqueue(
        self, job: Job, key_name: str = "", *, reuse: bool = False, quota: int = 0, hold: str = ""
    ) -> Submitted:
        """Record and queue the job in one step, under its key. Returns the job that was there
        already; or, with `reuse`, an identical one that has succeeded. Neither counts against the
        `quota` of jobs a day; see `Submission`.

        Raises QueueFull at the bound, QuotaUsedUp at the owner's quota, KeyReused for other content
        under the key, IdTaken for an id that the client cannot have, JobGone for an expired job.
        """

    async def confirm(self, job_id: str) -> None:
        """Return once the job's record, as it is now, would outlive the primary; see
        `CROPSHIELD_REDIS_REPLICAS`. Raises NotReplicated where that cannot be had now."""

    async def find(self, job_id: str, owner: str | None = None) -> Job:
        """Raises JobNotFound, also for another owner's, or JobGone for an expired one."""

    async def find_each(self, job_ids: Sequence[str]) -> dict[str, Job]:
        """The jobs that have a record, of any owner, in one round trip."""

    async def owner_of(self, job_id: str) -> str | None:
        """The owner of a job, also of one that has expired; None for an unknown id."""

    async def list_jobs(self, owner: str, query: JobQuery) -> Page:
        """The owner's jobs, newest first."""

    async def cancel(self, job_id: str, owner: str | None = None) -> Job:
        """Cancel a queued job at once, and a running one when its worker next checks.

        Raises as `find`.
        """

    async def mark_erased(self, job_id: str) -> None:
        """Note in the record of an ended job that its pictures are erased."""

    async def complete_from_cache(self, job: Job, cached: Job, key_name: str = "") -> Submitted:
        """Record `job` as succeeded with the result of `cached`; where that has gone, as
        `enqueue`."""

    async def reap(self) -> None:
        """Return jobs whose worker is lost, and notify workers while work waits."""

    async def workers(self) -> int:
        """How many workers have sent a heartbeat in the last seconds."""


class WorkQueue(Protocol):
    """The working side: claims jobs and ends them."""

    def claim(self, most: int, *, busy: bool = False) -> list[Claim]:
        """At most `most` jobs, interactive ones first. A job over which a worker was lost, or ran
        out of memory, comes alone, when its turn has come.

        `busy`: the worker has other jobs. It gets none when the next job must run alone.
        """

    def status_of(self, job_id: str) -> JobStatus | None:
        """The status of a job now; None once its record has expired."""

    def finish(self, claim: Claim, outcome: Outcome) -> State | None:
        """End the job as `outcome` says, or as canceled when the client canceled it meanwhile.
        Returns its state.

        None when the lease was lost; the outcome is then dropped.
        """

    def postpone(self, claim: Claim, in_all: float) -> bool:
        """Queue the job again, to wait for what is away, without counting this attempt; or cancel
        it, when the client asked for that meanwhile.

        False when the lease was lost, or the job has waited for `in_all` seconds: then it has to
        end.
        """

    def retry(self, claim: Claim) -> bool:
        """Queue a job that the worker could not go on with once more, to run alone, in its owner's
        turn; or cancel it, when the client asked for that meanwhile.

        False when the lease was lost, or the job is out of attempts: then it has to end.
        """

    def release(self, claims: Sequence[Claim]) -> None:
        """Queue claimed jobs again that have not started."""

    def renew(self, claims: Sequence[Claim]) -> int:
        """Extend leases. Returns how many are still held."""

    def count_waiting(self) -> int:
        """How many jobs wait."""

    def stand_by(self, worker: str, seconds: float) -> bool:
        """Wait for the next job, at most `seconds` (up to 4); only one worker is woken by it, and
        no notification is sent for it. Returns whether one came, and `claim` is to be called, until
        it claims none and stands by again; at once False while jobs wait, which are for other
        workers."""

    def hand_on(self, worker: str) -> None:
        """Stand by no more, and claim no more: a job that had woken the worker, or came while it
        worked, wakes another one that stands by, or notifies."""

    def begin_work(self, worker: str) -> None:
        """Stand by no more, and call `claim` until it claims none. While all workers do so, no
        notification is sent for a new job. Ended by `stand_by` or `hand_on`."""

    def reap(self) -> None:
        """As `JobStore.reap`. This, `renew` and `heartbeat` raise Incompatible once a newer version
        has changed the form of the state."""

    def heartbeat(self, worker: str) -> None:
        """Report that the worker is alive."""

    def deregister(self, worker: str) -> None:
        """Take the heartbeat back: the worker ends."""


class BlobStore(Protocol):
    """The files of jobs, by job and name, for use from several threads.

    Every call raises BlobsFailed.
    """

    def put(self, job_id: str, name: str, data: bytes) -> None:
        """Stored whole or not at all, and safe from a loss of power when this returns."""

    def put_all(self, job_id: str, blobs: Mapping[str, bytes]) -> None:
        """As `put` for each, in less time."""

    def get(self, job_id: str, name: str) -> bytes:
        """Raises BlobMissing for a blob that does not exist."""

    def has(self, job_id: str, name: str) -> bool:
        """Whether `get` would find it."""

    def delete(self, job_id: str, name: str) -> None:
        """A blob that is missing is no error."""

    def delete_each(self, job_ids: Sequence[str], name: str) -> None:
        """Delete the blob of that name of each of these jobs."""

    def erase(self, job_id: str) -> None:
        """Delete all blobs of a job; none is no error."""

    def erase_each(self, job_ids: Sequence[str]) -> None:
        """As `erase` for each, in less time."""

    def list_jobs(self, shard: str) -> list[str]:
        """The jobs that have blobs and whose ids begin with this character, in any order."""

    def remove_partial_writes(self) -> int:
        """Remove what interrupted writes have left. Returns how many files that were."""

    def check(self) -> None:
        """Raises BlobsFailed when nothing could be stored now."""
