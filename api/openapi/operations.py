"""What the code does not say about each operation: tags, problems, headers."""

from typing import Any

from api.problems import errors as api_errors
from api.problems.http_problems import (
    BAD_REQUEST,
    HTTP_PROBLEMS,
    INVALID,
    NO_SUCH_RANGE,
    NOT_FOUND,
)
from jobs import errors
from jobs.problems import INTERNAL, Problem
from languages.offered import OFFERED
from models.catalog import UnknownModel
from pictures import errors as photo

TAGS = [
    {
        "name": "jobs",
        "description": "Send a photo, get a job; ask for the job until it has ended. "
        "Every answer that has not ended says in `Retry-After` when to ask again.",
    },
    {
        "name": "batches",
        "description": "Many photos in one request. Each becomes a job of its own.",
    },
    {
        "name": "pictures",
        "description": "What a job that has succeeded shows: the overlay, the raw map, the photo "
        "that the model saw.",
    },
    {
        "name": "feedback",
        "description": "Say what was right and what was not; take it all out for retraining.",
    },
    {
        "name": "catalog",
        "description": "What can be asked for: models, their classes and colour tables.",
    },
    {"name": "health", "description": "For load balancers; they need no key."},
]

Kind = type[Exception] | Problem
_STORE: tuple[Kind, ...] = (errors.StoreDown,)
_KEPT: tuple[Kind, ...] = (*_STORE, errors.NotReplicated)  # of what promises to keep something
_HTTP: tuple[Kind, ...] = (  # of every request
    INTERNAL,
    BAD_REQUEST,
    api_errors.TargetTooLong,
    api_errors.HeadersTooLarge,
    api_errors.TooManyConnections,
)
_GUARDED: tuple[Kind, ...] = (  # all under /v1
    api_errors.WrongHost,
    api_errors.WrongKey,
    errors.RateExceeded,
    INVALID,  # `lang`, at least
    *_STORE,
)
_BODY: tuple[Kind, ...] = (
    api_errors.TooSlow,
    api_errors.TooManyUploads,
    api_errors.UnsupportedEncoding,
    INVALID,
)
_JOB: tuple[Kind, ...] = (errors.JobNotFound, errors.JobGone, INVALID, *_STORE)
_PICTURE: tuple[Kind, ...] = (
    *_JOB,
    errors.PicturesErased,
    errors.JobNotReady,
    errors.NoPicture,
    errors.BlobsFailed,
    api_errors.RenderingBusy,
    NO_SUCH_RANGE,
)
_UPLOAD: tuple[Kind, ...] = (
    photo.PhotoTooLarge,
    photo.TooManyPixels,
    photo.TooComplex,
    photo.UnsupportedFormat,
    photo.UndecodablePhoto,
    UnknownModel,
    errors.UnknownClass,
    errors.BadCallback,
    api_errors.WrongOrigin,
    *_BODY,
    errors.BeingReceived,
    errors.KeyReused,
    errors.QuotaUsedUp,
    errors.QueueFull,
    errors.StoreFull,
    errors.BlobsFailed,
    *_KEPT,
)
_BATCH: tuple[Kind, ...] = (errors.BatchNotFound, errors.BatchGone, INVALID)
_PROBLEMS: dict[str, tuple[Kind, ...]] = {
    "submit_job": _UPLOAD,
    "get_job": _JOB,
    "delete_job": (*_JOB, *_KEPT, api_errors.WrongOrigin, errors.BlobsFailed),
    "list_deliveries": _JOB,
    "list_jobs": (INVALID,),
    "put_job": (*_UPLOAD, errors.IdTaken, errors.JobGone),
    "follow_job": (*_JOB, api_errors.TooManyStreams),
    "get_comparison": _PICTURE,
    "get_overlay": _PICTURE,
    "get_heatmap": _PICTURE,
    "get_photo": _PICTURE,
    "give_feedback": (
        *_JOB,
        *_KEPT,
        *_BODY,
        api_errors.BodyTooLarge,
        api_errors.WrongOrigin,
        errors.JobNotReady,
        errors.NothingToJudge,
        errors.UnknownClass,
    ),
    "export_feedback": (),
    "submit_batch": (*_UPLOAD, errors.BatchTooLarge),
    "get_batch": _BATCH,
    "get_grid": (
        *_BATCH,
        errors.JobNotReady,
        errors.BlobsFailed,
        api_errors.RenderingBusy,
        NO_SUCH_RANGE,
    ),
    "list_models": (),
    "get_model": (NOT_FOUND, INVALID),
    "get_graph": (NOT_FOUND, api_errors.NoGraph, NO_SUCH_RANGE, INVALID),
    "get_prototypes": (NOT_FOUND, NO_SUCH_RANGE, INVALID),
    "list_classes": (UnknownModel, INVALID),
    "get_class": (NOT_FOUND, UnknownModel, INVALID),
    "list_colormaps": (),
    "is_alive": (),
    "is_ready": (errors.StoreDown, errors.BlobsFailed),
}

