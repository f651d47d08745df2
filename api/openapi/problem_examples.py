"""One problem of each kind, worded by the errors themselves."""

from datetime import UTC, datetime
from typing import Any

from api.problems import errors as api_errors
from api.problems.http_problems import (
    BAD_REQUEST,
    INVALID,
    NO_SUCH_RANGE,
    NOT_FOUND,
    WRONG_METHOD,
    all_problems,
    document,
    http_problem_of,
)
from jobs import errors
from jobs.problems import INTERNAL, Problem
from jobs.records.job import State
from models.catalog import UnknownModel
from pictures import errors as photo

JOB = "7d0a5b0e-52f4-4c3b-9a57-1a1c70e3a2f1"
_PATH = "/v1/jobs"
_ERRORS: list[Exception] = [
    photo.PhotoTooLarge(23_512_345, 20_000_000),
    photo.TooManyPixels(12_000, 9_000, 64_000_000),
    photo.TooComplex("60,000 scans", 100),
    photo.UnsupportedFormat("not an image of a known format", "jpeg, png, webp"),
    photo.UndecodablePhoto("it is empty (0 bytes)"),
    UnknownModel("resnet18", ["cropshield_cnn"]),
    errors.UnknownClass("Tomato__mildew", "cropshield_cnn", 32),
    errors.JobNotFound(JOB),
    errors.JobGone(JOB, datetime(2026, 11, 20, 6, 30, tzinfo=UTC)),
    errors.JobNotReady(JOB, State.RUNNING),
    errors.PicturesErased(JOB),
    errors.NoPicture("rank 3 was not explained; there are 1, 0 the first"),
    errors.IdTaken(JOB),
    errors.KeyReused(),
    errors.BeingReceived(),
    errors.NothingToJudge(JOB, State.FAILED),
    errors.BatchNotFound(JOB),
    errors.BatchGone(JOB, datetime(2026, 11, 20, 6, 30, tzinfo=UTC)),
    errors.BatchTooLarge(312_000_000, 200_000_000),
    errors.StoreFull(1_932_735_283, 2_147_483_648, 0.9),
    errors.BadCallback("http://10.0.0.7/ended", "it is not https"),
    api_errors.TargetTooLong("bytes of path and query", 8_200, 8_192),
    api_errors.HeadersTooLarge("headers", 101, 100),
    api_errors.BodyTooLarge(70_000, 65_536),
    api_errors.UnsupportedEncoding("gzip"),
    api_errors.TooManyConnections(2000),
    api_errors.TooManyStreams(500, 1000),
    api_errors.RenderingBusy(32, 32),
    api_errors.WrongHost("leaf.example"),
    api_errors.WrongOrigin("https://other.example"),
    api_errors.TooSlow(12_345, 21.0, 8000),
    api_errors.TooManyUploads(64),
    api_errors.WrongKey("there is no API key"),
    api_errors.NoGraph("my_model", "its card names none"),
    errors.RateExceeded(60, 1.0),
    errors.QuotaUsedUp(1000, 3600.0),
    errors.WorkerLost(2),
    errors.ExplainFailed("the model failed on this photo"),
    errors.QueueFull(10_000, 10_000),
    errors.StoreDown("Connection refused"),
    errors.NotReplicated(0, 1),
    errors.BlobsFailed("photos cannot be stored now"),
]
_DETAILS = {http_problem_of(error).slug: str(error) for error in _ERRORS} | {
    INVALID.slug: "top_k: Input should be less than or equal to 5 (given: '9')",
    NOT_FOUND.slug: "GET /v1/job: Not Found",
    NO_SUCH_RANGE.slug: "GET /v1/jobs: the range bytes=40000- is not within the 31,415 bytes",
    WRONG_METHOD.slug: "PATCH /v1/jobs: Method Not Allowed",
    BAD_REQUEST.slug: "POST /v1/jobs: the form breaks off: its closing boundary did not come",
    INTERNAL.slug: "the server failed on this request; see its log",
}


def example(problem: Problem) -> dict[str, Any]:
    """An example of a response of this type."""
    members = {"instance": _PATH, "request_id": "5c3a7f0e9b5f4c1d8a2e6b7d90f1c2e3"}
    shown = document(problem, _DETAILS.get(problem.slug, problem.meaning)) | members
    if problem is INVALID:
        message = "Input should be less than or equal to 5 (given: '9')"
        shown["errors"] = [{"field": "top_k", "message": message}]
    return shown


def without_example() -> list[str]:
    """The slugs of problems without an example."""
    return [found.slug for found in all_problems() if found.slug not in _DETAILS]
