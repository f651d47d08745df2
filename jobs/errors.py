"""What can go wrong with jobs. Photos have a tree of their own: `pictures.errors`.

CropShieldError
├── JobNotFound         never existed, or not yours
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


class CropShieldError(Exception):
    """Everything that CropShield raises on purpose about jobs."""


class JobNotFound(CropShieldError):
    def __init__(self, job_id: str) -> None:
        super().__init__(f"there is no job {job_id!r}")


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

    retry_after: float = 2.0


class QueueFull(Unavailable):
    retry_after = 5.0

    def __init__(self, waiting: int, bound: int) -> None:
        super().__init__(f"{waiting:,} jobs are waiting; the limit is {bound:,}")


class StoreDown(Unavailable):
    def __init__(self, reason: object) -> None:
        super().__init__(f"the job store does not answer: {reason}")


class BlobsFailed(Unavailable):
    pass


class BlobMissing(BlobsFailed):
    def __init__(self, job_id: str, name: str) -> None:
        super().__init__(f"job {job_id} has no stored {name}")
