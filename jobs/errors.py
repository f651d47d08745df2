"""What can go wrong with jobs. Photos have a tree of their own: `pictures.errors`.

CropShieldError
├── JobNotFound         never existed, or not yours
├── JobGone             existed, and its time to live is over
├── IdTaken             the id that the client chose is not to be had
├── KeyReused           another photo or other options under a known key or id
├── BeingReceived       another request with this key or id is still under way
├── JobNotReady         asked for a picture of a job that is not done
│   └── BatchNotReady   asked for the sheet of a batch whose jobs are not all done
├── BatchNotFound       never existed, or not yours
├── BatchGone           existed, and all its jobs have expired
├── BatchTooLarge       more bytes than a batch may have
├── NoPicture           the job is done but has no such picture
├── NothingToJudge      feedback on a job that ended without a result
├── PicturesErased      they were, at the client's wish
├── UnknownClass        the model has no such class
│   ├── ClassesDiffer   two were asked for, by name and by index
│   ├── ClassesChanged  it had it when the job was accepted
│   └── ClassesGone     it is served no more, so its classes are not known
├── WrongTransition     a state change that the table does not allow
├── WorkerLost          as many workers died over a job as is allowed
├── ExplainFailed       the model failed on this photo
├── BadCallback         a callback_url that would never be called
├── TooManySecrets      as many sign webhooks as may
├── NoSuchSecret        none, or more than one, begins like this
├── TooSoon             this key has to wait
│   ├── RateExceeded    its requests of this minute are used up
│   └── QuotaUsedUp     its jobs of this day are used up
└── Unavailable         nothing can be accepted now; try again
    ├── QueueFull       the bound of the queue is reached
    │   └── ShareUsedUp one key's share of it is
    ├── StoreFull       Redis is short of memory
    ├── StoreDown       Redis does not answer
    │   ├── NewerRecord     a newer version has recorded a job that this one cannot read
    │   └── Incompatible    this version cannot work with this Redis
    │       ├── RedisCluster    it is a cluster instead of one primary
    │       └── NewerState      its state is of a newer version
    ├── NotReplicated   too few of its replicas have what was written
    └── BlobsFailed     photos cannot be stored or read
        └── BlobMissing this one is not there
"""

from datetime import datetime

from jobs.masking import masked


class CropShieldError(Exception):
    """Base of all errors about jobs that CropShield raises on purpose."""

    def __str__(self) -> str:
        return masked(super().__str__())


class JobNotFound(CropShieldError):
    def __init__(self, job_id: str) -> None:
        super().__init__(f"there is no job {job_id!r}")


class JobGone(CropShieldError):
    def __init__(self, job_id: str, when: datetime) -> None:
        super().__init__(f"job {job_id} expired at {when.isoformat()}; its result is erased")


class IdTaken(CropShieldError):
    def __init__(self, job_id: str) -> None:
        super().__init__(f"the id {job_id} is taken; choose another one at random (UUID version 4)")


class KeyReused(CropShieldError):
    def __init__(self) -> None:
        super().__init__("the key or id was used before, with another photo or other options")


class BeingReceived(CropShieldError):
    def __init__(self) -> None:
        super().__init__("another request with the same key or id is still being received")


class JobNotReady(CropShieldError):
    def __init__(self, job_id: str, state: str) -> None:
        super().__init__(f"job {job_id} is {state}; its pictures exist once it has succeeded")


class BatchNotReady(JobNotReady):
    def __init__(self, batch_id: str, left: int) -> None:
        Exception.__init__(self, f"{left} jobs of batch {batch_id} have not ended yet")


class BatchNotFound(CropShieldError):
    def __init__(self, batch_id: str) -> None:
        super().__init__(f"there is no batch {batch_id!r}")


class BatchGone(CropShieldError):
    def __init__(self, batch_id: str, when: datetime) -> None:
        super().__init__(f"batch {batch_id} expired at {when.isoformat()}; its jobs are erased")


class BatchTooLarge(CropShieldError):
    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"the batch is {size:,} bytes; the limit is {limit:,}")


class NoPicture(CropShieldError):
    pass


class PicturesErased(CropShieldError):
    def __init__(self, job_id: str) -> None:
        super().__init__(f"the pictures of job {job_id} were erased by a DELETE")


