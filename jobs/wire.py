"""Names and forms of what is stored and sent: keys, fields, blobs, task and queue."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from jobs.job import Job, State, moment

PREFIX = "cropshield:1:"  # the 1 is the version of the record's form
LEASES, BELL, WORKERS = PREFIX + "leases", PREFIX + "bell", PREFIX + "workers"
INTERACTIVE, BULK, RETRY = (PREFIX + "queue:" + name for name in ("hi", "lo", "retry"))
QUEUES = (RETRY, INTERACTIVE, BULK)  # in the order in which they are served
EVENTS, PACE = PREFIX + "events", PREFIX + "pace"
JOB, GONE = PREFIX + "job:", PREFIX + "gone:"
KEY = PREFIX + "key:"  # an Idempotency-Key, hashed with its owner
BLOBS, BLOB_JOBS = PREFIX + "blobs:", PREFIX + "blob-jobs"
ENDED, ORPHANS = PREFIX + "ended", PREFIX + "orphans"
TASK, TICKETS = "cropshield.drain", "tickets"

ORIGINAL, PHOTO = "original", "photo.jpg"
LONG_SIDE = 1024  # pixels of an overlay as it is stored
SUFFIXES = {"jpeg": "jpg", "png": "png", "webp": "webp"}

_JSON = ("model", "options", "image", "timings_ms", "result", "error")
_TIMES = ("created_at", "started_at", "finished_at", "expires_at")


def queue_key(priority: str) -> str:
    return INTERACTIVE if priority == "interactive" else BULK


def accepted_fields(job: Job) -> dict[str, str]:
    """The fields that the client decides; the enqueue script adds state and times."""
    record = job.model_dump(mode="json", include={"model", "options", "image"})
    fields = {name: json.dumps(value) for name, value in record.items()}
    fields |= {"request_id": job.request_id} if job.request_id else {}
    return fields | ({"webhook": "1"} if job.options.callback_url else {})


def outcome_fields(
    result: dict[str, Any] | None,
    error: dict[str, Any] | None,
    timings_ms: dict[str, float] | None,
) -> dict[str, str]:
    """The fields that an end adds."""
    parts = {"result": result, "error": error, "timings_ms": timings_ms}
    return {name: json.dumps(part) for name, part in parts.items() if part is not None}


def flat(fields: Mapping[str, str]) -> list[str]:
    """Names and values in turn, as scripts take them."""
    return [part for pair in fields.items() for part in pair]


def paired(found: Sequence[str]) -> dict[str, str]:
    """A hash as scripts return it."""
    return dict(zip(found[::2], found[1::2], strict=True))


def fingerprint(job: Job) -> str:
    """Alike for jobs of one owner whose results would be the same: photo, model, options."""
    asked = {"method", "top_k", "class_index", "colormap", "alpha", "overlay_format"}
    parts = [job.owner, job.image.sha256, job.model.model_dump_json()]
    parts.append(job.options.model_dump_json(include=asked))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def digest(job: Job) -> str:
    """Alike for photos sent twice with the same options, however the defaults were spelled."""
    asked = job.options.model_dump_json(exclude_defaults=True)
    return hashlib.sha256(f"{job.image.sha256}\n{asked}".encode()).hexdigest()


def read_job(job_id: str, fields: Mapping[str, str]) -> Job:
    """The job out of its hash."""
    values: dict[str, Any] = {name: json.loads(fields[name]) for name in _JSON if name in fields}
    values |= {name: moment(float(fields[name])) for name in _TIMES if name in fields}
    values["timings_ms"] = values.get("timings_ms", {}) | _waits(fields)
    return Job(
        id=job_id,
        state=State(fields["state"]),
        attempts=int(fields["attempts"]),
        owner=fields["owner"],
        request_id=fields.get("request_id"),
        cached="cached" in fields,
        erased="erased" in fields,
        **values,
    )


def _waits(fields: Mapping[str, str]) -> dict[str, float]:
    """`queued`: from acceptance to the claim; `total`: to the end. All by the clock of Redis."""
    ends = {"queued": "started_at", "total": "finished_at"}
    created = float(fields["created_at"])
    return {name: float(fields[end]) - created for name, end in ends.items() if end in fields}


def result_blobs(job: Job) -> list[str]:
    """The blobs of a succeeded job."""
    kind, found = job.options.overlay_format, (job.result or {})["explanations"]
    overlays = [overlay_name(job.attempts, rank, kind) for rank in range(len(found))]
    return [PHOTO, maps_name(job.attempts), *overlays]


def maps_name(attempt: int) -> str:
    """The blob of an attempt's maps: float32 (explanations, h, w) in [0, 1], as .npy."""
    return f"maps-{attempt}.npy"


def overlay_name(attempt: int, rank: int, image_format: str) -> str:
    """The blob of an attempt's overlay of the explanation at `rank`, 0 the first."""
    return f"overlay-{attempt}-{rank}.{SUFFIXES[image_format]}"
