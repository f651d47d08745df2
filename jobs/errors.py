"""What can go wrong with jobs. Photos have a tree of their own: `pictures.errors`.

CropShieldError
├── JobNotFound         never existed, or not yours
├── JobGone             existed, and its time to live is over
├── JobNotReady         asked for a picture of a job that is not done
├── NoPicture           the job is done but has no such picture
├── UnknownClass        the model has no such class
├── WrongTransition     a state change that the table does not allow
├── WorkerLost          as many workers died over a job as is allowed
├── ExplainFailed       the model failed on this photo
└── Unavailable         nothing can be accepted now; try again
    ├── QueueFull       the bound of the queue is reached
    ├── StoreDown       Redis does not answer
    └── BlobsFailed     photos cannot be stored or read
        └── BlobMissing this one is not there
"""

from datetime import datetime


class CropShieldError(Exception):
    """Everything that CropShield raises on purpose about jobs."""


class JobNotFound(CropShieldError):
    def __init__(self, job_id: str) -> None:
        super().__init__(f"there is no job {job_id!r}")


class JobGone(CropShieldError):
    def __init__(self, job_id: str, when: datetime) -> None:
        super().__init__(f"job {job_id} expired at {when.isoformat()}; its result is erased")


class JobNotReady(CropShieldError):
    def __init__(self, job_id: str, state: str) -> None:
        super().__init__(f"job {job_id} is {state}; its pictures exist once it has succeeded")


class NoPicture(CropShieldError):
    pass


class UnknownClass(CropShieldError):
    def __init__(self, given: object, model: str, count: int) -> None:
        super().__init__(f"model {model} has no class {given!r}; it has {count}, see /v1/models")


class WrongTransition(CropShieldError):
    def __init__(self, old: str, new: str) -> None:
        super().__init__(f"a job cannot go from {old} to {new}")


class WorkerLost(CropShieldError):
    def __init__(self, attempts: int) -> None:
        super().__init__(f"{attempts} workers were lost while they ran this job; it is given up")


class ExplainFailed(CropShieldError):
    pass


class Unavailable(CropShieldError):
    """`retry_after` in seconds."""

    def __init__(self, message: str, retry_after: float = 2.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class QueueFull(Unavailable):
    """Room for a twentieth of the bound is to be had after `retry_after`, 1 to 60 s."""

    def __init__(self, waiting: int, bound: int, seconds_a_job: float = 0.1) -> None:
        wait = max(waiting - 0.95 * bound, 1) * seconds_a_job
        message = f"{waiting:,} jobs are waiting; the limit is {bound:,}"
        super().__init__(message, min(max(wait, 1.0), 60.0))


class StoreDown(Unavailable):
    def __init__(self, reason: object) -> None:
        super().__init__(f"the job store does not answer: {reason}")


class BlobsFailed(Unavailable):
    pass


class BlobMissing(BlobsFailed):
    def __init__(self, job_id: str, name: str) -> None:
        super().__init__(f"job {job_id} has no stored {name}")
