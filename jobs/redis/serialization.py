"""A job's record as a hash of strings, and back."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from jobs.errors import NewerRecord
from jobs.records.job import Job, ModelFacts, State, utc_from_ms

_JSON = ("model", "options", "image", "timings_ms", "result", "error", "trace")
_TIMES = ("created_at", "started_at", "finished_at", "expires_at")


def accepted_fields(job: Job) -> dict[str, str]:
    """The fields that are known at acceptance; the enqueue script adds state and times."""
    fields = {"options": job.options.model_dump_json(), "image": job.image.model_dump_json()}
    fields["model"] = model_text(job.model)
    fields |= {"request_id": job.request_id} if job.request_id else {}
    fields |= {"trace": json.dumps(job.trace)} if job.trace else {}
    return fields | ({"webhook": "1"} if job.options.callback_url else {})


def model_text(model: ModelFacts) -> str:
    """A model as its record keeps it; scripts compare it with the models that a worker serves."""
    return json.dumps(model.model_dump(mode="json"))


def outcome_fields(
    result: dict[str, Any] | None,
    error: dict[str, Any] | None,
    timings_ms: dict[str, float] | None,
) -> dict[str, str]:
    """The fields that an outcome adds."""
    parts = {"result": result, "error": error, "timings_ms": timings_ms}
    return {name: json.dumps(part) for name, part in parts.items() if part is not None}


def flat(fields: Mapping[str, str]) -> list[str]:
    """Names and values in turn, as scripts take them."""
    return [part for pair in fields.items() for part in pair]


def paired(found: Sequence[str]) -> dict[str, str]:
    """The hash that a script returned as a list."""
    return dict(zip(found[::2], found[1::2], strict=True))


def read_job(job_id: str, fields: Mapping[str, str]) -> Job:
    """The job out of its hash. Fields that are not known are passed over. Raises NewerRecord for an
    option, or a value, that is not: to leave it out would make it another job."""
    try:
        return _read_job(job_id, fields)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise NewerRecord(job_id, f"{place}: {first['msg']}") from error
    except ValueError as error:
        raise NewerRecord(job_id, error) from error


def _read_job(job_id: str, fields: Mapping[str, str]) -> Job:
    values: dict[str, Any] = {name: json.loads(fields[name]) for name in _JSON if name in fields}
    values |= {name: utc_from_ms(float(fields[name])) for name in _TIMES if name in fields}
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
    """The timings `queued`, from acceptance to the claim, and `total`, to the end, by the clock of
    Redis."""
    ends = {"queued": "started_at", "total": "finished_at"}
    created = float(fields["created_at"])
    return {name: float(fields[end]) - created for name, end in ends.items() if end in fields}
