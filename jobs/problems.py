"""Problem types (RFC 9457): what a client is told about an error, without HTTP statuses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jobs import errors
from models.catalog import UnknownModel
from pictures import errors as photo

PATH = "/problems/"


@dataclass(frozen=True)
class Problem:
    """`retryable` means that the same request may succeed later."""

    slug: str
    title: str
    meaning: str
    retryable: bool = False

    def document(self, detail: str) -> dict[str, Any]:
        """What a failed job keeps as its `error`. The HTTP status is added where it is served."""
        return {
            "type": PATH + self.slug,
            "title": self.title,
            "detail": detail,
            "retryable": self.retryable,
        }


JOB_PROBLEMS: dict[type[Exception], Problem] = {
    photo.PhotoTooLarge: Problem(
        "photo-too-large", "Photo too large", "The photo has more bytes than allowed."
    ),
    photo.TooManyPixels: Problem(
        "too-many-pixels", "Too many pixels", "By its header the photo is too large to decode."
    ),
    photo.TooComplex: Problem(
        "photo-too-complex",
        "Photo too complex",
        "The photo would cost more to decode than one of a camera does. Save it anew as a JPEG.",
    ),
    photo.UnsupportedFormat: Problem(
        "unsupported-format",
        "Unsupported format",
        "The content, whatever its name, is no image of a format or kind that is allowed.",
    ),
    photo.UndecodablePhoto: Problem(
        "undecodable-photo",
        "Undecodable photo",
        "The photo is empty, truncated or damaged. Send the whole file again.",
    ),
    UnknownModel: Problem(
        "unknown-model", "Unknown model", "`/v1/models` lists the models that are served."
    ),
    errors.UnknownClass: Problem(
        "unknown-class", "Unknown class", "The model's card lists its classes."
    ),
    errors.JobNotFound: Problem(
        "job-not-found", "Job not found", "The id never existed or is not yours."
    ),
    errors.JobGone: Problem(
        "job-gone", "Job gone", "The job has expired, and its result is erased."
    ),
    errors.IdTaken: Problem("id-taken", "Id taken", "Choose another id for the job, at random."),
    errors.KeyReused: Problem(
        "key-reused",
        "Key used before",
        "The `Idempotency-Key`, or the job's id, was used with another photo or other options.",
    ),
    errors.BeingReceived: Problem(
        "being-received",
        "Being received",
        "Another request with the same key or id is under way; try again for its job.",
        retryable=True,
    ),
    errors.JobNotReady: Problem(
        "job-not-ready",
        "Job not ready",
        "The job has no picture yet: wait for `succeeded`, as `Retry-After` says.",
        retryable=True,
    ),
    errors.BatchNotFound: Problem(
        "batch-not-found", "Batch not found", "The id never existed or is not yours."
    ),
    errors.BatchGone: Problem("batch-gone", "Batch gone", "All jobs of the batch have expired."),
    errors.BatchTooLarge: Problem(
        "batch-too-large", "Batch too large", "Its photos together have too many bytes."
    ),
    errors.NoPicture: Problem(
        "no-picture", "No such picture", "This class was not explained in this job."
    ),
    errors.NothingToJudge: Problem(
        "nothing-to-judge", "Nothing to judge", "The job ended without a prediction."
    ),
    errors.PicturesErased: Problem(
        "pictures-erased", "Pictures erased", "You have had them erased."
    ),
    errors.WorkerLost: Problem(
        "worker-lost",
        "Worker lost",
        "Several workers died while they ran this job. Another photo may well succeed.",
    ),
    errors.ExplainFailed: Problem(
        "explain-failed", "Explanation failed", "The model failed on this photo."
    ),
    errors.BadCallback: Problem(
        "bad-callback", "Bad callback URL", "It must be `https` to a public address."
    ),
    errors.RateExceeded: Problem(
        "rate-exceeded",
        "Too many requests",
        "The key's requests of this minute are used up. `Retry-After` says when to go on.",
        retryable=True,
    ),
    errors.QuotaUsedUp: Problem(
        "quota-used-up",
        "Quota used up",
        "The key's jobs of this day are used up. `Retry-After` says when the next day begins.",
        retryable=True,
    ),
    errors.QueueFull: Problem(
        "queue-full", "Queue full", "Too many jobs wait. Try again later.", retryable=True
    ),
    errors.StoreFull: Problem(
        "store-full",
        "Job store full",
        "Redis is short of memory. What was accepted goes on; try again later.",
        retryable=True,
    ),
    errors.StoreDown: Problem(
        "store-down", "Job store down", "Redis does not answer. Try again.", retryable=True
    ),
    errors.NotReplicated: Problem(
        "not-replicated",
        "Not replicated",
        "Too few replicas of Redis have it, so it could be lost with the primary. Send it again.",
        retryable=True,
    ),
    errors.BlobsFailed: Problem(
        "storage-failed",
        "Photo storage failed",
        "Photos cannot be stored or read now. Try again.",
        retryable=True,
    ),
}

INTERNAL = Problem(
    "internal", "Internal error", "A defect in the server. The log tells more.", retryable=True
)


def find_problem(problems: Mapping[type[Exception], Problem], error: Exception) -> Problem:
    """The problem type of an error's class or nearest base; `internal` for an unexpected error."""
    known = (problems[kind] for kind in type(error).__mro__ if kind in problems)
    return next(known, INTERNAL)


def job_problem_of(error: Exception) -> Problem:
    """The problem type of an error that a job may end with."""
    return find_problem(JOB_PROBLEMS, error)
