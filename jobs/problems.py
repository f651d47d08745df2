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
    errors.IdTaken: Problem(
        "id-taken", 409, "Id taken", "Choose another id for the job, at random."
    ),
    errors.KeyReused: Problem(
        "key-reused",
        422,
        "Key used before",
        "The `Idempotency-Key`, or the job's id, was used with another photo or other options.",
    ),
    errors.BeingReceived: Problem(
        "being-received",
        409,
        "Being received",
        "Another request with the same key or id is under way; try again for its job.",
        retryable=True,
    ),
    errors.JobNotReady: Problem(
        "job-not-ready",
        409,
        "Job not ready",
        "The job has no picture yet: wait for `succeeded`, as `Retry-After` says.",
        retryable=True,
    ),
    errors.BatchNotFound: Problem(
        "batch-not-found", 404, "Batch not found", "The id never existed or is not yours."
    ),
    errors.BatchGone: Problem(
        "batch-gone", 410, "Batch gone", "All jobs of the batch have expired."
    ),
    errors.BatchTooLarge: Problem(
        "batch-too-large", 413, "Batch too large", "Its photos together have too many bytes."
    ),
    errors.NoPicture: Problem(
        "no-picture", 404, "No such picture", "This class was not explained in this job."
    ),
    errors.NothingToJudge: Problem(
        "nothing-to-judge", 409, "Nothing to judge", "The job ended without a prediction."
    ),
    errors.PicturesErased: Problem(
        "pictures-erased", 410, "Pictures erased", "You have had them erased."
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
    errors.BadCallback: Problem(
        "bad-callback", 422, "Bad callback URL", "It must be `https` to a public address."
    ),
    errors.WrongHost: Problem(
        "wrong-host", 421, "Wrong host", "A server without keys is asked by its address."
    ),
    errors.WrongOrigin: Problem(
        "wrong-origin", 403, "Wrong origin", "A page of another site may not change anything here."
    ),
    errors.TooSlow: Problem(
        "too-slow",
        408,
        "Too slow",
        "The body did not come in time. Send it again, or a smaller copy.",
        retryable=True,
    ),
    errors.WrongKey: Problem(
        "wrong-key", 401, "No or wrong API key", "Send a valid key in the header `X-API-Key`."
    ),
    errors.RateExceeded: Problem(
        "rate-exceeded",
        429,
        "Too many requests",
        "The key's requests of this minute are used up. `Retry-After` says when to go on.",
        retryable=True,
    ),
    errors.QuotaUsedUp: Problem(
        "quota-used-up",
        429,
        "Quota used up",
        "The key's jobs of this day are used up. `Retry-After` says when the next day begins.",
        retryable=True,
    ),
    errors.QueueFull: Problem(
        "queue-full", 503, "Queue full", "Too many jobs wait. Try again later.", retryable=True
    ),
    errors.StoreFull: Problem(
        "store-full",
        503,
        "Job store full",
        "Redis is short of memory. What was accepted goes on; try again later.",
        retryable=True,
    ),
    errors.TooManyUploads: Problem(
        "too-many-uploads",
        503,
        "Too many uploads",
        "As many photos are on their way as may be at once. Try again.",
        retryable=True,
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
NOT_FOUND = Problem("not-found", 404, "Not found", "The path is not part of the API.")
WRONG_METHOD = Problem(
    "method-not-allowed", 405, "Method not allowed", "`Allow` lists the methods of this path."
)
NO_SUCH_RANGE = Problem(
    "range-not-satisfiable",
    416,
    "Range not satisfiable",
    "The picture is shorter than that; `Content-Range` tells its length.",
)
BAD_REQUEST = Problem("bad-request", 400, "Bad request", "The request cannot be read as HTTP.")
STATUSES = {
    404: NOT_FOUND,
    405: WRONG_METHOD,
    416: NO_SUCH_RANGE,
    422: INVALID,
    500: INTERNAL,
}


def problem_of(error: Exception) -> Problem:
    """The problem type of an error; `internal` for what nobody expected."""
    for kind in type(error).__mro__:
        if kind in PROBLEMS:
            return PROBLEMS[kind]
    return INTERNAL


def all_problems() -> list[Problem]:
    """Every problem type, for the docs."""
    return [
        *PROBLEMS.values(),
        INVALID,
        NOT_FOUND,
        WRONG_METHOD,
        NO_SUCH_RANGE,
        BAD_REQUEST,
        INTERNAL,
    ]
