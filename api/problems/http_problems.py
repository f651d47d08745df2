"""HTTP statuses of the problem types, and the types that only a request can have."""

from typing import Any

from api.problems.errors import (
    BadRequest,
    BodyTooLarge,
    HeadersTooLarge,
    NoGraph,
    RenderingBusy,
    TargetTooLong,
    TooManyConnections,
    TooManyStreams,
    TooManyUploads,
    TooSlow,
    UnsupportedEncoding,
    WrongHost,
    WrongKey,
    WrongOrigin,
)
from jobs.problems import INTERNAL, JOB_PROBLEMS, PATH, Problem, find_problem
from languages.translator import Translator

BAD_REQUEST = Problem("bad-request", "Bad request", "The request cannot be read as HTTP.")
HTTP_PROBLEMS: dict[type[Exception], Problem] = JOB_PROBLEMS | {
    BadRequest: BAD_REQUEST,
    TargetTooLong: Problem(
        "target-too-long", "Path or query too long", "The path, or its query, is too long."
    ),
    HeadersTooLarge: Problem(
        "headers-too-large",
        "Headers too large",
        "The request has too many headers, or too large ones.",
    ),
    BodyTooLarge: Problem(
        "body-too-large", "Body too large", "The body has more bytes than this path takes."
    ),
    UnsupportedEncoding: Problem(
        "unsupported-encoding",
        "Compressed body",
        "Bodies are read as they are: send no `Content-Encoding`.",
    ),
    WrongHost: Problem(
        "wrong-host", "Wrong host", "A server without keys is asked by its address."
    ),
    WrongOrigin: Problem(
        "wrong-origin", "Wrong origin", "A page of another site may not change anything here."
    ),
    TooSlow: Problem(
        "too-slow",
        "Too slow",
        "The body did not come in time. Send it again, or a smaller copy.",
        retryable=True,
    ),
    WrongKey: Problem(
        "wrong-key", "No or wrong API key", "Send a valid key in the header `X-API-Key`."
    ),
    NoGraph: Problem("no-graph", "No graph", "The model has no graph that could be run elsewhere."),
    TooManyConnections: Problem(
        "too-many-connections",
        "Too many connections",
        "As many connections are open as may be at once. Try again.",
        retryable=True,
    ),
    TooManyStreams: Problem(
        "too-many-streams",
        "Too many streams",
        "As many jobs are being followed as may be at once. Ask now and then instead.",
        retryable=True,
    ),
    RenderingBusy: Problem(
        "rendering-busy",
        "Too many pictures",
        "As many pictures wait to be drawn as may. Try again.",
        retryable=True,
    ),
    TooManyUploads: Problem(
        "too-many-uploads",
        "Too many uploads",
        "As many photos are on their way as may be at once. Try again.",
        retryable=True,
    ),
}
INVALID = Problem("invalid-request", "Invalid request", "`errors` names each wrong value.")
NOT_FOUND = Problem("not-found", "Not found", "The path is not part of the API.")
WRONG_METHOD = Problem(
    "method-not-allowed", "Method not allowed", "`Allow` lists the methods of this path."
)
NO_SUCH_RANGE = Problem(
    "range-not-satisfiable",
    "Range not satisfiable",
    "The picture is shorter than that; `Content-Range` tells its length.",
)
BY_STATUS = {
    404: NOT_FOUND,
    405: WRONG_METHOD,
    416: NO_SUCH_RANGE,
    422: INVALID,
    500: INTERNAL,
}
"""Problem types of the statuses that the framework answers with by itself."""
STATUS = {
    "bad-request": 400,
    "wrong-key": 401,
    "wrong-origin": 403,
    "batch-not-found": 404,
    "job-not-found": 404,
    "no-graph": 404,
    "no-picture": 404,
    "not-found": 404,
    "method-not-allowed": 405,
    "too-slow": 408,
    "being-received": 409,
    "id-taken": 409,
    "job-not-ready": 409,
    "nothing-to-judge": 409,
    "batch-gone": 410,
    "job-gone": 410,
    "pictures-erased": 410,
    "batch-too-large": 413,
    "body-too-large": 413,
    "photo-too-large": 413,
    "too-many-pixels": 413,
    "target-too-long": 414,
    "unsupported-encoding": 415,
    "unsupported-format": 415,
    "range-not-satisfiable": 416,
    "wrong-host": 421,
    "bad-callback": 422,
    "invalid-request": 422,
    "key-reused": 422,
    "photo-too-complex": 422,
    "undecodable-photo": 422,
    "unknown-class": 422,
    "unknown-model": 422,
    "quota-used-up": 429,
    "rate-exceeded": 429,
    "headers-too-large": 431,
    "explain-failed": 500,
    "internal": 500,
    "worker-lost": 500,
    "not-replicated": 503,
    "queue-full": 503,
    "rendering-busy": 503,
    "storage-failed": 503,
    "store-down": 503,
    "store-full": 503,
    "too-many-connections": 503,
    "too-many-streams": 503,
    "too-many-uploads": 503,
}
"""HTTP status by slug."""


def http_problem_of(error: Exception) -> Problem:
    """The problem type of any error that a request may meet."""
    return find_problem(HTTP_PROBLEMS, error)


def status_of(problem: Problem) -> int:
    return STATUS[problem.slug]


def document(problem: Problem, detail: str) -> dict[str, Any]:
    """The members that an HTTP answer and a failed job's `error` share."""
    return with_status(problem.document(detail))


def with_status(error: dict[str, Any]) -> dict[str, Any]:
    """An `error` out of a record, with the HTTP status of its type; 500 for one that only a newer
    worker knows."""
    return error | {"status": STATUS.get(error["type"].removeprefix(PATH), 500)}


def translated_error(error: dict[str, Any], translated: Translator) -> dict[str, Any]:
    """An `error` with its title and its detail in another language."""
    title, detail = translated.text(error["title"]), translated.sentence(error["detail"])
    return error | {"title": title, "detail": detail}


def all_problems() -> list[Problem]:
    """Every problem type, for the docs."""
    http = (INVALID, NOT_FOUND, WRONG_METHOD, NO_SUCH_RANGE, INTERNAL)
    return [*HTTP_PROBLEMS.values(), *http]