HEADERS: dict[str, dict[str, Any]] = {
    "X-Request-ID": {
        "description": "Of the request, as sent or made; in every log line of it.",
        "schema": {"type": "string", "maxLength": 128},
    },
    "Retry-After": {
        "description": "Seconds until it is worth asking again; absent when there is no need.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "RateLimit": {
        "description": "What is left of this key's requests and jobs; for keys with a limit.",
        "schema": {"type": "string", "examples": ['"requests";r=58;t=2']},
    },
    "RateLimit-Policy": {
        "description": "The limits of this key, as in draft-ietf-httpapi-ratelimit-headers.",
        "schema": {"type": "string", "examples": ['"requests";q=60;w=60']},
    },
    "ETag": {
        "description": "Of this very file or state; for `If-None-Match` and `If-Range`.",
        "schema": {"type": "string"},
    },
    "Cache-Control": {
        "description": "How long the file may be kept: that of a job until it expires.",
        "schema": {"type": "string"},
    },
    "Accept-Ranges": {
        "description": "`bytes`: a part of the file can be asked for.",
        "schema": {"type": "string"},
    },
    "Content-Range": {
        "description": "Which part of the file this is.",
        "schema": {"type": "string", "examples": ["bytes 0-99/31415"]},
    },
    "Location": {
        "description": "Path of the job.",
        "schema": {"type": "string", "format": "uri-reference"},
    },
    "Content-Language": {
        "description": "The language of what people read in the answer, as `lang` or "
        "`Accept-Language` asked for it.",
        "schema": {"type": "string", "enum": [*OFFERED]},
    },
    "Preference-Applied": {
        "description": "The `wait` that was granted, in seconds.",
        "schema": {"type": "string", "examples": ["wait=25"]},
    },
}


_IN_WORDS = {  # their successes have a language, as problems do
    *("submit_job", "put_job", "get_job", "list_jobs", "delete_job", "follow_job"),
    *("submit_batch", "get_batch", "get_grid", "get_comparison", "list_classes", "get_class"),
    *("list_models", "get_model"),
}
_FILES = {name for name, kinds in _PROBLEMS.items() if NO_SUCH_RANGE in kinds}


def problems_of(operation_id: str, *, guarded: bool) -> list[Problem]:
    """Every problem that the operation may respond with."""
    found = [*_HTTP, *(_GUARDED if guarded else ()), *_PROBLEMS.get(operation_id, ())]
    return [it if isinstance(it, Problem) else HTTP_PROBLEMS[it] for it in found]


def described_operations() -> set[str]:
    """The operations that have an entry here."""
    return set(_PROBLEMS)


def headers_of(operation_id: str, status: str, *, guarded: bool) -> list[str]:
    """Names out of `HEADERS`."""
    names = ["X-Request-ID"]
    if guarded:
        names += ["RateLimit", "RateLimit-Policy"]
    if status in {"202", "409", "429", "503"} or operation_id in {"get_job", "get_batch"}:
        names.append("Retry-After")
    if operation_id in _FILES and status in {"200", "206", "304"}:
        names += ["ETag", "Cache-Control", "Accept-Ranges"]
    if operation_id in _IN_WORDS or status[0] in "45":
        names.append("Content-Language")
    if status in {"206", "416"}:
        names.append("Content-Range")
    if operation_id in {"submit_job", "put_job", "submit_batch"} and status in {"200", "202"}:
        names += ["Location", "Preference-Applied"]
    return names
