"""Submit a photo; see what became of it."""

from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from api.dependencies import Injected, PreferredWait
from api.problems import invalid
from api.schemas import JobView, job_view
from api.uploads import FIELD, RAW_TYPES, read_upload
from jobs.job import Job, State
from jobs.options import Options

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])
_BINARY = {"type": "string", "format": "binary"}
_OPTIONS = Options.model_json_schema()["properties"]
_FORM = {"type": "object", "required": [FIELD], "properties": {FIELD: _BINARY, **_OPTIONS}}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"multipart/form-data": {"schema": _FORM}}
        | {kind: {"schema": _BINARY} for kind in RAW_TYPES},
    },
    "parameters": [
        {"name": name, "in": "query", "required": False, "schema": schema}
        for name, schema in _OPTIONS.items()
    ],
}


@router.post(
    "",
    status_code=202,
    operation_id="submitJob",
    summary="Submit a photo",
    response_model=JobView,
    openapi_extra=_BODY,
    responses={200: {"model": JobView, "description": "The job has already ended."}},
)
async def submit_job(
    request: Request, response: Response, parts: Injected, wait: PreferredWait
) -> JobView:
    """Send the photo as the raw body or as the form field `image`; the answer is a job."""
    await parts.jobs.store.check_room()
    upload = await read_upload(request, parts.settings.max_bytes)
    reuse = "no-cache" not in request.headers.get("cache-control", "")
    job = await parts.jobs.submit(upload.data, _options(upload.options), reuse=reuse)
    if wait is not None:
        job = await parts.watch.wait(job.id, wait)
    response.status_code = 200 if job.state.is_terminal else 202
    response.headers["Location"] = f"/v1/jobs/{job.id}"
    return _announce(job, response, wait)


@router.get("/{job_id}", operation_id="getJob", summary="A job as it is now")
async def get_job(job_id: str, response: Response, parts: Injected, wait: PreferredWait) -> JobView:
    """With `Prefer: wait=N` the answer comes as soon as the job has ended, or after N seconds."""
    job = await parts.watch.wait(job_id, wait or 0)
    return _announce(job, response, wait)


@router.delete("/{job_id}", operation_id="cancelJob", summary="Cancel a job")
async def cancel_job(job_id: str, response: Response, parts: Injected) -> JobView:
    """A queued job is canceled at once; a running one (202) when its worker next looks.

    A job that has ended stays as it is.
    """
    job = await parts.jobs.store.cancel(job_id)
    response.status_code = 202 if job.state is State.RUNNING else 200
    return _announce(job, response, None)


def _announce(job: Job, response: Response, wait: float | None) -> JobView:
    if not job.state.is_terminal:
        response.headers["Retry-After"] = "1"
    if wait is not None:
        response.headers["Preference-Applied"] = f"wait={wait:g}"
    response.headers["Cache-Control"] = "no-store"
    return job_view(job)


def _options(given: dict[str, Any]) -> Options:
    """Raises InvalidRequest."""
    try:
        return Options.model_validate({name: value for name, value in given.items() if value != ""})
    except ValidationError as error:
        raise invalid(error) from error
