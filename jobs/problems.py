"""Problem types: one table from errors to what a client is told (RFC 9457)."""

from dataclasses import dataclass
from typing import Any

from jobs import errors
from models.catalog import UnknownModel
from pictures import errors as photo

PATH = "/problems/"


@dataclass(frozen=True)
class Problem:
    """`status` is the HTTP status; `retryable` means the same request may succeed later."""

    slug: str
    status: int
    title: str
    meaning: str
    retryable: bool = False

    def document(self, detail: str) -> dict[str, Any]:
        """The members that an HTTP answer and a failed job's `error` share."""
        return {
            "type": PATH + self.slug,
            "title": self.title,
            "status": self.status,
            "detail": detail,
            "retryable": self.retryable,
        }


PROBLEMS: dict[type[Exception], Problem] = {
    photo.PhotoTooLarge: Problem(
        "photo-too-large", 413, "Photo too large", "The photo has more bytes than allowed."
    ),
    photo.TooManyPixels: Problem(
        "too-many-pixels", 413, "Too many pixels", "By its header the photo is too large to decode."
    ),
    photo.UnsupportedFormat: Problem(
        "unsupported-format",
        415,
        "Unsupported format",
        "The content, whatever its name, is no image of an allowed format.",
    ),
    photo.UndecodablePhoto: Problem(
        "undecodable-photo",
        422,
        "Undecodable photo",
        "The photo is empty, truncated or damaged. Send the whole file again.",
    ),
    UnknownModel: Problem(
        "unknown-model", 422, "Unknown model", "`/v1/models` lists the models that are served."
    ),
    errors.UnknownClass: Problem(
        "unknown-class", 422, "Unknown class", "The model's card lists its classes."
    ),
    errors.JobNotFound: Problem(
        "job-not-found", 404, "Job not found", "The id never existed or is not yours."
    ),
    errors.JobGone: Problem(
        "job-gone", 410, "Job gone", "The job has expired, and its result is erased."
    ),
    errors.JobNotReady: Problem(
        "job-not-ready",
        409,
        "Job not ready",
        "The job has no picture yet: wait for `succeeded`, as `Retry-After` says.",
        retryable=True,
    ),
    errors.NoPicture: Problem(
        "no-picture", 404, "No such picture", "This class was not explained in this job."
    ),
    errors.WorkerLost: Problem(
        "worker-lost",
        500,
        "Worker lost",
        "Several workers died while they ran this job. Another photo may well succeed.",
    ),
    errors.ExplainFailed: Problem(
        "explain-failed", 500, "Explanation failed", "The model failed on this photo."
    ),
    errors.QueueFull: Problem(
        "queue-full", 503, "Queue full", "Too many jobs wait. Try again later.", retryable=True
    ),
    errors.StoreDown: Problem(
        "store-down", 503, "Job store down", "Redis does not answer. Try again.", retryable=True
    ),
    errors.BlobsFailed: Problem(
        "storage-failed",
        503,
        "Photo storage failed",
        "Photos cannot be stored or read now. Try again.",
        retryable=True,
    ),
}

INTERNAL = Problem(
    "internal", 500, "Internal error", "A defect in the server. The log tells more.", retryable=True
)
INVALID = Problem("invalid-request", 422, "Invalid request", "`errors` names each wrong value.")
NOT_FOUND = Problem("not-found", 404, "No such route", "The path is not part of the API.")
WRONG_METHOD = Problem(
    "method-not-allowed", 405, "Method not allowed", "`Allow` lists the methods of this path."
)
BAD_REQUEST = Problem("bad-request", 400, "Bad request", "The request cannot be read as HTTP.")
STATUSES = {404: NOT_FOUND, 405: WRONG_METHOD, 422: INVALID, 500: INTERNAL}


def problem_of(error: Exception) -> Problem:
    """The problem type of an error; `internal` for what nobody expected."""
    for kind in type(error).__mro__:
        if kind in PROBLEMS:
            return PROBLEMS[kind]
    return INTERNAL


def all_problems() -> list[Problem]:
    """Every problem type, for the docs."""
    return [*PROBLEMS.values(), INVALID, NOT_FOUND, WRONG_METHOD, BAD_REQUEST, INTERNAL]