class NothingToJudge(CropShieldError):
    def __init__(self, job_id: str, state: str) -> None:
        super().__init__(f"job {job_id} ended as {state}; there is no prediction to judge")


class UnknownClass(CropShieldError):
    def __init__(self, given: object, model: str, count: int) -> None:
        super().__init__(f"model {model} has no class {given!r}; it has {count}, see /v1/models")


class ClassesDiffer(UnknownClass):
    def __init__(self, name: str, index: int, given: int) -> None:
        message = f"class_name {name!r} is class {index}, but class_index is {given}; give one"
        CropShieldError.__init__(self, message)


class ClassesChanged(UnknownClass):
    def __init__(self, name: str, index: int, model: str) -> None:
        message = f"class {index} of model {model} is {name!r} no longer; submit the photo again"
        CropShieldError.__init__(self, message)


class ClassesGone(UnknownClass):
    def __init__(self, given: object, model: str, version: str) -> None:
        message = (
            f"what class {given!r} is cannot be told: {model} {version}, with which the job was "
            "run, is served no more; give the class_name of a class that is known"
        )
        CropShieldError.__init__(self, message)


class WrongTransition(CropShieldError):
    def __init__(self, old: str, new: str) -> None:
        super().__init__(f"a job cannot go from {old} to {new}")


class WorkerLost(CropShieldError):
    def __init__(self, attempts: int) -> None:
        super().__init__(f"{attempts} workers were lost while they ran this job; it is given up")


class ExplainFailed(CropShieldError):
    pass


class BadCallback(CropShieldError):
    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"callback_url {url!r:.200}: {reason}")


class TooManySecrets(CropShieldError):
    def __init__(self, most: int) -> None:
        super().__init__(f"{most} secrets sign already, which is the most; revoke one first")


class NoSuchSecret(CropShieldError):
    def __init__(self, beginning: str, count: int) -> None:
        super().__init__(f"{count} secrets begin with {beginning!r}; it must be one")


class TooSoon(CropShieldError):
    """`retry_after` in seconds."""

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RateExceeded(TooSoon):
    def __init__(self, rate: int, retry_after: float) -> None:
        super().__init__(f"this key may send {rate:,} requests a minute", retry_after)


class QuotaUsedUp(TooSoon):
    def __init__(self, quota: int, retry_after: float) -> None:
        super().__init__(f"this key may make {quota:,} jobs a day (UTC)", retry_after)


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


class ShareUsedUp(QueueFull):
    def __init__(self, own: int, waiting: int, bound: int, seconds_a_job: float = 0.1) -> None:
        super().__init__(waiting, bound, seconds_a_job)
        room = bound - waiting
        message = f"{own:,} jobs of this key are waiting; the limit is {room:,}, the room left"
        self.args = (message,)


class StoreFull(Unavailable):
    def __init__(self, used: int, limit: int, mark: float) -> None:
        message = f"Redis uses {used:,} bytes; the limit is {mark:.0%} of its {limit:,}"
        super().__init__(message, 10.0)


class StoreDown(Unavailable):
    def __init__(self, reason: object) -> None:
        super().__init__(f"the job store cannot be used: {reason}")


class NewerRecord(StoreDown):
    def __init__(self, job_id: str, reason: object) -> None:
        super().__init__(
            f"this process cannot read job {job_id}, which a newer CropShield may have recorded "
            f"({reason})"
        )


class Incompatible(StoreDown):
    pass


class RedisCluster(Incompatible):
    def __init__(self) -> None:
        super().__init__(
            "this Redis is a cluster, which keeps a job, its queue and its owner on different "
            "servers, and one script changes all of them: give one primary, maybe with replicas"
        )


class NewerState(Incompatible):
    """`found` and `known` are schema versions."""

    def __init__(self, found: int, known: int) -> None:
        super().__init__(
            f"its state has schema {found}, of a newer CropShield, and this one knows {known}: "
            "upgrade it, or restore a backup"
        )


class NotReplicated(Unavailable):
    """What was asked for may have been done all the same; sent again, it is not done twice where
    the request has an id or a key."""

    def __init__(self, having: int, needed: int) -> None:
        super().__init__(f"{having} Redis replicas have this; {needed} must. Send it again")


class BlobsFailed(Unavailable):
    pass


class BlobMissing(BlobsFailed):
    def __init__(self, job_id: str, name: str) -> None:
        super().__init__(f"job {job_id} has no stored {name}")
